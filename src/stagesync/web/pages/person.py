"""Everything about a person, and what may be done: leave alone, release, retry, say who is one, forget."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from stagesync.domain.duration import seconds_of
from stagesync.engine import forget as forgetting
from stagesync.engine import holds, joins, verdicts
from stagesync.engine.explain import document
from stagesync.engine.logins import Role
from stagesync.errors import ArgumentError
from stagesync.store import people
from stagesync.store.people import Kind, kind_of
from stagesync.web.ask import Ask
from stagesync.web.draw.outlook import axes, courses, namer
from stagesync.web.rooms import act, page

SPANS = ("", "7d", "30d", "90d", "365d")
"""How long somebody may be left alone; empty until released."""

PATHS: dict[Kind, str] = {"person": "/people/", "account": "/accounts/"}


def person(ask: Ask) -> Response:
    """One person."""
    return about(ask, "person")


def about(ask: Ask, kind: Kind) -> Response:
    """The page of a person or an account."""
    who = ask.path["id"]
    with ask.read() as tx:
        standing = people.placed(tx, kind, [who]).get(who)
        told = (
            document(tx, ask.deployment, kind, who)
            if standing and standing.evaluated_at_s is not None
            else None
        )
    if standing is None:
        return ask.missing(
            ask.say("Nobody here has this id. They may have become part of somebody else.")
        )
    if told is None:
        return ask.missing(
            ask.say("They were not placed yet. The next run places whoever was read.")
        )
    return ask.page(
        f"{kind}.html",
        told=told,
        axes=axes(told, ask.language),
        name_of=namer(told, ask.language),
        courses=courses(ask, told),
        spans=SPANS,
        base=PATHS[kind] + who,
        held=[each for each in told["holds"] if each["ended"] is None],
        over=[each for each in told["holds"] if each["ended"] is not None],
        runs=_runs(told),
    )


def _runs(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Runs that wrote something of them, newest first: what may be undone."""
    found: dict[str, dict[str, Any]] = {}
    for each in told["changes"]:
        if "written" in each["result"] and each["run"]:
            one = found.setdefault(each["run"], {"run": each["run"], "at": each["at"], "values": 0})
            one["values"] += 1
    return list(found.values())[::-1]


def hold(ask: Ask) -> Response:
    """Leaves them, or one field of theirs, as they are."""
    span = ask.text("for")
    for_s = seconds_of(span) if span else None
    if span and for_s is None:
        raise ArgumentError(ask.say("That is no span of time."))
    made = holds.hold(
        ask.deployment,
        ask.path["id"],
        for_s=for_s,
        by=ask.actor,
        now_s=ask.now_s,
        field=ask.text("field"),
        why=ask.text("why")[:200],
    )
    ask.wake()
    if made.field:
        return _back(ask, ask.say("{field} stays as it is.", field=made.field))
    return _back(ask, ask.say("Nothing more is written of them."))


def release(ask: Ask) -> Response:
    """Ends one hold, or all."""
    ended = holds.release(
        ask.deployment, ask.path["id"], by=ask.actor, now_s=ask.now_s, only=ask.text("hold")
    )
    ask.wake()
    return _back(ask, ask.say_many("{n} hold has ended.", "{n} holds have ended.", len(ended)))


def retry(ask: Ask) -> Response:
    """Plans anew what was refused or dropped."""
    holds.retry(ask.deployment, ask.path["id"], by=ask.actor)
    ask.wake()
    return _back(ask, ask.say("The next run sends it again."))


def decide_join(ask: Ask) -> Response:
    """Makes two people one, or keeps them apart."""
    is_approved = ask.text("answer") == "one"
    try:
        joins.decide_join(
            ask.deployment, ask.text("join"), approve=is_approved, by=ask.actor, now_s=ask.now_s
        )
    except KeyError:
        raise ArgumentError(ask.say("That was decided meanwhile.")) from None
    ask.wake()
    if is_approved:
        return _back(ask, ask.say("The next run makes them one."))
    return _back(ask, ask.say("They stay two."))


def join(ask: Ask) -> Response:
    """Says that somebody else is this person."""
    said = verdicts.join(
        ask.deployment, ask.path["id"], ask.text("other"), by=ask.actor, now_s=ask.now_s
    )
    ask.wake()
    return ask.go(f"/people/{said['now'][0]}", said=ask.say("They are one person now."))


def split(ask: Ask) -> Response:
    """Says that a record is somebody else's."""
    verdicts.split(ask.deployment, ask.text("record"), by=ask.actor, now_s=ask.now_s)
    ask.wake()
    return _back(ask, ask.say("The record is another person's now."))


def take_back(ask: Ask) -> Response:
    """Undoes what somebody said of who is who."""
    said = verdicts.undo(ask.deployment, ask.text("verdict"), by=ask.actor, now_s=ask.now_s)
    ask.wake()
    return ask.go(f"/people/{said['now'][0]}", said=ask.say("It is as it was before."))


def ask_to_forget(ask: Ask) -> Response:
    """What forgetting would erase, and the question."""
    who = ask.path["id"]
    told = forgetting.preview(ask.deployment, who, now_s=ask.now_s)
    return ask.page("forget.html", who=who, told=told)


def forget(ask: Ask) -> Response:
    """Erases a person here, for good."""
    who = ask.path["id"]
    if ask.text("typed") != who:
        raise ArgumentError(
            ask.say("Nothing was erased."), hint=ask.say("Type the id as it is shown.")
        )
    forgetting.forget(ask.deployment, who, by=ask.actor, now_s=ask.now_s)
    return ask.go("/people", said=ask.say("They are forgotten here. The CRMs were not touched."))


def _back(ask: Ask, said: str) -> Response:
    who = ask.path["id"]
    return ask.go(PATHS[kind_of(who)] + who, said=said)


ROOMS = (
    page("/people/{id}", person),
    act("/people/{id}/hold", hold, role=Role.EDITOR),
    act("/people/{id}/release", release, role=Role.EDITOR),
    act("/people/{id}/retry", retry, role=Role.EDITOR),
    act("/people/{id}/decide", decide_join, role=Role.APPROVER),
    act("/people/{id}/join", join, role=Role.APPROVER),
    act("/people/{id}/split", split, role=Role.APPROVER),
    act("/people/{id}/take-back", take_back, role=Role.APPROVER),
    page("/people/{id}/forget", ask_to_forget, role=Role.ADMIN),
    act("/people/{id}/forget", forget, role=Role.ADMIN),
)
