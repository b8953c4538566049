"""What people say to a running sync: `hold`, `release`, `retry`, `pause`, `resume`, `undo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import print_json, print_rows
from stagesync.cli.online import ProgressBars, connection_named, opened
from stagesync.domain.duration import seconds_of
from stagesync.errors import ArgumentError, HeldError

if TYPE_CHECKING:
    from stagesync.engine.undo import Undoing


def _duration_s(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> float | None:
    if value is None:
        return None
    found = seconds_of(value)
    if found is None:
        raise ArgumentError(f"`{value}` is no duration", hint="such as 30d, 12h or 90m")
    return found


@click.command(short_help="Write nothing of somebody.")
@click.argument("who", metavar="WHO")
@click.option(
    "--for",
    "for_s",
    metavar="SPAN",
    callback=_duration_s,
    help="Such as 30d; without it until released.",
)
@click.option(
    "--field",
    metavar="FIELD",
    default="",
    help="Only this value: CONNECTION/OBJECT/ID/FIELD of one of their records.",
)
@click.option("--why", metavar="TEXT", default="", help="Kept with it, and in the log.")
@shared_options(json="One JSON document.")
def hold(
    *,
    who: str,
    for_s: float | None,
    field: str,
    why: str,
    config: Path | None,
    as_json: bool,
) -> None:
    """Leaves every value of a person or an account as it is, in every CRM.

    \b
    Example:
      stagesync hold p_1f2e3d4c5b6a --for 30d
    """
    from stagesync.app import actor
    from stagesync.engine import holds

    with opened(config) as found:
        now_s = found.deployment.clock.now_s()
        made = holds.hold(
            found.deployment, who, for_s=for_s, by=actor(), now_s=now_s, field=field, why=why
        )
    told = holds.document(made)
    if as_json:
        print_json(told)
    else:
        what = f"{made.field} of {made.subject}" if made.field else made.subject
        click.echo(f"{what} is held until {told['until'] or 'stagesync release'}")


@click.command(short_help="Write somebody's values again.")
@click.argument("who", metavar="WHO")
@shared_options(json="One JSON document.")
def release(*, who: str, config: Path | None, as_json: bool) -> None:
    """Ends every hold on a person or an account: by hand, of an edit, of an undo.

    \b
    Example:
      stagesync release p_1f2e3d4c5b6a
    """
    from stagesync.app import actor
    from stagesync.engine import holds

    with opened(config) as found:
        now_s = found.deployment.clock.now_s()
        ended = holds.release(found.deployment, who, by=actor(), now_s=now_s)
    if as_json:
        print_json({"released": [holds.document(each) for each in ended]})
    else:
        click.echo(f"{len(ended)} holds ended; the next run plans what they kept back")


@click.command(short_help="Send refused values again.")
@click.argument("who", metavar="[WHO]", required=False)
@shared_options(json="One JSON document.")
def retry(*, who: str | None, config: Path | None, as_json: bool) -> None:
    """Plans those anew to whom a CRM said no, or only one of them with what was dropped; the next run sends.

    \b
    Example:
      stagesync retry
    """
    from stagesync.app import actor
    from stagesync.engine import holds

    with opened(config) as found:
        count = holds.retry(found.deployment, who, by=actor())
    if as_json:
        print_json({"retried": count})
    else:
        click.echo(f"{count} people and accounts are planned again by the next run")


@click.command(short_help="Leave a CRM alone.")
@click.argument("connection")
@shared_options(json="One JSON document.")
def pause(*, connection: str, config: Path | None, as_json: bool) -> None:
    """Neither pulls from a connection nor writes to it, until it is resumed.

    \b
    Example:
      stagesync pause hubspot
    """
    _set_paused(connection, config, paused=True, as_json=as_json)


@click.command(short_help="Serve a CRM again.")
@click.argument("connection")
@shared_options(json="One JSON document.")
def resume(*, connection: str, config: Path | None, as_json: bool) -> None:
    """Ends a pause; the next run pulls what happened meanwhile.

    \b
    Example:
      stagesync resume hubspot
    """
    _set_paused(connection, config, paused=False, as_json=as_json)


def _set_paused(name: str, config: Path | None, *, paused: bool, as_json: bool) -> None:
    from stagesync.app import actor
    from stagesync.engine import holds

    with opened(config) as found:
        deployment, connected = found.deployment, connection_named(found, name)
        now_s = deployment.clock.now_s()
        holds.pause(deployment, connected, paused=paused, by=actor(), now_s=now_s)
    if as_json:
        print_json({"connection": name, "paused": paused})
    else:
        click.echo(f"{name} is {'paused' if paused else 'served again'}")


@click.command(short_help="Take back what a run wrote.")
@click.argument("run", metavar="[RUN]", required=False, default="")
@click.option(
    "--policy", metavar="LABEL", default="", help="Every run under this policy instead of one run."
)
@click.option(
    "--person", metavar="WHO", default="", help="Only this person: e-mail, record id or person id."
)
@click.option("--yes", is_flag=True, help="Approve the plan and write it at once.")
@shared_options(json="One JSON document.")
def undo(
    *, run: str, policy: str, person: str, yes: bool, config: Path | None, as_json: bool
) -> None:
    """Plans to restore the values that stood before; the plan waits for approval.

    The CRMs are asked what stands there: values that somebody changed since are left and listed. So is what
    cannot be taken back, such as a mail that a workflow sent. What is restored stays until facts or policy
    move the person, or somebody releases it.

    \b
    Example:
      stagesync undo r_1f2e3d4c --yes
    """
    from stagesync.app import actor
    from stagesync.cli.passes import decide_plan, end_as
    from stagesync.cli.plan_tables import show_plan
    from stagesync.engine.outcome import Outcome
    from stagesync.engine.run import run_once
    from stagesync.engine.shown import keep_shown, plan_document
    from stagesync.engine.undo import document
    from stagesync.engine.undo import undo as plan_undo

    if bool(run) == bool(policy):
        raise ArgumentError(
            "name a run, or a policy with --policy", hint="stagesync status lists the last runs"
        )
    outcome: Outcome | None = None
    with opened(config) as found, ProgressBars() as progress:
        deployment = found.deployment
        now_s = deployment.clock.now_s()
        undoing = plan_undo(deployment, run=run, policy=policy, who=person, by=actor(), now_s=now_s)
        shown: dict[str, Any] = {"plan": None, "counts": {}, "held": 0, "writes": []}
        if undoing.plan:
            shown = plan_document(deployment, undoing.plan)
            keep_shown(deployment, undoing.plan)
        if yes and undoing.plan:
            decide_plan(deployment, undoing.plan, approve=True)
            outcome = run_once(deployment, progress=progress)
            shown |= {"held": 0, "run": outcome.summary()}
    if as_json:
        print_json(shown | document(undoing))
    else:
        _show_undo(undoing, shown, show=show_plan, done=yes)
    if outcome:
        end_as(outcome)
    if undoing.plan:
        click.get_current_context().exit(HeldError.exit_code)


def _show_undo(undoing: Undoing, shown: dict[str, Any], *, show: Any, done: bool) -> None:
    if undoing.plan:
        show(shown, as_json=False)
    rows = [
        (each.connection, f"{each.object}/{each.id}", each.field, str(each.now), each.why)
        for each in undoing.skipped
    ]
    print_rows("left as they are", ("connection", "record", "field", "now", "why"), rows)
    for each in undoing.beyond:
        click.echo(f"not taken back: {each}")
    count = len(undoing.restored)
    if not count:
        click.echo("nothing to restore")
    elif done:
        click.echo(
            f"{count} values were restored where the CRMs took them; `stagesync status` tells what they refused"
        )
    else:
        click.echo(f"{count} values would be restored")
