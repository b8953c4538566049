"""What became of merged records.

The loser of a merge is deleted and bears the winner's id; the winner may have lost another merge
since. Only `queryAll` shows losers.

Source: https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/apex_triggers_merge_statements.htm
(seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stagesync_salesforce import api, soql
from stagesync_salesforce.read import query_rows
from stagesync_salesforce.transport import Transport

# A chain so long is a fault of the data; it then ends where we stopped.
LONGEST_CHAIN = 20


def winners(
    transport: Transport, spec: api.SObject, rows: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """The id of each merged row -> the record that it ended in, through any number of merges.

    Costs calls only where a winner is not among the rows itself.
    """
    masters = _masters(rows)
    asked = set(masters)
    for _ in range(LONGEST_CHAIN):
        unknown = sorted(set(masters.values()) - asked)
        if not unknown:
            break
        asked.update(unknown)
        for start in range(0, len(unknown), api.RETRIEVE_SIZE):
            masters |= _losers_among(
                transport, spec, ids=unknown[start : start + api.RETRIEVE_SIZE]
            )
    return {loser: _end(loser, masters) for loser in _masters(rows)}


def _losers_among(transport: Transport, spec: api.SObject, *, ids: Sequence[str]) -> dict[str, str]:
    text = soql.select(["Id", api.MASTER], spec.name, "IsDeleted = true", soql.within("Id", ids))
    return _masters(query_rows(transport, text, deleted=True))


def _masters(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {row["Id"]: str(row[api.MASTER]) for row in rows if row.get(api.MASTER)}


def _end(loser: str, masters: Mapping[str, str]) -> str:
    """The last of the chain; a chain that turns back on itself ends before it does."""
    seen, end = {loser}, masters[loser]
    while end in masters and end not in seen:
        seen.add(end)
        end = masters[end]
    return end
