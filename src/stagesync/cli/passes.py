"""The commands that pull and write: `sync`, `run`."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stagesync.cli.group import named, shared_options
from stagesync.cli.offline import print_json, print_rows
from stagesync.cli.online import ProgressBars, listening, opened, speech
from stagesync.errors import ArgumentError, HeldError

if TYPE_CHECKING:
    from stagesync.engine.deployment import Deployment
    from stagesync.engine.outcome import Outcome

REFUSED_HINT = (
    "stagesync status counts why, stagesync explain has the CRM's words; the next run sends what was"
    " locked again, stagesync retry the rest"
)


@click.command(short_help="One run: pull, evaluate, plan, write back.")
@click.option("--approve", "approve_plan", metavar="PLAN", help="Approve this held plan first.")
@shared_options(json="One JSON document.")
def sync(*, approve_plan: str | None, config: Path | None, as_json: bool) -> None:
    """Runs once and ends.

    \b
    Example:
      stagesync sync --approve pl_7f3a19c2

    Exit codes: 3 when entries are held, 4 when a connection failed or is not read to its end
    yet, 6 when a CRM refused records.
    """
    from stagesync.engine.run import run_once
    from stagesync.engine.telling import telling

    with opened(config) as found, telling(found.deployment, speech(found)) as tell:
        with ProgressBars() as progress:
            if approve_plan:
                decide_plan(found.deployment, approve_plan, approve=True)
            outcome = run_once(found.deployment, progress=progress)
        tell()
    if as_json:
        print_json(outcome.summary())
    else:
        show_outcome(outcome)
    end_as(outcome)


@click.command(short_help="The daemon.")
@shared_options()
def run(*, config: Path | None) -> None:
    """Runs until SIGTERM or Ctrl-C, then ends after the batch in hand.

    \b
    Example:
      stagesync run --config /etc/stagesync/stagesync.yaml
    """
    from stagesync.engine.daemon import run_daemon
    from stagesync.engine.telling import telling

    with (
        opened(config, logs=True) as found,
        listening(found) as web,
        telling(found.deployment, speech(found)) as tell,
    ):
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: found.clock.stop.set())
        called = web.called if web else None
        run_daemon(
            found.live, stop=found.clock.stop, called=called, after_run=lambda _outcome: tell()
        )


def decide_plan(deployment: Deployment, plan_id: str, *, approve: bool) -> int:
    """Approve or drop, in the name of whoever sits at this terminal; how many values it decided."""
    from stagesync.app import actor
    from stagesync.engine.decide import decide

    try:
        return decide(
            deployment, plan_id, approve=approve, by=actor(), now_s=deployment.clock.now_s()
        )
    except KeyError:
        raise ArgumentError(
            f"no held plan `{plan_id}`", hint="stagesync status lists held plans"
        ) from None


def show_outcome(outcome: Outcome) -> None:
    """What a run did, for people."""
    summary = outcome.summary()
    rows = [
        (
            name,
            str(summary["pulled"][name]),
            str(summary["changed"][name]),
            str(summary["written"][name]),
            str(summary["refused"][name]),
            str(summary["calls"][name]),
        )
        for name in summary["pulled"]
    ]
    columns = ("connection", "pulled", "changed", "written", "refused", "calls")
    print_rows(f"run {summary['run']}", columns, rows)
    click.echo(
        f"{summary['people']} people, {summary['evaluated']} evaluated,"
        f" {summary['transitions']} transitions, {summary['held']} values held,"
        f" {summary['skipped']} left as they are, {summary['seconds']:.1f} s"
    )


def end_as(outcome: Outcome) -> None:
    """End the command as the run ended: what failed, was refused or is held on stderr, and its exit code."""
    warn_of_troubles(outcome)
    warn_of_unread(outcome)
    warn_of_overwritten(outcome)
    warn_of_refusals(outcome)
    if outcome.exit_code == HeldError.exit_code:
        click.echo(held_message(outcome), err=True)
    click.get_current_context().exit(outcome.exit_code)


def warn_of_troubles(outcome: Outcome) -> None:
    """Each failed connection on stderr, with what to do."""
    for name, error in outcome.troubles.items():
        click.echo(named(name, error), err=True)
        if error.hint:
            click.echo(f"hint: {error.hint}", err=True)


def warn_of_unread(outcome: Outcome) -> None:
    """Each connection whose first load is not complete on stderr: how far it is, and what to do."""
    for each in outcome.unread:
        click.echo(f"{each.connection}: {each.what}", err=True)
        click.echo(f"hint: {each.fix}", err=True)


def warn_of_overwritten(outcome: Outcome) -> None:
    """Each connection on stderr where edits were found that earlier writes had replaced."""
    for name, count in outcome.overwritten.items():
        if count:
            click.echo(f"{name}: {count} edits had been replaced by writes under way", err=True)
            click.echo("hint: stagesync audit tells whose, and what was done", err=True)


def warn_of_refusals(outcome: Outcome) -> None:
    """Each connection that refused values on stderr, with what to do."""
    for name, each in outcome.written.items():
        if each.refused:
            click.echo(f"{name}: {each.refused} values were refused", err=True)
            click.echo(f"hint: {REFUSED_HINT}", err=True)


def held_message(outcome: Outcome) -> str:
    """Why what was held was not written, and the command that approves."""
    from stagesync.engine.guard import why

    reasons = "; ".join(sorted({why(trip) for trip in outcome.plan.trips}))
    return (
        f"plan {outcome.plan.id} held: {outcome.plan.held} values wait and were not written: {reasons}\n"
        f"hint: stagesync plan shows them, stagesync approve {outcome.plan.id} lets them through"
    )
