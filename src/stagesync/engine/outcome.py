"""What a run did, whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stagesync.engine.describe import Descriptions
from stagesync.engine.evaluate import Evaluated
from stagesync.engine.first_load import Unread, must_wait
from stagesync.engine.plan import Planned
from stagesync.engine.pull import Pulled
from stagesync.engine.writeback import Written
from stagesync.errors import CrmError


@dataclass(slots=True)
class Outcome:
    """What a run did, whole.

    Attributes:
        descriptions: connection -> its live fields, where they are known.
        overwritten: connection -> edits that our earlier writes had replaced while they were under way.
        calls: connection -> requests that count against the vendor's quota.
        paced_s: connection -> how long its calls waited for their turn under the vendor's limits; seconds,
            those of calls in flight at once added up.
        troubles: connection -> what broke it off.
        unread: connections whose first load is not complete.
    """

    run: str
    plan: Planned
    pulled: Mapping[str, Pulled]
    evaluated: Evaluated
    people: int
    descriptions: Mapping[str, Descriptions]
    overwritten: Mapping[str, int] = field(default_factory=dict)
    written: Mapping[str, Written] = field(default_factory=dict)
    calls: Mapping[str, int] = field(default_factory=dict)
    paced_s: Mapping[str, float] = field(default_factory=dict)
    troubles: Mapping[str, CrmError] = field(default_factory=dict)
    unread: Sequence[Unread] = ()
    seconds: float = 0.0

    @property
    def waits(self) -> bool:
        """Whether a first load must be complete before anything is evaluated or written."""
        return must_wait(self.unread)

    @property
    def is_incomplete(self) -> bool:
        """Whether something is left that the next run must read or write."""
        return bool(self.troubles) or self.waits

    @property
    def exit_code(self) -> int:
        """As `docs/cli.md` lists them: the gravest that holds."""
        if self.is_incomplete:
            return 4
        if any(each.refused for each in self.written.values()):
            return 6
        return 3 if self.plan.held else 0

    def summary(self) -> dict[str, Any]:
        """The JSON document of `stagesync sync`."""
        return {
            "run": self.run,
            "plan": self.plan.id,
            "pulled": {name: each.records for name, each in self.pulled.items()},
            "changed": {name: each.changed for name, each in self.pulled.items()},
            "people": self.people,
            "evaluated": len(self.evaluated.people),
            "transitions": self.evaluated.transitions,
            "written": {name: self._written(name).written for name in self.pulled},
            "refused": {name: self._written(name).refused for name in self.pulled},
            "skipped": self.plan.differences,
            "held": self.plan.held,
            "edited": {name: self._written(name).edited for name in self.pulled},
            "overwritten_edits": {name: self.overwritten.get(name, 0) for name in self.pulled},
            "ramped": {name: self._written(name).ramped for name in self.pulled},
            "calls": dict(self.calls),
            "paced_s": dict(self.paced_s),
            "troubles": {name: str(error) for name, error in self.troubles.items()},
            "unread": {each.connection: dict(each.objects) for each in self.unread},
            "seconds": self.seconds,
        }

    def _written(self, name: str) -> Written:
        return self.written.get(name, Written())
