"""Taking a run back: the CRMs are asked what stands there now, and what comes of it is a held plan."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from stagesync.engine.deployment import Deployment
from stagesync.engine.lease import one_pass
from stagesync.engine.logins import Role
from stagesync.engine.runs import run_document
from stagesync.engine.shown import keep_shown
from stagesync.engine.undo import document, leaves_document, undo
from stagesync.errors import LeaseHeld
from stagesync.web.ask import Ask
from stagesync.web.jobs import Job
from stagesync.web.rooms import act, page
from stagesync.web.words import _

TOLD = (
    _("the record is gone"),
    _("the record was converted: the CRM closed it to writing"),
    _("the connection is not configured any more"),
    _("it was changed since"),
    _("somebody holds it; stagesync release ends that"),
    _("the CRM lets it go forward only"),
    _("what its workflows did because of these values, such as a mail that was sent"),
    _("the conversion of a record, which is closed since"),
    _("that a record was deleted or merged"),
)
"""Why an undo leaves a value, and what lies beyond it, as `engine.undo` says it."""

STAMPED = ("the dates that it stamped when ", " changed")
STAMPED_WORDS = _("the dates that it stamped when {fields} changed")

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
    leaves = leaves_document(found)
    return {
        "plan": found.plan,
        "restored": len(found.restored),
        "left": document(found)["skipped"][:SHOWN],
        "skipped": leaves["skipped"],
        "beyond": [beyond_told(each) for each in leaves["beyond"]],
    }


def beyond_told(sentence: str) -> dict[str, str]:
    """What an undo cannot take back, taken apart so that it can be said in either language."""
    connection, _mark, what = sentence.partition(": ")
    start, end = STAMPED
    if what.startswith(start) and what.endswith(end):
        fields = what[len(start) : -len(end)]
        return {"connection": connection, "what": STAMPED_WORDS, "fields": fields}
    return {"connection": connection, "what": what, "fields": ""}


ROOMS = (
    page("/runs/{run}/undo", ask_first, role=Role.APPROVER),
    act("/runs/{run}/undo", begin, role=Role.APPROVER),
)
