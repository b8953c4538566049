"""The commands on plans: `plan`, `approve`, `drop`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import print_json
from stagesync.cli.online import ProgressBars, opened
from stagesync.cli.passes import decide_plan, warn_of_overwritten, warn_of_troubles, warn_of_unread
from stagesync.cli.plan_tables import show_diff, show_list, show_plan
from stagesync.errors import ArgumentError

if TYPE_CHECKING:
    from stagesync.engine.deployment import Deployment


@click.command(short_help="Show what the next run would write.")
@click.argument("plan_id", metavar="[PLAN]", required=False)
@click.option("--person", metavar="WHO", help="Only this person: e-mail, record id or person id.")
@click.option(
    "--list", "lists", is_flag=True, help="List the plans that were shown, held or decided."
)
@click.option("--diff", "old", metavar="OLD", help="What differs from this plan.")
@shared_options(json="One JSON document.")
def plan(
    *,
    plan_id: str | None,
    person: str | None,
    lists: bool,
    old: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Pulls, evaluates, and shows what would be written. Writes nothing to any CRM.

    With PLAN it shows that plan as it was last shown, held or decided, and asks no CRM; so does --list.
    --diff OLD tells what PLAN, or the plan of the next run, has otherwise.

    \b
    Example:
      stagesync plan --person p_1f2e3d4c5b6a
      stagesync plan --diff pl_7f3a19c2
    """
    from stagesync.engine import shown

    if lists:
        with opened(config) as found:
            show_list(shown.list_document(found.deployment), as_json=as_json)
        return
    exit_code = 0
    with opened(config) as found:
        then = shown.saved_document(found.deployment, old, person=person) if old else None
        if plan_id:
            document = shown.saved_document(found.deployment, plan_id, person=person)
        else:
            document, exit_code = _look(found.deployment, person)
    if then:
        show_diff(shown.diff_document(then, document), as_json=as_json)
    else:
        show_plan(document, as_json=as_json)
    click.get_current_context().exit(exit_code)


def _look(deployment: Deployment, person: str | None) -> tuple[dict[str, Any], int]:
    """The plan of a run that writes nothing, which is kept; and the exit code where a connection failed."""
    from stagesync.engine.run import run_once
    from stagesync.engine.shown import keep_shown, plan_document

    with ProgressBars() as progress:
        outcome = run_once(deployment, write=False, progress=progress)
        document = plan_document(deployment, outcome.plan.id, person=person)
        keep_shown(deployment, outcome.plan.id)
        warn_of_troubles(outcome)
        warn_of_unread(outcome)
        warn_of_overwritten(outcome)
    return document, outcome.exit_code if outcome.is_incomplete else 0


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
        _warn_of_slowness(document, approval_s=approval_s)
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


def _warn_of_slowness(document: dict[str, Any], *, approval_s: float) -> None:
    """Where an approval would end before the last record is written."""
    for name, each in document["cost"].items():
        if each["hours"] is not None and each["hours"] * 3_600 >= approval_s:
            click.echo(
                f"{name}: {each['records']} records take {each['hours']} hours at"
                f" {each['writes_per_hour']} an hour; the rest will ask for approval again",
                err=True,
            )
