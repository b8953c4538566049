"""Records as they are now, by id, past the search's index.

Source: https://developers.hubspot.com/docs/guides/api/crm/understanding-the-crm (seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stagesync.connector import Record
from stagesync_hubspot.records import Wish, merged_ids, to_records
from stagesync_hubspot.search import read_raw
from stagesync_hubspot.stages import DealStages
from stagesync_hubspot.transport import Transport


def read(
    transport: Transport, wish: Wish, ids: Sequence[str], *, stages: DealStages
) -> list[Record]:
    """These records, a hundred a call; those that are gone are left out.

    A merge gives a record a new id under which the old ones are answered. For each old id that was
    asked for there is a record of that id whose `merged_into` names the new one, beside the new
    one itself.
    """
    asked = list(dict.fromkeys(ids))
    raw = {one["id"]: one for one in read_raw(transport, wish, asked)}
    records = {one.id: one for one in to_records(list(raw.values()), wish, stages=stages)}
    into = {old: new for new, one in raw.items() for old in merged_ids(one)}
    merged = [
        replace(records[into[old]], id=old, merged_into=into[old])
        for old in asked
        if old not in records and old in into
    ]
    return [*records.values(), *merged]
