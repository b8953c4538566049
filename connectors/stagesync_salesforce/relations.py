"""Shared Activities: several people on one task or event.

An activity names one of them in its WhoId, and up to fifty in rows of another object. Those ride
with the activity as a subquery. Whether an activity gets a new stamp when somebody is added to it
is not documented, so activities whose relations changed are looked for now and then, together with
what is gone. Bulk jobs allow no subqueries: such an org's activities are loaded by pages.

Source: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_taskrelation.htm
(seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stagesync_salesforce import api, soql
from stagesync_salesforce.read import query_rows
from stagesync_salesforce.transport import Transport


def changed(
    transport: Transport, spec: api.SObject, selected: Sequence[str], *, since_s: float
) -> Iterator[Any]:
    """The rows of live activities whose people changed since."""
    key = f"{spec.name}Id"
    since = f"{api.STAMP} >= {soql.instant(since_s)}"
    text = soql.select([key], spec.relation, since, "IsWhat = false")
    ids = sorted({str(row[key]) for row in query_rows(transport, text, deleted=True)})
    conditions = spec.conditions()
    for start in range(0, len(ids), api.RETRIEVE_SIZE):
        some = soql.within("Id", ids[start : start + api.RETRIEVE_SIZE])
        yield from query_rows(
            transport, soql.select(selected, spec.name, some, *conditions), deleted=True
        )
