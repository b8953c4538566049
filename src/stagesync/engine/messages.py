"""What is said to people of alerts that came and went: ids and counts, and nothing of anybody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stagesync.connector import without_secrets
from stagesync.domain.said import Said, template
from stagesync.engine.channels import Message
from stagesync.store.channels import Change

MOST = 20
"""Alerts of one message; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Speech:
    """How sentences are said.

    Attributes:
        say: a sentence in the language of those who are told.
        link: address of the page that shows alerts; empty where there is none.
    """

    say: Callable[[str], str] = str
    link: str = ""


_RAISED = template("raised: {what}")
_ENDED = template("ended: {what}")
_BOTH = template("raised and ended: {what}")


def compose(changes: Sequence[Change], speech: Speech) -> Message:
    """One message for all of them; the same alert of several connections is one line.

    Args:
        changes: at least one, oldest first.
    """
    alike: dict[tuple[str, str, str, str], list[Change]] = {}
    for each in changes:
        key = (_word(each), each.alert.key, each.alert.what, each.alert.fix)
        alike.setdefault(key, []).append(each)
    lines = [_lines(word, found, speech) for (word, *_), found in alike.items()]
    if len(lines) > MOST:
        left = Said("and {count} more", count=len(lines) - MOST)
        lines = [*lines[:MOST], speech.say(left)]
    subject = Said(
        "stagesync alerts: {raised} raised, {ended} ended",
        raised=sum(each.raised for each in changes),
        ended=sum(each.ended for each in changes),
    )
    text = "\n\n".join([*lines, *([speech.link] if speech.link else [])])
    return Message(without_secrets(speech.say(subject)), without_secrets(text))


def _word(each: Change) -> str:
    if each.raised:
        return _BOTH if each.ended else _RAISED
    return _ENDED


def _lines(word: str, found: Sequence[Change], speech: Speech) -> str:
    alert = found[0].alert
    names = [each.alert.connection for each in found if each.alert.connection]
    what = (
        Said("{connections}: {what}", connections=names, what=alert.what) if names else alert.what
    )
    told = speech.say(Said(word, what=what))
    if word == _RAISED:
        told += "\n" + speech.say(Said("fix: {fix}", fix=alert.fix))
    return told
