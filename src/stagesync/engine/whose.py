"""What the log tells of somebody, under whatever id it was told.

An entry bears the id that somebody had at the time. Ids end when people turn out to be one; the entry that
tells of that names the id which ended, and the record, which stays what it is.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from stagesync.domain.chain import entry_of
from stagesync.store import log, people, records
from stagesync.store.log import Row
from stagesync.store.people import kind_of
from stagesync.store.records import StoredRecord

ENDED = ("joined", "merged")
"""What the log says when an id ends and another one goes on for it."""


def ids_of(tx: Connection, subject: str) -> set[str]:
    """This id and all that ended in it, but those that somebody bears again."""
    found, fresh, kind = {subject}, {subject}, kind_of(subject)
    while fresh:
        entries = [entry_of(each.sealed) for each in log.about(tx, people=fresh)]
        fresh = {
            entry["before"]
            for entry in entries
            if (entry["result"] or {}).get("identity") in ENDED and entry["before"]
        } - found
        fresh -= people.placed(tx, kind, fresh).keys()
        found |= fresh
    return found


def went_to(tx: Connection, ended: str) -> set[str] | None:
    """To whom the records of an id belong that nobody bears any more; None when the log does not know the id."""
    taken = [
        (row, entry)
        for row in log.taken_from(tx, ended)
        for entry in [entry_of(row.sealed)]
        if "identity" in (entry["result"] or {})
    ]
    kind, found = kind_of(ended), set[str]()
    for row, entry in taken:
        connection, object_name, record_id = ref_of(row)
        held = records.records_of(tx, connection, object_name, [record_id]).get(record_id)
        now = getattr(held, kind) if held else None
        found |= {now} if now else people.placed(tx, kind, [entry["after"]]).keys()
    return found if taken or log.about(tx, people=[ended]) else None


def log_of(tx: Connection, subject: str) -> list[Row]:
    """Every entry of a person or an account: under their ids, and of the records that are theirs now."""
    own = records.records_where(tx, kind_of(subject), [subject])
    return rows_of(tx, ids_of(tx, subject), own)


def rows_of(tx: Connection, ids: Collection[str], own: Collection[StoredRecord]) -> list[Row]:
    """Every entry under these ids or of these records, oldest first."""
    refs = {(each.connection, each.object, each.id) for each in own}
    found = log.about(tx, people=ids, ids={each.id for each in own})
    return [each for each in found if each.person in ids or ref_of(each) in refs]


def ref_of(row: Row) -> tuple[str, str, str]:
    """Connection, object and id of the record that an entry is of; empty texts where it is of none."""
    return (row.connection, entry_of(row.sealed)["object"] or "", row.id)
