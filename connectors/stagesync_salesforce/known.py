"""What a connector has learned of its org while it worked; forgotten when it stops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stagesync.connector import Actor


@dataclass(slots=True)
class Known:
    """What is known of the org so far.

    Attributes:
        converted: ids of leads that were converted; the vendor never takes that back.
        persons: whether the org has person accounts, which it cannot give up; None until known.
        shared: whether activities may have several people, which an org cannot take back; None until known.
        halves: contact -> its person account; empty for a contact that is none.
        tracked: object -> its fields with a history, in small letters; None where we may not see which.
        calculated: object -> its fields that the org works out, in small letters.
        actors: user id -> what that user is.
    """

    converted: set[str] = field(default_factory=set)
    persons: bool | None = None
    shared: bool | None = None
    halves: dict[str, str] = field(default_factory=dict)
    tracked: dict[str, frozenset[str] | None] = field(default_factory=dict)
    calculated: dict[str, frozenset[str]] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)

    def forget_settings(self) -> None:
        """Forgets what an administrator may have changed since."""
        self.tracked.clear()
        self.actors.clear()

    def learn(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Takes in what rows tell."""
        for row in rows:
            if row.get("IsConverted") is True:
                self.converted.add(row["Id"])
            if row.get("IsPersonAccount") is True and row.get("AccountId"):
                self.halves[row["Id"]] = str(row["AccountId"])
