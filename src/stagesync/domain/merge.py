"""One value for each fact, when several records tell it.

The order of `prefer` decides: the first connection that has a value wins; within one connection, and
among connections that `prefer` does not name, the newest record wins. One fact is not a matter of
preference: who asked in any record not to be contacted is not contacted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stagesync.domain.facts import Value

SUPPRESSING = frozenset({"person.do_not_contact"})
"""Flags that hold as soon as one record sets them, whatever the others say."""


@dataclass(frozen=True, slots=True)
class Told:
    """Facts that one record tells.

    Attributes:
        connection, object, id: the record.
        changed_at_s: its stamp when it last held something new.
        facts: fact name -> value.
    """

    connection: str
    object: str
    id: str
    changed_at_s: float
    facts: Mapping[str, Value] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The value of one fact, who told it, and who told otherwise.

    Attributes:
        others: records that told another value, in order of preference.
    """

    value: Value = field(repr=False)
    told_by: Told
    others: tuple[Told, ...]


def merge_facts(told: Sequence[Told], *, prefer: Sequence[str]) -> dict[str, Chosen]:
    """The chosen value of every fact that at least one record tells."""
    ranked = sorted(told, key=lambda record: _rank(record, prefer))
    chosen: dict[str, Chosen] = {}
    for name in sorted({name for record in told for name in record.facts}):
        having = [record for record in ranked if name in record.facts]
        if name in SUPPRESSING:
            having.sort(key=lambda record: record.facts[name] is not True)
        value = having[0].facts[name]
        others = tuple(record for record in having[1:] if record.facts[name] != value)
        chosen[name] = Chosen(value, having[0], others)
    return chosen


def _rank(record: Told, prefer: Sequence[str]) -> tuple[int, float, str, str]:
    place = prefer.index(record.connection) if record.connection in prefer else len(prefer)
    return (place, -record.changed_at_s, record.object, record.id)
