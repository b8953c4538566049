"""What an undo leaves as it is, of nobody in particular: kept with its plan, and read in either language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import orjson

from stagesync.store import words


@dataclass(frozen=True, slots=True)
class Leaves:
    """Sentences.

    Attributes:
        skipped: why a value stays -> how many stay for that.
        beyond: what no undo takes back.
    """

    skipped: Mapping[str, int] = field(default_factory=dict)
    beyond: Sequence[str] = ()

    def keep(self) -> str:
        """As a text for the plan."""
        skipped = [[words.keep(why), count] for why, count in self.skipped.items()]
        beyond = [words.keep(each) for each in self.beyond]
        return orjson.dumps({"skipped": skipped, "beyond": beyond}).decode()

    @classmethod
    def kept(cls, text: str) -> Self:
        """What was kept."""
        told = orjson.loads(text)
        return cls(
            {words.kept(why): count for why, count in told["skipped"]},
            [words.kept(each) for each in told["beyond"]],
        )
