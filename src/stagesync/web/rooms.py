"""What a page module says of its pages: where they are, and who may see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from starlette.responses import Response

from stagesync.engine.logins import Role
from stagesync.web.ask import Ask

Answer = Callable[[Ask], Response]
"""A page. It runs in a thread: it may ask the store, and take a while."""

SMALL = 64 * 1024
"""Bytes of a form, unless its page says otherwise."""


@dataclass(frozen=True, slots=True)
class Room:
    """One address of the console.

    Attributes:
        role: who may ask; None for everybody, signed in or not.
        largest: bytes of what may be sent to it.
    """

    path: str
    answer: Answer
    method: Literal["GET", "POST"]
    role: Role | None
    largest: int = SMALL


def page(path: str, answer: Answer, *, role: Role | None = Role.VIEWER) -> Room:
    """An address that shows something and changes nothing."""
    return Room(path, answer, "GET", role)


def act(path: str, answer: Answer, *, role: Role | None, largest: int = SMALL) -> Room:
    """An address that a form is sent to."""
    return Room(path, answer, "POST", role, largest)
