"""The definitions in force, as people read them, with their history."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.responses import Response

from stagesync.engine.definition_files import Texts
from stagesync.engine.definition_history import (
    diff_document,
    history_document,
    in_force_document,
)
from stagesync.store import definitions as stored
from stagesync.web.ask import Ask
from stagesync.web.rooms import page
from stagesync.web.told import teller
from stagesync.web.words import _

FOLLOWS = {
    "own": _("its own facts and deals"),
    "people": _("the highest of its people"),
    "both": _("the higher of its own and its people"),
}
"""How an account gets its level -> as people read it."""

AT_ONCE = 20
"""Sets of a page of the history."""


def policy(ask: Ask) -> Response:
    """The policy: scores with their rules, axes with their levels."""
    with ask.read() as tx:
        told = in_force_document(tx)
    return ask.page(
        "definitions.html",
        policy=ask.deployment.policy,
        told=teller(ask.language, ask.deployment),
        in_force=told,
        follows=FOLLOWS,
        tab="policy",
    )


def mappings(ask: Ask) -> Response:
    """What is read from each connection and written there."""
    connections = ask.deployment.connections
    name = ask.text("connection") or next(iter(connections), "")
    if name and name not in connections:
        return ask.missing(ask.say("There is no connection {name}.", name=name))
    return ask.page(
        "definition_mappings.html",
        connections=connections,
        chosen=connections.get(name),
        told=teller(ask.language, ask.deployment),
        tab="mappings",
    )


def text(ask: Ask) -> Response:
    """A file, word by word."""
    texts = ask.deployment.texts
    name = ask.text("file") or next(iter(texts), "")
    if name and name not in texts:
        return ask.missing(ask.say("There is no file {name}.", name=name))
    lines = texts.get(name, "").splitlines()
    return ask.page("definition_text.html", names=list(texts), name=name, lines=lines, tab="text")


def history(ask: Ask) -> Response:
    """Every set that was in force."""
    before = ask.text("before")
    with ask.read() as tx:
        found = history_document(
            tx, most=AT_ONCE, before=int(before) if before.isdecimal() else None
        )
        newest = stored.last_set(tx)
    return ask.page(
        "definition_history.html", **found, newest=newest.seq if newest else 0, tab="history"
    )


def diff(ask: Ask) -> Response:
    """What differs between two sets; between a set and the one before it unless another is named."""
    new = _number(ask.text("to"))
    old = _number(ask.text("from")) or max(0, new - 1)
    with ask.read() as tx:
        one, other = _texts(tx, old), _texts(tx, new)
    if one is None or other is None:
        return ask.missing(ask.say("There is no such set of definitions."))
    files = diff_document(one, other)
    return ask.page("definition_diff.html", files=files, old=old, new=new, tab="history")


def _number(told: str) -> int:
    return int(told) if told.isdecimal() and len(told) < 10 else 0


def _texts(tx: Connection, seq: int) -> Texts | None:
    """Those of a set; nothing stands before the first one."""
    found = stored.get_set(tx, seq)
    if found is None:
        return {} if seq == 0 else None
    return stored.texts_of(tx, found.files)


ROOMS = (
    page("/definitions", policy),
    page("/definitions/mappings", mappings),
    page("/definitions/text", text),
    page("/definitions/history", history),
    page("/definitions/diff", diff),
)
