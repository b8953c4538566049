"""Work under way, watched until it ends."""

from __future__ import annotations

from starlette.responses import Response

from stagesync.engine.logins import Role
from stagesync.web.ask import Ask
from stagesync.web.jobs import Job
from stagesync.web.rooms import act, page
from stagesync.web.words import _

PHASES = {
    "": _("Waits for its turn"),
    "wait": _("Waits for the run under way"),
    "look": _("Asks the CRMs what stands there"),
    "verify": _("Checks the log"),
    "examine": _("Looks at the connections"),
    "tell": _("Sends a message to each channel"),
    "backtest": _("Places everybody under both"),
}
"""Name of a phase -> what people read."""


def job(ask: Ask) -> Response:
    """How far it is; then what came of it."""
    found = ask.jobs.get(ask.path["job"])
    if found is None:
        return ask.missing(
            ask.say("Nothing is known of this work any more: it is told for an hour.")
        )
    return show(ask, found)


def show(ask: Ask, found: Job) -> Response:
    """The page of a job, or the part of it that moves."""
    doing = ask.say(PHASES.get(found.doing, found.doing))
    template = "_job.html" if ask.is_part else "job.html"
    return ask.page(template, job=found, doing=doing, ends=_may_end(ask, found))


def cancel(ask: Ask) -> Response:
    """Has it end where it next tells how far it is."""
    found = ask.jobs.get(ask.path["job"])
    if found is None:
        return ask.missing(ask.say("Nothing is known of this work any more."))
    if not _may_end(ask, found):
        return ask.refused(ask.say("Who asked for it may end it, or an approver."))
    found.cancel()
    return ask.go(f"/jobs/{found.id}")


def _may_end(ask: Ask, found: Job) -> bool:
    return not found.is_over and (found.by == ask.actor or ask.may(Role.APPROVER))


ROOMS = (
    page("/jobs/{job}", job),
    act("/jobs/{job}/cancel", cancel, role=Role.VIEWER),
)
