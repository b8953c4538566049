"""What a connector has learned of its org while it worked; forgotten when it stops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Known:
    """What is known of the org so far.

    Attributes:
        converted: ids of leads that were converted; the vendor never takes that back.
    """

    converted: set[str] = field(default_factory=set)

    def learn(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Takes in what rows tell."""
        self.converted.update(row["Id"] for row in rows if row.get("IsConverted") is True)
