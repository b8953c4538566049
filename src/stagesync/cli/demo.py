"""`stagesync demo`: the whole job on simulated CRMs, from nothing."""

from __future__ import annotations

import os
import signal
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import print_json
from stagesync.cli.online import ProgressBars, listening, opened
from stagesync.cli.passes import warn_of_troubles, warn_of_unread
from stagesync.cli.summary import FirstPass, find_movable, show, show_commands, show_moves

if TYPE_CHECKING:
    from stagesync.app import Opened
    from stagesync.engine.deployment import Deployment
    from stagesync.engine.outcome import Outcome
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
    app_secret: {{file: {folder}/hubspot.secret}}
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
web: {{listen: 127.0.0.1:0}}
log: {{level: error}}
"""


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
                show(first, found.deployment, urls=running.urls)
                show_commands(first, file, urls=running.urls, once=once)
            warn_of_troubles(first.wrote)
            warn_of_unread(first.wrote)
            if not once:
                _go_on(found, running, tell=not as_json)
    exit_code = first.wrote.exit_code
    # Refusals are part of the world that the demo shows, not a failure of the demo.
    click.get_current_context().exit(0 if exit_code == 6 else exit_code)


def _write_deployment(folder: Path, running: Sandbox) -> Path:
    told = running.credentials()
    for name, text in (
        ("hubspot.token", told["hubspot"]["token"]),
        ("hubspot.secret", told["hubspot"]["client_secret"]),
        ("salesforce.secret", told["salesforce"]["client_secret"]),
    ):
        with os.fdopen(os.open(folder / name, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(text)
    settings = folder / "stagesync.yaml"
    settings.write_text(SETTINGS.format(folder=folder, **told), encoding="utf-8")
    return settings


def _first_pass(found: Opened) -> FirstPass:
    from stagesync.engine.agreement import agreement
    from stagesync.engine.decide import decide
    from stagesync.engine.places import count_stages
    from stagesync.engine.run import run_once
    from stagesync.store import people
    from stagesync.store.differences import count_differences

    deployment = found.deployment
    with ProgressBars() as progress:
        _make_fields(deployment, progress)
        looked = run_once(deployment, write=False, progress=progress)
        with deployment.store.read() as tx:
            before = agreement(tx, deployment)
        if looked.plan.held:
            now_s = deployment.clock.now_s()
            decide(deployment, looked.plan.id, approve=True, by="demo", now_s=now_s)
        wrote = run_once(deployment, progress=progress)
    with deployment.store.begin() as tx:
        stages = count_stages(tx, deployment)
        differences = count_differences(tx)
        person = people.interesting(tx)
    with deployment.store.read() as tx:
        after = agreement(tx, deployment)
    movable = find_movable(deployment)
    return FirstPass(looked, wrote, before, after, stages, differences, person, movable)


def _make_fields(deployment: Deployment, progress: ProgressBars) -> None:
    from stagesync.engine.setup import own_fields

    for connected in deployment.connections.values():
        steps = connected.connector.setup(own_fields(deployment, connected))
        progress.phase(f"fields in {connected.name}", len(steps))
        for step in steps:
            connected.connector.make(step)
            progress.advance(1)


def _go_on(found: Opened, running: Sandbox, *, tell: bool) -> None:
    from stagesync.engine.daemon import run_daemon
    from stagesync.store import log

    def tell_moves(outcome: Outcome) -> None:
        if not tell:
            return
        with found.deployment.store.begin() as tx:
            entries = list(log.read(tx, run=outcome.run))
        show_moves(entries, at=datetime.now(UTC).astimezone().strftime("%H:%M:%S"))

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: found.clock.stop.set())
    with listening(found) as web:
        if web is not None:
            _have_hubspot_call(web.url, found, running)
            _let_in(found, web.url)
        called = web.called if web else None
        run_daemon(found.live, stop=found.clock.stop, called=called, after_run=tell_moves)


def _let_in(found: Opened, url: str) -> None:
    """Tell the address of the console, with a link that signs in once."""
    from stagesync.engine import logins

    now_s = found.clock.now_s()
    with found.deployment.store.begin(fenced=False) as tx:
        logins.add(tx, "demo", logins.Role.ADMIN, by="demo", now_s=now_s)
        secret = logins.make_link(tx, "demo", by="demo", now_s=now_s)
    click.echo(
        f"The console, by a link that signs in once:\n  {url}/enter?link={secret}\n", err=True
    )


def _have_hubspot_call(url: str, found: Opened, running: Sandbox) -> None:
    """Subscribe to whatever people may do to the contacts of the simulated HubSpot."""
    import requests

    mapped = found.deployment.connections["hubspot"].object_mapping("contact").fields
    subscriptions = [
        *(f"contact.{what}" for what in ("creation", "deletion", "merge", "privacyDeletion")),
        *(
            {"eventType": "contact.propertyChange", "propertyName": name}
            for name in mapped
            if not name.startswith("stagesync_")
        ),
    ]
    told = running.credentials()["hubspot"]
    body = {
        "url": f"{url}/webhooks/hubspot",
        "secret": told["client_secret"],
        "subscriptions": subscriptions,
    }
    requests.post(f"{told['url']}/_sandbox/webhooks", json=body, timeout=10).raise_for_status()
