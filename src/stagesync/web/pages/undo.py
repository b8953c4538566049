"""Taking a run back: the CRMs are asked what stands there now, and what comes of it is a held plan."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from stagesync.engine.deployment import Deployment
from stagesync.engine.lease import one_pass
from stagesync.engine.logins import Role
from stagesync.engine.runs import run_document
from stagesync.engine.shown import keep_shown
from stagesync.engine.undo import leaves_of, undo
from stagesync.errors import LeaseHeld
from stagesync.web.ask import Ask
from stagesync.web.jobs import Job
from stagesync.web.rooms import act, page

SHOWN = 200
"""Values that stay that are shown one by one."""


def ask_first(ask: Ask) -> Response:
    """What an undo does, before it is asked for."""
    with ask.read() as tx:
        run = run_document(tx, ask.deployment, ask.path["run"])
    if run is None:
        return ask.missing(ask.say("There is no run of that id."))
    return ask.page("undo.html", run=run, person=ask.text("person"))


def begin(ask: Ask) -> Response:
    """Makes the plan in the background."""
    run, person = ask.path["run"], ask.text("person")
    deployment, actor = ask.deployment, ask.actor
    job = ask.jobs.start(
        f"undo {run} {person}".strip(),
        lambda job: plan_undo(deployment, job, run=run, person=person, by=actor),
        by=actor,
        title=ask.say("Undo of {run}", run=run),
        shown="_undo.html",
    )
    return ask.go(f"/jobs/{job.id}")


def plan_undo(
    deployment: Deployment, job: Job, *, run: str, person: str, by: str
) -> dict[str, Any]:
    """The plan that takes a run back, made between two passes of the daemon: they would ask the same CRMs."""
    while True:
        job.phase("wait")
        try:
            with one_pass(deployment):
                found = undo(
                    deployment,
                    run=run,
                    who=person,
                    by=by,
                    now_s=deployment.clock.now_s(),
                    progress=job,
                )
                if found.plan:
                    keep_shown(deployment, found.plan)
                break
        except LeaseHeld:
            continue
    return {
        "plan": found.plan,
        "restored": len(found.restored),
        "left": found.skipped[:SHOWN],
        "leaves": leaves_of(found),
    }


ROOMS = (
    page("/runs/{run}/undo", ask_first, role=Role.APPROVER),
    act("/runs/{run}/undo", begin, role=Role.APPROVER),
)
