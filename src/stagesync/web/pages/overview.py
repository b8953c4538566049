"""The first page: the funnel, how the CRMs agree, and how the work stands; it follows what happens."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from stagesync.engine.overview import overview as look
from stagesync.web.ask import Ask
from stagesync.web.draw.funnel import Bar, funnel
from stagesync.web.draw.lines import Line, lines
from stagesync.web.draw.used import used
from stagesync.web.look import day as day_of
from stagesync.web.look import label, number, percent
from stagesync.web.pages.runs import OUTCOMES
from stagesync.web.rooms import page
from stagesync.web.words import _

RECENT = 6
"""Weeks, and days, that stand in the tables."""

MODES = {
    "observe": (_("observing"), "info"),
    "active": (_("active"), "good"),
}
"""Mode of a connection -> what people read, and the badge that it takes."""


def overview(ask: Ask) -> Response:
    """How things stand."""
    return ask.page("overview.html", **_shown(ask), live=ask.query.get("live") != "no")


def live(ask: Ask) -> Response:
    """What of it moves; nothing when it is as the reader has it."""
    answer = ask.page("_overview.html", **_shown(ask))
    mark = hashlib.sha256(bytes(answer.body)).hexdigest()[:16]
    if ask.query.get("seen") == mark:
        return Response(status_code=204)
    seen = Markup('<input type="hidden" name="seen" value="{}">').format(mark)
    return HTMLResponse(bytes(answer.body) + seen.encode())


def _shown(ask: Ask) -> dict[str, Any]:
    deployment = ask.deployment
    name = ask.query.get("vocabulary", "")
    vocabulary = name if name in deployment.vocabularies else deployment.main_vocabulary
    with ask.read() as tx:
        document = look(tx, deployment, vocabulary=vocabulary, now_s=ask.now_s)
    told = document["funnel"]
    whole = [each for each in told["weeks"] if each["whole"]]
    return {
        "document": document,
        "funnel": told,
        "vocabulary": vocabulary,
        "labels": {each["id"]: label(each["labels"], ask.language) for each in told["stages"]},
        "leaks": _leaks(ask, told),
        "picture": _funnel_picture(ask, told),
        "weeks": whole[-RECENT:],
        "mql_picture": _mql_picture(ask, whole),
        "agreement": document["agreement"],
        "agreement_picture": _agreement_picture(ask, document["agreement"]),
        "alerts": len(document["alerts"]) + sum(len(c["alerts"]) for c in document["connections"]),
        "allowances": {
            each["connection"]: _allowance(ask, each["quota"])
            for each in document["connections"]
            if each["quota"]
        },
        "modes": MODES,
        "outcomes": OUTCOMES,
        "recent": RECENT,
    }


def _funnel_picture(ask: Ask, told: Mapping[str, Any]) -> Markup:
    leaking = {gap["stage"] for gap in told["gaps"]}
    bars = [
        Bar(
            label(each["labels"], ask.language),
            number(each["people"], ask.language),
            each["people"],
            ask.say("{share} go on", share=percent(each["next"]["share"], ask.language))
            if each["next"]
            else "",
            leaks=each["id"] in leaking,
        )
        for each in told["stages"]
        if each["rank"] is not None
    ]
    return funnel(bars, title=ask.say("People by stage, from the lowest up"))


def _leaks(ask: Ask, told: Mapping[str, Any]) -> dict[str, list[str]]:
    """Stage -> what is wrong there, in words."""
    names = {each["id"]: label(each["labels"], ask.language) for each in told["stages"]}
    found: dict[str, list[str]] = {}
    for gap in told["gaps"]:
        found.setdefault(gap["stage"], []).append(_leak(ask, gap, names))
    return found


def _leak(ask: Ask, gap: Mapping[str, Any], names: Mapping[str, str]) -> str:
    share = percent(gap["share"], ask.language)
    match gap["kind"]:
        case "unused":
            return ask.say("nobody was here in that time")
        case "empty":
            return ask.say("nobody is here")
        case "skipped":
            return ask.say("{share} jump over it", share=share)
        case "biggest_drop":
            return ask.say(
                "most are lost here: {share} go on to {stage}", share=share, stage=names[gap["to"]]
            )
        case _:
            usual = percent(gap["usual"], ask.language)
            return ask.say("last week {share} went on, usually {usual}", share=share, usual=usual)


def _mql_picture(ask: Ask, weeks: list[dict[str, Any]]) -> Markup | None:
    """None where the vocabulary has no word for it, or no week is whole."""
    if not weeks or weeks[-1]["mql"] is None:
        return None
    return lines(
        [Line("MQL", [each["mql"] for each in weeks])],
        ends=(_day(ask, weeks[0]["from"]), _day(ask, weeks[-1]["from"])),
        title=ask.say("MQL per week"),
        write=lambda value: number(round(value), ask.language),
    )


def _agreement_picture(ask: Ask, told: Mapping[str, Any] | None) -> Markup | None:
    if told is None or not told["people"]:
        return None
    days = told["days"]
    return lines(
        [
            Line(ask.say("our field"), [each["own"] for each in days]),
            Line(ask.say("the CRMs' own words"), [each["vendor"] for each in days]),
        ],
        ends=(_day(ask, days[0]["day"]), _day(ask, days[-1]["day"])),
        title=ask.say("How far the CRMs agree, day by day"),
        write=lambda value: percent(value, ask.language),
        most=1.0,
    )


def _allowance(ask: Ask, quota: Mapping[str, Any]) -> dict[str, Any]:
    ours, others, limit = quota["used_by_us"], quota["used_by_others"] or 0, quota["limit"]
    title = ask.say(
        "{ours} calls of ours, {others} of others, of {limit}",
        ours=number(ours, ask.language),
        others=number(quota["used_by_others"], ask.language),
        limit=number(limit, ask.language),
    )
    picture = used(ours, others, limit, title=title) if limit else Markup("")
    return {"title": title, "picture": picture}


def _day(ask: Ask, told: str) -> str:
    return day_of(told, ask.language)


ROOMS = (page("/", overview), page("/overview/live", live))
