"""What definitions would ask of the CRMs: values to write, and the calls that they take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from stagesync.domain.plan import Wish
from stagesync.engine.deployment import Deployment
from stagesync.engine.describe import Descriptions
from stagesync.engine.propose import propose_for
from stagesync.store.records import StoredRecord


@dataclass(slots=True)
class Cost:
    """One connection's part.

    Attributes:
        values: fields that would be written.
        records: object -> records with at least one such field.
        left: reason -> fields that differ and would stay.
    """

    values: int = 0
    records: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)

    def calls(self, largest_write: int) -> int:
        """Write requests, in the connector's largest batches: each takes records of one object."""
        return sum(-(-count // largest_write) for count in self.records.values())


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
        cost.left.update(str(one.reason) for one in left)
