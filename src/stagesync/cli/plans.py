"""The commands on plans: `plan`, `approve`, `drop`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import print_json, print_rows
from stagesync.cli.online import ProgressBars, opened
from stagesync.cli.passes import decide_plan, warn_of_troubles
from stagesync.errors import ArgumentError

if TYPE_CHECKING:
    from stagesync.engine.deployment import Deployment

SHOWN = 20
"""Entries that people see of a long plan; `--json` has them all."""


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
    from stagesync.engine.shown import plan_document

    with opened(config) as found, ProgressBars() as progress:
        outcome = run_once(found.deployment, write=False, progress=progress)
        document = plan_document(found.deployment, outcome.plan.id, person=person)
        warn_of_troubles(outcome)
    show_plan(document, as_json=as_json)
    if outcome.troubles:
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


def _decide_and_show(plan_id: str, config: Path | None, *, as_json: bool, approve: bool) -> None:
    from stagesync.engine.instants import iso
    from stagesync.engine.shown import plan_document

    with opened(config) as found:
        if plan_id.startswith("j_"):
            _decide_join(found.deployment, plan_id, as_json=as_json, approve=approve)
            return
        document = plan_document(found.deployment, plan_id)
        entries = decide_plan(found.deployment, plan_id, approve=approve)
        approval_s = found.deployment.limits.approval_s
        ends_at_s = found.clock.now_s() + approval_s
    if approve:
        warn_of_slowness(document, approval_s=approval_s)
    until = iso(ends_at_s) if approve else None
    if as_json:
        print_json(document | {"approved_until": until})
    elif approve:
        click.echo(f"{plan_id} approved; the next run writes {entries} values")
        click.echo(f"what is not written by {until} is held again")
    else:
        click.echo(f"{plan_id} dropped: {entries} values")


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
    _show_cost(document)
    click.echo(f"{len(writes)} values would be written, {document['held']} of them held")
    if document["back"]:
        click.echo(f"{document['back']} of them move a vendor's field back")
    for name, count in document["out_of_scope"].items():
        if count:
            click.echo(f"{name}: {count} records are out of scope: read, never written")
    for name, reasons in document["left"].items():
        if count := reasons.get("dropped"):
            click.echo(f"{name}: {count} values were dropped, and wait for other facts")
    held = [
        (each["cause"], each["from"] or "(new)", each["to"], str(each["subjects"]), each["why"])
        for each in document["groups"]
    ]
    if held:
        print_rows("held", ("cause", "from", "to", "people", "why"), held)
    if document["held"]:
        click.echo(f"hint: stagesync approve {document['plan']}")


def _show_cost(document: dict[str, Any]) -> None:
    """The calls that it takes, and the hours where so many may be written in one and no more."""
    rows = [
        (
            name,
            str(each["values"]),
            str(each["records"]),
            f"{document['calls'][name]} ({each['reads']} to look once more, {each['writes']} to write)",
            "at once" if each["hours"] is None else f"{each['hours']} hours",
        )
        for name, each in document["cost"].items()
    ]
    print_rows("what it takes", ("connection", "values", "records", "calls", "time"), rows)


def warn_of_slowness(document: dict[str, Any], *, approval_s: float) -> None:
    """Where an approval would end before the last record is written."""
    for name, each in document["cost"].items():
        if each["hours"] is not None and each["hours"] * 3_600 >= approval_s:
            click.echo(
                f"{name}: {each['records']} records take {each['hours']} hours at"
                f" {each['writes_per_hour']} an hour; the rest will ask for approval again",
                err=True,
            )


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
