"""The commands that pull and write: `plan`, `sync`, `approve`, `drop`, `run`."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stagesync.cli.group import named, shared_options
from stagesync.cli.offline import print_json, print_rows
from stagesync.cli.online import ProgressBars, listening, opened
from stagesync.errors import ArgumentError, HeldError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stagesync.engine.deployment import Deployment
    from stagesync.engine.run import Outcome
    from stagesync.store.plans import StoredEntry

SHOWN = 20
"""Entries that people see of a long plan; `--json` has them all."""

REFUSED_HINT = (
    "stagesync status counts why, stagesync explain has the CRM's words; the next run sends what was"
    " locked again, stagesync retry the rest"
)


@click.command(short_help="Show what the next run would write.")
@click.option("--person", metavar="WHO", help="Only this person: e-mail, record id or person id.")
@shared_options(json="One JSON document.")
def plan(*, person: str | None, config: Path | None, as_json: bool) -> None:
    """Pulls, evaluates, and shows what would be written. Writes nothing to any CRM.

    \b
    Example:
      stagesync plan --person p_1f2e3d4c5b6a
    """
    from stagesync.engine.run import run_once

    with opened(config) as found, ProgressBars() as progress:
        outcome = run_once(found.deployment, write=False, progress=progress)
        document = plan_document(found.deployment, outcome.plan.id, person=person)
        warn_of_troubles(outcome)
    show_plan(document, as_json=as_json)
    warn_of_unread(outcome)
    if outcome.is_incomplete:
        click.get_current_context().exit(outcome.exit_code)


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

    with opened(config) as found, ProgressBars() as progress:
        if approve_plan:
            decide_plan(found.deployment, approve_plan, approve=True)
        outcome = run_once(found.deployment, progress=progress)
    if as_json:
        print_json(outcome.summary())
    else:
        show_outcome(outcome)
    warn_of_troubles(outcome)
    warn_of_unread(outcome)
    warn_of_refusals(outcome)
    if outcome.exit_code == HeldError.exit_code:
        click.echo(held_message(outcome), err=True)
    click.get_current_context().exit(outcome.exit_code)


@click.command(short_help="Let a held plan be written.")
@click.argument("plan_id", metavar="PLAN")
@shared_options(json="One JSON document.")
def approve(*, plan_id: str, config: Path | None, as_json: bool) -> None:
    """Approves a held plan; the next run writes what is still true of it.

    \b
    Example:
      stagesync approve pl_7f3a19c2
    """
    _decide_and_show(plan_id, config, as_json=as_json, approve=True)


@click.command(short_help="Give a held plan up.")
@click.argument("plan_id", metavar="PLAN")
@shared_options(json="One JSON document.")
def drop(*, plan_id: str, config: Path | None, as_json: bool) -> None:
    """Drops a held plan; its entries are planned anew only when facts change.

    \b
    Example:
      stagesync drop pl_7f3a19c2
    """
    _decide_and_show(plan_id, config, as_json=as_json, approve=False)


@click.command(short_help="The daemon.")
@shared_options()
def run(*, config: Path | None) -> None:
    """Runs until SIGTERM or Ctrl-C, then ends after the batch in hand.

    \b
    Example:
      stagesync run --config /etc/stagesync/stagesync.yaml
    """
    from stagesync.engine.daemon import run_daemon

    with opened(config, logs=True) as found, listening(found) as web:
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: found.clock.stop.set())
        called = web.called if web else None
        run_daemon(found.deployment, stop=found.clock.stop, called=called)


def _decide_and_show(plan_id: str, config: Path | None, *, as_json: bool, approve: bool) -> None:
    with opened(config) as found:
        if plan_id.startswith("j_"):
            _decide_join(found.deployment, plan_id, as_json=as_json, approve=approve)
            return
        document = plan_document(found.deployment, plan_id)
        entries = decide_plan(found.deployment, plan_id, approve=approve)
    if as_json:
        print_json(document)
    else:
        verb = "approved; the next run writes" if approve else "dropped:"
        click.echo(f"{plan_id} {verb} {entries} values")


def _decide_join(deployment: Deployment, join_id: str, *, as_json: bool, approve: bool) -> None:
    from stagesync.app import actor
    from stagesync.engine.joins import decide_join

    try:
        decide_join(
            deployment, join_id, approve=approve, by=actor(), now_s=deployment.clock.now_s()
        )
    except KeyError:
        raise ArgumentError(
            f"no held join `{join_id}`", hint="stagesync status lists held joins"
        ) from None
    word = "approved" if approve else "dropped"
    if as_json:
        print_json({"join": join_id, "state": word})
    else:
        end = "the next run makes them one" if approve else "they stay two people"
        click.echo(f"{join_id} {word}; {end}")


def decide_plan(deployment: Deployment, plan_id: str, *, approve: bool) -> int:
    """Approve or drop, in the name of whoever sits at this terminal; how many values it decided."""
    from stagesync.app import actor
    from stagesync.engine.run import decide

    try:
        return decide(
            deployment, plan_id, approve=approve, by=actor(), now_s=deployment.clock.now_s()
        )
    except KeyError:
        raise ArgumentError(
            f"no held plan `{plan_id}`", hint="stagesync status lists held plans"
        ) from None


def plan_document(
    deployment: Deployment, plan_id: str, *, person: str | None = None
) -> dict[str, Any]:
    """A plan as `stagesync plan --json` prints it."""
    from stagesync.domain.life import WAITING
    from stagesync.domain.plan import GOES_BACK
    from stagesync.engine.find import find
    from stagesync.engine.guard import groups_document
    from stagesync.engine.scope import count_out_of_scope
    from stagesync.store import guards, plans

    with deployment.store.begin() as tx:
        out_of_scope = count_out_of_scope(tx, deployment)
        entries: Sequence[StoredEntry] = plans.entries_of(tx, plan_id, *WAITING)
        groups = guards.held_groups(tx, plan_id)
        if person:
            _, subject = find(tx, person)
            entries = [each for each in entries if each.subject == subject]
    return {
        "plan": plan_id,
        "counts": _counts(entries),
        "back": sum(each.way in GOES_BACK for each in entries),
        "held": sum(each.state == "held" for each in entries),
        "groups": groups_document(groups),
        "out_of_scope": out_of_scope,
        "writes": [
            {
                "connection": each.connection,
                "object": each.object,
                "id": each.id,
                "person": each.subject,
                "field": each.field,
                "before": each.before,
                "after": each.after,
                "stage_from": each.stage_from or None,
                "stage_to": each.stage_to,
                "cause": each.cause,
                "held": each.state == "held",
                "back": each.way in GOES_BACK,
                "because": list(each.because),
            }
            for each in entries
        ],
    }


def _counts(entries: Sequence[StoredEntry]) -> dict[str, Any]:
    """How many people and accounts move from which stage to which, and how many values per field."""
    moves: dict[str, dict[str, Counter[str]]] = {"stages": {}, "accounts": {}}
    fields: dict[str, Counter[str]] = {}
    subjects = {each.subject: (each.stage_from or "(new)", each.stage_to) for each in entries}
    for subject, (stage_from, stage_to) in subjects.items():
        kind = moves["accounts" if subject.startswith("a_") else "stages"]
        kind.setdefault(stage_from, Counter())[stage_to] += 1
    for each in entries:
        fields.setdefault(each.connection, Counter())[f"{each.object}.{each.field}"] += 1
    return {**moves, "fields": fields}


def show_plan(document: dict[str, Any], *, as_json: bool) -> None:
    """A plan for people, or whole as JSON."""
    if as_json:
        print_json(document)
        return
    writes = sorted(document["writes"], key=_weight)
    rows = [
        (
            each["connection"],
            f"{each['object']}/{each['id']}",
            each["field"],
            _shown(each["before"]),
            _shown(each["after"]) + (" (back)" if each["back"] else ""),
            _reason(each["because"]),
        )
        for each in writes[:SHOWN]
    ]
    columns = ("connection", "record", "field", "before", "after", "because")
    more = f", {len(rows)} of {len(writes)} values" if len(writes) > len(rows) else ""
    print_rows(f"plan {document['plan']}{more}", columns, rows)
    for kind, noun, title in (
        ("stages", "people", "people who move"),
        ("accounts", "accounts", "accounts that move"),
    ):
        moves = [
            (stage_from, stage_to, str(count))
            for stage_from, to in document["counts"][kind].items()
            for stage_to, count in to.most_common()
        ]
        print_rows(title, ("from", "to", noun), moves)
    click.echo(f"{len(writes)} values would be written, {document['held']} of them held")
    if document["back"]:
        click.echo(f"{document['back']} of them move a vendor's field back")
    for name, count in document["out_of_scope"].items():
        if count:
            click.echo(f"{name}: {count} records are out of scope: read, never written")
    held = [
        (each["cause"], each["from"] or "(new)", each["to"], str(each["subjects"]), each["why"])
        for each in document["groups"]
    ]
    if held:
        print_rows("held", ("cause", "from", "to", "people", "why"), held)
    if document["held"]:
        click.echo(f"hint: stagesync approve {document['plan']}")


def _weight(write: dict[str, Any]) -> tuple[bool, bool]:
    """What says most comes first: people before accounts, stages before scores and dates."""
    return str(write["person"]).startswith("a_"), write["after"] != write["stage_to"]


def _shown(value: object) -> str:
    return "(empty)" if value in (None, "") else str(value)


def _reason(because: list[dict[str, Any]]) -> str:
    """The weightiest line; `explain` has them all."""
    if not because:
        return ""
    line = max(because, key=lambda each: abs(each["points"]))
    return f"{line['rule']} {line['points']:+.1f}"


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
