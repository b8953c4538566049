"""What the doctor found, and a new look."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from stagesync.engine.deployment import Deployment
from stagesync.engine.doctor import Finding, examine, keep_findings, last_findings
from stagesync.engine.logins import Role
from stagesync.web.ask import Ask
from stagesync.web.jobs import Job
from stagesync.web.rooms import act, page
from stagesync.web.words import _

JOB = "doctor"
BADGES = {
    "error": ("bad", _("error")),
    "warning": ("warn", _("warning")),
    "note": ("info", _("note")),
}
"""Severity -> class of its badge, and what people read."""


def doctor(ask: Ask) -> Response:
    """What was found last, by connection, with the fix."""
    with ask.read() as tx:
        found = last_findings(tx)
    job = ask.jobs.named(JOB)
    by_place: dict[str, list[Finding]] = {"": [], **{n: [] for n in ask.deployment.connections}}
    for each in found.findings if found else ():
        by_place.setdefault(each.connection, []).append(each)
    return ask.page(
        "doctor.html",
        found=found,
        places=[(name, told) for name, told in by_place.items() if name or told],
        severities=BADGES,
        under_way=job if job and not job.is_over else None,
    )


def look(ask: Ask) -> Response:
    """Asks each CRM now, in the background."""
    deployment = ask.deployment
    job = ask.jobs.start(
        JOB,
        lambda job: _look(deployment, job),
        by=ask.actor,
        title=ask.say("A look at the connections"),
        shown="_examined.html",
    )
    return ask.go(f"/jobs/{job.id}")


def _look(deployment: Deployment, job: Job) -> Sequence[Finding]:
    found = examine(deployment, job)
    with deployment.store.begin(fenced=False) as tx:
        keep_findings(tx, found, now_s=deployment.clock.now_s())
    return found


ROOMS = (
    page("/doctor", doctor),
    act("/doctor", look, role=Role.EDITOR),
)
