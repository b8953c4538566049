"""What a plan, or other definitions, would ask of the CRMs: values to write, the calls and the time that they take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from stagesync.domain.plan import EMPTIES, Wish
from stagesync.engine.deployment import Deployment
from stagesync.engine.describe import Descriptions
from stagesync.engine.propose import propose_for
from stagesync.store import guards
from stagesync.store.plans import StoredEntry
from stagesync.store.records import StoredRecord

HOUR_S = 3_600.0
"""Within which *writes_per_hour* counts."""


@dataclass(slots=True)
class Cost:
    """One connection's part.

    Attributes:
        values: fields that would be written.
        records: object -> records with at least one such field.
        clears: object -> values that go back by way of the empty field.
        left: reason -> fields that differ and would stay.
    """

    values: int = 0
    records: Counter[str] = field(default_factory=Counter)
    clears: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)

    def reads(self, largest_write: int) -> int:
        """Requests that look at each batch once more, just before it is written."""
        return sum(self._batches(largest_write).values())

    def writes(self, largest_write: int) -> int:
        """Write requests, in the connector's largest batches: each takes records of one object.

        At most: where fields are emptied first, a batch takes two.
        """
        batches = self._batches(largest_write)
        return sum(count + min(count, self.clears[name]) for name, count in batches.items())

    def calls(self, largest_write: int) -> int:
        """All requests, if the CRM refuses nothing and nobody has to wait."""
        return self.reads(largest_write) + self.writes(largest_write)

    def hours(self, writes_per_hour: int, *, written: int) -> int:
        """Full hours until the last record is written.

        Args:
            written: records of the last hour.
        """
        later = self.records.total() - max(0, writes_per_hour - written)
        return max(0, -(-later // writes_per_hour))

    def _batches(self, largest_write: int) -> dict[str, int]:
        return {name: -(-count // largest_write) for name, count in self.records.items()}


def costs_of(entries: Iterable[StoredEntry]) -> dict[str, Cost]:
    """Connection -> what these entries of a plan ask of it."""
    costs: dict[str, Cost] = {}
    seen: set[int] = set()
    for each in entries:
        cost = costs.setdefault(each.connection, Cost())
        cost.values += 1
        cost.records[each.object] += each.record_pk not in seen
        cost.clears[each.object] += each.way in EMPTIES
        seen.add(each.record_pk)
    return costs


def cost_document(
    tx: Connection, deployment: Deployment, costs: Mapping[str, Cost], *, now_s: float
) -> dict[str, Any]:
    """What a plan costs, as commands print it: connection -> its part."""
    found = {}
    for name, cost in sorted(costs.items()):
        connected = deployment.connections.get(name)
        if connected is None:
            continue
        largest, limit = (
            connected.connector.capabilities.largest_write,
            connected.writes_per_hour,
        )
        written = guards.count_written(tx, name, since_s=now_s - HOUR_S, until_s=now_s)
        found[name] = {
            "values": cost.values,
            "records": cost.records.total(),
            "reads": cost.reads(largest),
            "writes": cost.writes(largest),
            "writes_per_hour": limit,
            "hours": None if limit is None else cost.hours(limit, written=written),
        }
    return found


def add_cost(
    costs: Mapping[str, Cost],
    deployment: Deployment,
    wish: Wish,
    records: Iterable[StoredRecord],
    *,
    descriptions: Mapping[str, Descriptions],
    in_scope: Container[int],
) -> None:
    """Add what the live records of one person or account would be written.

    Args:
        costs: connection -> its part so far; the others are passed over.
        descriptions: connection -> its fields as they were last read.
        in_scope: records that may be written.
    """
    for each in records:
        described = descriptions.get(each.connection, {}).get(each.object)
        if each.connection not in costs or described is None:
            continue
        out_of_scope = each.pk not in in_scope
        entries, left = propose_for(deployment, each, wish, described, out_of_scope=out_of_scope)
        cost = costs[each.connection]
        cost.values += len(entries)
        cost.records[each.object] += bool(entries)
        cost.clears[each.object] += sum(one.way in EMPTIES for one in entries)
        cost.left.update(str(one.reason) for one in left)
