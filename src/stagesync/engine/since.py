"""Since when somebody has been what a flag says, where no CRM field tells the date.

A policy may ask what happened after a flag was set: the nurtured return by a request made since. Few CRMs
keep that date, so the store keeps the stamp of the first state of a record in which the flag was seen,
and forgets it when the flag goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stagesync.domain.facts import PERSON_FACTS, Kind
from stagesync.domain.mapping import Reading
from stagesync.domain.merge import Chosen, Told

DATED_FLAGS: Mapping[str, str] = {
    name: f"{name}_since"
    for name, kind in PERSON_FACTS.items()
    if kind is Kind.FLAG and PERSON_FACTS.get(f"{name}_since") is Kind.INSTANT
}
"""Flag of a person -> the fact that dates it."""


def told_flags(reading: Reading) -> tuple[str, ...]:
    """The dated flags that a record sets, for its person or for all its people."""
    told = {**reading.people, **reading.person}
    return tuple(name for name in DATED_FLAGS if told.get(name) is True)


def dates_of_flags(
    chosen: Mapping[str, Chosen],
    records: Iterable[tuple[int, Told]],
    since: Mapping[int, Mapping[str, float]],
) -> dict[str, Chosen]:
    """The dates of the flags that are set and that no record dates, by full fact name.

    Args:
        records: who told what, each with the store's number of the record.
        since: record -> flag -> instant of first sight.
    """
    found = {}
    for flag, dated in DATED_FLAGS.items():
        one = chosen.get(f"person.{flag}")
        if one is None or one.value is not True or f"person.{dated}" in chosen:
            continue
        pk = next((pk for pk, told in records if told is one.told_by), None)
        at_s = since.get(pk, {}).get(flag) if pk is not None else None
        if at_s is not None:
            found[f"person.{dated}"] = Chosen(at_s, one.told_by, ())
    return found
