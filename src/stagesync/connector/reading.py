"""A vendor's answer that is not what it documents ends as our own error, wherever in a connector it is met.

What a connector reads is the word of another program: a number where a list was promised, a key that is not
there, a text that nests a thousand times. Checking every value by hand would bury the reading; so the methods
that the engine calls are marked, and what breaks inside them is told as an answer that cannot be read. The
cause stays attached: `--verbose` shows where it broke.
"""

from __future__ import annotations

import csv
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from stagesync.errors import AnswerUnreadable

P = ParamSpec("P")
T = TypeVar("T")

BREAKS = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    csv.Error,
)
"""What Python raises when a value is of another kind than the code takes it for."""


class WrongCall(ValueError):
    """A connector was called as the contract forbids: the caller's mistake, no vendor's."""


def reads_answers_of(vendor: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Marks a method that reads answers of this vendor, a generator too.

    Args:
        vendor: as messages call it.
    """

    def mark(method: Callable[P, T]) -> Callable[P, T]:
        if inspect.isgeneratorfunction(method):
            made: Callable[..., Any] = _each(method, vendor)
        else:
            made = _once(method, vendor)
        return cast("Callable[P, T]", wraps(method)(made))

    return mark


def _once(method: Callable[..., T], vendor: str) -> Callable[..., T]:
    def call(*args: Any, **kwargs: Any) -> T:
        with _told(vendor, method.__name__):
            return method(*args, **kwargs)

    return call


def _each(method: Callable[..., Any], vendor: str) -> Callable[..., Iterator[Any]]:
    def call(*args: Any, **kwargs: Any) -> Iterator[Any]:
        with _told(vendor, method.__name__):
            yield from method(*args, **kwargs)

    return call


@contextmanager
def _told(vendor: str, what: str) -> Iterator[None]:
    try:
        yield
    except WrongCall:
        raise
    except BREAKS as error:
        raise AnswerUnreadable(
            f"{vendor} answered something that cannot be read ({what}: {type(error).__name__})"
        ) from error
