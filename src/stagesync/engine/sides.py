"""One deployment under two sets of definitions, and the facts that each of them looks at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from stagesync.engine.assemble import Assembled, assemble_people
from stagesync.engine.deployment import Deployment

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Both(Generic[_T]):
    """The same thing on either side: under the definitions held against, and under those on trial."""

    before: _T
    after: _T

    def __iter__(self) -> Iterator[_T]:
        """The side held against, then the one on trial."""
        yield self.before
        yield self.after


Sides = Both[Deployment]
Found = Both[dict[str, Assembled]]


def assemble_both(tx: Connection, sides: Sides, ids: Sequence[str], *, now_s: float) -> Found:
    """People with their facts; read once where both policies look equally far back, at the same deals."""
    before = assemble_people(tx, sides.before, ids, now_s=now_s)
    if _look_alike(sides):
        return Both(before, before)
    return Both(before, assemble_people(tx, sides.after, ids, now_s=now_s))


def _look_alike(sides: Sides) -> bool:
    one, other = sides.before, sides.after
    return (
        one.compiled.windows == other.compiled.windows
        and one.policy.contactless_deals == other.policy.contactless_deals
    )
