"""The vocabularies side by side, what their words mean in each other, and what they call a position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from stagesync.domain.policy import Axis
from stagesync.domain.together import side_by_side
from stagesync.domain.translate import Translation, translate
from stagesync.engine.deployment import Deployment
from stagesync.errors import ArgumentError
from stagesync.web.ask import Ask
from stagesync.web.draw.bands import bands
from stagesync.web.remembered import remembered
from stagesync.web.rooms import page
from stagesync.web.told import teller


def vocabularies(ask: Ask) -> Response:
    """All of them: a picture of where their stages lie, and each with its stages."""
    deployment, told = ask.deployment, teller(ask.language, ask.deployment)
    try:
        together = remembered(deployment, "together", lambda: _together(deployment))
    except ArgumentError as error:
        return ask.page(
            "vocabularies.html", picture="", why=str(error), told=told, tab="all", together={}
        )
    picture = bands(
        together,
        told,
        main=deployment.main_vocabulary,
        title=ask.say("Where the stages of each vocabulary lie"),
    )
    return ask.page(
        "vocabularies.html", picture=picture, why="", told=told, tab="all", together=together
    )


def _together(deployment: Deployment) -> dict[str, dict[str, dict[str, int]]]:
    return side_by_side(deployment.main_vocabulary, deployment.vocabularies, deployment.policy.axes)


def translation(ask: Ask) -> Response:
    """What every stage of one vocabulary may be called in another, and which question decides."""
    deployment = ask.deployment
    known = list(deployment.vocabularies)
    source = ask.text("from") or deployment.main_vocabulary
    target = ask.text("to") or next((each for each in known if each != source), source)
    for name in (source, target):
        if name not in known:
            return ask.missing(ask.say("There is no vocabulary {name}.", name=name))
    try:
        rows = remembered(
            deployment, f"{source}/{target}", lambda: _translations(deployment, source, target)
        )
        why = ""
    except ArgumentError as error:
        rows, why = {}, str(error)
    return ask.page(
        "translation.html",
        source=source,
        target=target,
        rows=rows,
        why=why,
        told=teller(ask.language, deployment),
        axes={each.name: each for each in deployment.policy.axes},
        tab="translate",
    )


def _translations(deployment: Deployment, source: str, target: str) -> dict[str, Translation]:
    return {
        each.id: translate(
            each.id,
            source=source,
            target=target,
            vocabularies=deployment.vocabularies,
            axes=deployment.policy.axes,
        )
        for each in deployment.vocabularies[source].stages
    }


def explore(ask: Ask) -> Response:
    """Choose a level on each axis, and read every vocabulary's word."""
    axes = ask.deployment.policy.axes
    position = _position(ask.query, axes)
    stages = ask.deployment.classifier.stages(position, account=ask.text("of") == "account")
    return ask.page(
        "_explored.html" if ask.is_part else "explore.html",
        axes=axes,
        position=position,
        stages=stages,
        of=ask.text("of"),
        told=teller(ask.language, ask.deployment),
        tab="explore",
    )


def _position(query: Mapping[str, str], axes: Sequence[Axis]) -> dict[str, str]:
    """What was chosen; the lowest level of an axis where nothing, or nothing known, was."""
    return {
        each.name: query[each.name]
        if query.get(each.name) in each.level_names
        else each.level_names[0]
        for each in axes
    }


ROOMS = (
    page("/vocabularies", vocabularies),
    page("/vocabularies/translate", translation),
    page("/vocabularies/explore", explore),
)
