"""`stagesync demo`: the whole job on simulated CRMs, from nothing."""

from __future__ import annotations

import os
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import print_json, print_rows
from stagesync.cli.online import ProgressBars, opened
from stagesync.cli.passes import warn_of_troubles

if TYPE_CHECKING:
    from stagesync.app import Opened
    from stagesync.engine.agreement import Agreement
    from stagesync.engine.run import Outcome
    from stagesync.sandbox import Sandbox

SETTINGS = """\
# Made by stagesync demo: two simulated CRMs on this machine.
store: {{url: sqlite:///stagesync.db}}
clock: sandbox
connections:
  hubspot:
    connector: hubspot
    url: {hubspot[url]}
    token: {{file: {folder}/hubspot.token}}
    vendor_stage: forward
    poll: 2s
  salesforce:
    connector: salesforce
    url: {salesforce[url]}
    auth:
      client_credentials:
        id: {salesforce[client_id]}
        secret: {{file: {folder}/salesforce.secret}}
    vendor_stage: forward
    poll: 2s
prefer: [salesforce, hubspot]
log: {{level: warning}}
"""


@dataclass(frozen=True, slots=True)
class FirstPass:
    """What the demo's first pass did.

    Attributes:
        looked: the pass that pulled and planned.
        wrote: the pass after the approval.
        person: id of somebody whose explanation is worth reading; empty when there is none.
        differences: connection -> why vendor fields were left -> how many.
    """

    looked: Outcome
    wrote: Outcome
    before: Agreement
    after: Agreement
    stages: dict[str, dict[str, int]]
    differences: dict[str, dict[str, int]]
    person: str

    def summary(self) -> dict[str, Any]:
        """The keys of `sync`, over both passes, and the agreement of the CRMs."""
        looked, wrote = self.looked.summary(), self.wrote.summary()
        return {
            **wrote,
            "pulled": looked["pulled"],
            "changed": looked["changed"],
            "evaluated": looked["evaluated"],
            "transitions": looked["transitions"],
            "calls": {
                name: looked["calls"][name] + wrote["calls"][name] for name in wrote["calls"]
            },
            "seconds": looked["seconds"] + wrote["seconds"],
            "agreement": {"before": self.before.vendor, "after": self.after.own},
            "people_in_both": self.after.people,
            "differences": self.differences,
            "stages": self.stages,
        }


@click.command(short_help="The whole job on two simulated CRMs, from nothing.")
@click.option("--contacts", type=click.IntRange(1, 200_000), default=500, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same world.")
@click.option("--once", is_flag=True, help="One pass, a summary, and end.")
@shared_options(json="One JSON document instead of the summary.")
def demo(
    *,
    contacts: int,
    seed: int,
    once: bool,
    config: Path | None,  # noqa: ARG001  every command takes --config
    as_json: bool,
) -> None:
    """Starts two simulated CRMs whose stages disagree, and brings them to one vocabulary.

    \b
    Example:
      stagesync demo --once

    It works in a scratch folder, makes its own fields, plans, approves its own plan, writes, and then
    goes on as the daemon until Ctrl-C. Nothing leaves this machine.
    """
    from stagesync.sandbox import start

    folder = Path(tempfile.mkdtemp(prefix="stagesync-demo-"))
    click.echo(f"making a world of {contacts} people (seed {seed}) in {folder}", err=True)
    with start(contacts=contacts, seed=seed) as running:
        file = _write_deployment(folder, running)
        with opened(file) as found:
            first = _first_pass(found)
            if as_json:
                print_json(first.summary())
            else:
                _show(first, running, file, once=once)
            warn_of_troubles(first.wrote)
            if not once:
                _go_on(found)
    exit_code = first.wrote.exit_code
    # Refusals are part of the world that the demo shows, not a failure of the demo.
    click.get_current_context().exit(0 if exit_code == 6 else exit_code)


def _write_deployment(folder: Path, running: Sandbox) -> Path:
    told = running.credentials()
    for name, text in (
        ("hubspot.token", told["hubspot"]["token"]),
        ("salesforce.secret", told["salesforce"]["client_secret"]),
    ):
        with os.fdopen(os.open(folder / name, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(text)
    settings = folder / "stagesync.yaml"
    settings.write_text(SETTINGS.format(folder=folder, **told), encoding="utf-8")
    return settings


def _first_pass(found: Opened) -> FirstPass:
    from stagesync.engine.agreement import agreement
    from stagesync.engine.run import decide, run_once
    from stagesync.engine.setup import own_fields
    from stagesync.store import people, plans

    deployment = found.deployment
    for connected in deployment.connections.values():
        for step in connected.connector.setup(own_fields(deployment, connected)):
            click.echo(f"{connected.name}: making {step.what}", err=True)
            connected.connector.make(step)
    with ProgressBars() as progress:
        looked = run_once(deployment, write=False, progress=progress)
        before = agreement(deployment)
        if looked.plan.held:
            now_s = deployment.clock.now_s()
            decide(deployment, looked.plan.id, approve=True, by="demo", now_s=now_s)
        wrote = run_once(deployment, progress=progress)
    with deployment.store.begin() as tx:
        stages = people.count_stages(tx)
        differences = plans.count_differences(tx)
        person = people.interesting(tx)
    after = agreement(deployment)
    return FirstPass(looked, wrote, before, after, stages, differences, person)


def _show(first: FirstPass, running: Sandbox, file: Path, *, once: bool) -> None:
    summary = first.summary()
    click.echo()
    rows = [
        (vocabulary, ", ".join(f"{stage} {count}" for stage, count in _by_count(counts)))
        for vocabulary, counts in first.stages.items()
    ]
    print_rows(f"{summary['people']} people, by vocabulary", ("vocabulary", "people"), rows)
    costs = [
        (
            name,
            running.urls[name],
            str(summary["pulled"][name]),
            str(summary["written"][name]),
            str(summary["refused"][name]),
            str(summary["calls"][name]),
        )
        for name in summary["pulled"]
    ]
    columns = ("CRM", "address", "records pulled", "values written", "refused", "calls")
    print_rows("what it took", columns, costs)
    left = [
        (name, reason, str(count))
        for name, reasons in first.differences.items()
        for reason, count in reasons.items()
    ]
    print_rows("vendor fields left as they are", ("CRM", "why", "fields"), left)
    click.echo(f"{first.after.people} people are in both CRMs.")
    click.echo(
        f"  before: for {_percent(first.before.vendor)} the CRMs' own words could both be true"
    )
    click.echo(f"  after:  for {_percent(first.after.own)} both CRMs hold the same stage")
    click.echo("\nTry next" + ("" if once else ", in another terminal") + ":")
    for line in _commands(first, running, file, once=once):
        click.echo(f"  {line}")
    if not once:
        click.echo("\nThe daemon is running; Ctrl-C ends it.")


def _by_count(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: -each[1])


def _percent(share: float | None) -> str:
    return "nobody" if share is None else f"{share:.0%}"


def _commands(first: FirstPass, running: Sandbox, file: Path, *, once: bool) -> list[str]:
    program = os.environ.get("STAGESYNC_PROGRAM", "stagesync")
    commands = [
        f"{program} explain {first.person} --config {file}",
        f"{program} audit verify --config {file}",
    ]
    if once:
        return [*commands, f"{program} status --config {file}"]
    contact = next(iter(running.world.hubspot.objects["contacts"])).id
    edit = (
        f'{{"object": "contacts", "id": "{contact}", "actor": "human",'
        ' "properties": {"stagesync_stage": "client"}}'
    )
    return [*commands, f"curl -d '{edit}' {running.urls['hubspot']}/_sandbox/edit"]


def _go_on(found: Opened) -> None:
    from stagesync.engine.daemon import run_daemon

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: found.clock.stop.set())
    run_daemon(found.deployment, stop=found.clock.stop)
