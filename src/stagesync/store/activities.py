"""Queries about what people did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, text

from stagesync.store.bulk import Put, store_rows
from stagesync.store.keys import chunks

BEFORE_ALL_S = -1e15
"""An instant before everything, which every database can compare."""


@dataclass(frozen=True, slots=True)
class StoredActivity:
    """An activity of the person whose record is `owner_pk`, told by the record `source_pk`."""

    owner_pk: int
    at_s: float
    type: str
    source_pk: int
    took_place: bool


_KEYS = ("owner_pk", "at_s", "type", "source_pk")
_SAVE = Put("activity", (*_KEYS, "took_place"), _KEYS, ("took_place",))


def save_activities(tx: Connection, activities: Sequence[StoredActivity]) -> None:
    """Store activities; one that is there already is only brought up to date."""
    rows = (
        (each.owner_pk, each.at_s, each.type, each.source_pk, int(each.took_place))
        for each in activities
    )
    store_rows(tx, _SAVE, rows)


def drop_activities_told_by(tx: Connection, source_pks: Iterable[int]) -> None:
    """Forget what these activity records told, before they tell it anew."""
    rows = [{"pk": pk} for pk in source_pks]
    if rows:
        tx.execute(text("DELETE FROM activity WHERE source_pk = :pk"), rows)


def activities_of(
    tx: Connection, owner_pks: Iterable[int], windows: Mapping[str, float | None], *, from_s: float
) -> dict[int, list[tuple[StoredActivity, str, str]]]:
    """Activities that the policy can still look at, by owner, with the source's connection and id.

    What a record told before it was merged into another one goes on counting.

    Args:
        windows: activity type -> seconds looked back; None means for ever; other types are left out.
        from_s: the earliest instant that is looked back from; minus infinite takes everything.
    """
    for_ever = [name for name, window in windows.items() if window is None] or [""]
    finite = [window for window in windows.values() if window is not None]
    oldest_s = max(from_s - max(finite, default=0.0), BEFORE_ALL_S)
    sql = text(
        "SELECT a.owner_pk, a.at_s, a.type, a.source_pk, a.took_place, r.connection, r.object, r.id"
        " FROM activity a JOIN record r ON r.pk = a.source_pk"
        " WHERE a.owner_pk IN :keys AND (a.at_s >= :oldest_s OR a.type IN :for_ever)"
        " AND (r.gone = 0 OR r.merged_into <> '')"
    ).bindparams(bindparam("keys", expanding=True), bindparam("for_ever", expanding=True))
    found: dict[int, list[tuple[StoredActivity, str, str]]] = {}
    for batch in chunks(owner_pks):
        values = {"keys": batch, "oldest_s": oldest_s, "for_ever": for_ever}
        for row in tx.execute(sql, values):
            told = StoredActivity(
                row.owner_pk, row.at_s, row.type, row.source_pk, bool(row.took_place)
            )
            source = f"{row.object}/{row.id}"
            found.setdefault(row.owner_pk, []).append((told, row.connection, source))
    return found


Key = tuple[int, float, str, int]
"""Owner, instant, type, source."""


def key_of(each: StoredActivity) -> Key:
    """By what an activity is known."""
    return each.owner_pk, each.at_s, each.type, each.source_pk


def known_among(tx: Connection, told: Sequence[StoredActivity]) -> set[Key]:
    """Those of these activities that are stored."""
    if not told:
        return set()
    first, last = min(each.at_s for each in told), max(each.at_s for each in told)
    sql = text(
        "SELECT owner_pk, at_s, type, source_pk FROM activity"
        " WHERE owner_pk IN :keys AND at_s >= :first AND at_s <= :last"
    ).bindparams(bindparam("keys", expanding=True))
    return {
        (row.owner_pk, row.at_s, row.type, row.source_pk)
        for batch in chunks({each.owner_pk for each in told})
        for row in tx.execute(sql, {"keys": batch, "first": first, "last": last})
    }
