"""How sentences are kept: with their templates, so that they can be read in every language later."""

from __future__ import annotations

from typing import Any

import orjson

from stagesync.domain.said import Part, Said
from stagesync.domain.text import held


def keep(sentence: str) -> str:
    """The sentence as a text for a column."""
    return orjson.dumps(_plain(sentence)).decode()


def kept(text: str) -> str:
    """The sentence that was kept."""
    found = _whole(orjson.loads(text))
    assert isinstance(found, str)
    return found


def _plain(part: Part) -> Any:
    if isinstance(part, Said):
        return [part.template, {name: _plain(each) for name, each in part.values.items()}]
    if isinstance(part, str | int):
        return held(str(part)) if isinstance(part, str) else part
    return {"all": [_plain(each) for each in part]}


def _whole(plain: Any) -> Any:
    if isinstance(plain, list):
        template, values = plain
        return Said(template, **{name: _whole(each) for name, each in values.items()})
    if isinstance(plain, dict):
        return [_whole(each) for each in plain["all"]]
    return plain
