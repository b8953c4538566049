"""Records by key, as they are now."""

from __future__ import annotations

from collections.abc import Sequence

from stagesync.connector import Record
from stagesync_sql import api
from stagesync_sql.pull import Source
from stagesync_sql.records import keys_of, record_of, select


def read(
    source: Source, object_name: str, ids: Sequence[str], *, fields: Sequence[str]
) -> list[Record]:
    """These records; those that are gone are left out, unless they became part of another."""
    shape = source.shapes.of(object_name)
    query = select(shape, fields)
    keys = list(keys_of(shape, dict.fromkeys(ids), zone=source.zone).values())
    rows = [
        row
        for start in range(0, len(keys), api.READ_IDS)
        for row in source.transport.rows(
            query.where(shape.key.in_(keys[start : start + api.READ_IDS]))
        )
    ]
    found = (record_of(shape, row, fields, zone=source.zone) for row in rows)
    return [each for each in found if not each.gone or each.merged_into]
