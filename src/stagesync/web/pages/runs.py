"""The runs, and what each changed."""

from __future__ import annotations

from starlette.responses import Response

from stagesync.engine.runs import run_document, runs_document
from stagesync.web.ask import Ask
from stagesync.web.draw.moves import Move, moves_picture
from stagesync.web.rooms import page
from stagesync.web.words import _

OUTCOMES = {
    "done": (_("done"), "good"),
    "held": (_("something is held"), "warn"),
    "incomplete": (_("incomplete"), "warn"),
    "partly refused": (_("partly refused"), "bad"),
    "running": (_("under way"), "info"),
    "broken off": (_("broken off"), "bad"),
}
"""Outcome of a run -> what people read, and the badge that it takes."""


def runs(ask: Ask) -> Response:
    """Page by page, newest first."""
    with ask.read() as tx:
        document = runs_document(tx, before=_number(ask.text("before")))
    template = "_runs.html" if ask.is_part else "runs.html"
    return ask.page(template, **document, outcomes=OUTCOMES, first=not ask.text("before"))


def run(ask: Ask) -> Response:
    """One run with what it changed."""
    with ask.read() as tx:
        document = run_document(tx, ask.deployment, ask.path["run"])
    if document is None:
        return ask.missing(ask.say("There is no run of that id."))
    moves = [Move(e["from"], e["to"], e["people"]) for e in document["changes"]]
    picture = moves_picture(ask, moves, title=ask.say("Who moved from which stage to which"))
    return ask.page("run.html", run=document, outcomes=OUTCOMES, picture=picture)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 16 else None


ROOMS = (
    page("/runs", runs),
    page("/runs/{run}", run),
)
