"""Plans: what one holds, before and after; approved or dropped whole or by group."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from stagesync.domain.guard import Cause, Group
from stagesync.engine.beside import joins_document
from stagesync.engine.decide import PlanChanged, decide
from stagesync.engine.held import plan_document, plans_document, values_document
from stagesync.engine.logins import Role
from stagesync.engine.runs import runs_since
from stagesync.store.held import START, Key
from stagesync.web.ask import Ask
from stagesync.web.draw.moves import Move, moves_picture
from stagesync.web.pages.runs import OUTCOMES
from stagesync.web.rooms import act, page
from stagesync.web.words import _

STATES = {
    "held": (_("held"), "warn"),
    "open": (_("shown"), ""),
    "approved": (_("approved"), "good"),
    "dropped": (_("dropped"), ""),
    "done": (_("done"), "good"),
    "ended": (_("approval ended"), "warn"),
    "replaced": (_("replaced"), ""),
}
"""State of a plan -> what people read, and the badge that it takes."""

CAUSES = {
    "facts": _("facts changed"),
    "time": _("points faded"),
    "definition": _("definitions changed"),
    "new": _("new records"),
    "repair": _("the CRM lost our value"),
    "by hand": _("asked for by hand"),
    "undo": _("undo"),
}

RUNS_SHOWN = 5
JOINS_SHOWN = 50


def plans(ask: Ask) -> Response:
    """What waits for a word: plans, and people who may be one; then what was decided."""
    with ask.read() as tx:
        document = plans_document(tx)
        joins = joins_document(tx, ask.deployment, now_s=ask.now_s, most=JOINS_SHOWN)
    held, others = document["held"], document["others"]
    return ask.page(
        "plans.html", held=held, others=others, joins=joins, states=STATES, causes=CAUSES
    )


def plan(ask: Ask) -> Response:
    """One plan by group, with what it costs."""
    with ask.read() as tx:
        document = plan_document(tx, ask.deployment, ask.path["plan"], now_s=ask.now_s)
        since_s = document["decided_at_s"] if document else None
        after = [] if since_s is None else runs_since(tx, since_s, most=RUNS_SHOWN)
    if document is None:
        return ask.missing(
            ask.say("There is no plan of that id any more: a later one took its values on.")
        )
    moves = [Move(e["from"], e["to"], e["people"] + e["accounts"]) for e in document["groups"]]
    shown: dict[str, Any] = {
        "plan": document,
        "after": after,
        "states": STATES,
        "causes": CAUSES,
        "outcomes": OUTCOMES,
    }
    if ask.is_part:
        return ask.page("_plan_state.html", **shown)
    picture = moves_picture(ask, moves, title=ask.say("Who would move from which stage to which"))
    return ask.page("plan.html", picture=picture, **shown)


def values(ask: Ask) -> Response:
    """The values of one group, page by page."""
    group, after = _group(ask), _key(ask)
    if group is None:
        return ask.missing(ask.say("There is no such group."))
    with ask.read() as tx:
        document = values_document(tx, ask.path["plan"], group, after=after)
    template = "_values.html" if ask.is_part else "values.html"
    return ask.page(
        template,
        plan_id=ask.path["plan"],
        group=group,
        causes=CAUSES,
        first=after == START,
        **document,
    )


def approve(ask: Ask) -> Response:
    """Lets it be written, and calls the daemon."""
    return _decide(ask, approve=True)


def drop(ask: Ask) -> Response:
    """Gives it up."""
    return _decide(ask, approve=False)


def _decide(ask: Ask, *, approve: bool) -> Response:
    plan_id, group = ask.path["plan"], _group(ask)
    try:
        count = decide(
            ask.deployment,
            plan_id,
            approve=approve,
            by=ask.actor,
            now_s=ask.now_s,
            groups=[group] if group else (),
            seen=ask.text("seen") or "0.unseen",
        )
    except PlanChanged as changed:
        return _changed(ask, changed)
    except KeyError:
        return ask.refused(
            ask.say(
                "The plan {plan} is not held any more, or a run plans it anew just now.",
                plan=plan_id,
            ),
            hint=ask.say("Look again in a moment."),
        )
    if not approve:
        said = ask.say_many("{n} value is dropped.", "{n} values are dropped.", count)
        return ask.go(f"/plans/{plan_id}", said=said)
    ask.wake()
    said = ask.say_many("{n} value goes out now.", "{n} values go out now.", count)
    return ask.go(f"/plans/{plan_id}", said=said)


def _changed(ask: Ask, changed: PlanChanged) -> Response:
    what = ask.say(
        "This plan changed since you looked: {then} values then, {now} now. Nothing was decided.",
        then=changed.then,
        now=changed.now,
    )
    return ask.page(
        "changed.html", status=409, title=ask.say("Look again"), what=what, plan_id=ask.path["plan"]
    )


def _group(ask: Ask) -> Group | None:
    """The group that the query or the form names."""
    told = ask.text("cause"), ask.text("from"), ask.text("to")
    return Group(Cause(told[0]), *told[1:]) if told[0] in list(Cause) and told[2] else None


def _key(ask: Ask) -> Key:
    pk = ask.text("pk")
    if not (pk.isdecimal() and len(pk) < 16):
        return START
    return ask.text("subject"), int(pk), ask.text("field")


ROOMS = (
    page("/plans", plans),
    page("/plans/{plan}", plan),
    page("/plans/{plan}/values", values),
    act("/plans/{plan}/approve", approve, role=Role.APPROVER),
    act("/plans/{plan}/drop", drop, role=Role.APPROVER),
)
