"""Verdicts as commands and `explain` print them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from stagesync.engine.instants import iso
from stagesync.store import records, verdicts
from stagesync.store.records import StoredRecord
from stagesync.store.verdicts import StoredVerdict


def people_of(tx: Connection, said: StoredVerdict) -> set[str]:
    """Whom the records that it names belong to now."""
    own = records.records_where(tx, "pk", said.records)
    return {each.person for each in own if each.person}


def name_of(record: StoredRecord) -> str:
    """The record as people name it to us."""
    return f"{record.connection}/{record.object}/{record.id}"


def document(tx: Connection, said: StoredVerdict, concerned: Sequence[str]) -> dict[str, Any]:
    """A verdict as commands print it.

    Args:
        concerned: the people whom it was about when the command began.
    """
    named = {each.pk: name_of(each) for each in records.records_where(tx, "pk", said.records)}
    return {
        "verdict": said.id,
        "says": said.word,
        "records": [named[pk] for pk in said.one],
        "others": [named[pk] for pk in said.other],
        "people": list(concerned),
        "now": sorted(people_of(tx, said)),
        "by": said.said_by,
        "at": iso(said.said_at_s),
        "undone_by": said.undone_by or None,
        "undone_at": None if said.undone_at_s is None else iso(said.undone_at_s),
    }


def verdicts_on(tx: Connection, person: str) -> list[dict[str, Any]]:
    """Every verdict that names one of a person's records, undone ones included, oldest first."""
    pks = {each.pk for each in records.records_where(tx, "person", [person])}
    return [
        document(tx, each, sorted(people_of(tx, each)))
        for each in verdicts.all_verdicts(tx)
        if not pks.isdisjoint(each.records)
    ]
