"""Subqueries in the select list: the children of each record, as a query result of their own.

``SELECT Id, (SELECT Id FROM Contacts) FROM Account`` nests a result under ``Contacts``, or null
where there is no child.

Source: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/
sforce_api_calls_soql_relationships_query_using.htm (seen 2026-11)
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stagesync.sandbox.salesforce.errors import bad_request, no_such_relationship
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import ObjectDef
from stagesync.sandbox.salesforce.soql.columns import Source
from stagesync.sandbox.salesforce.soql.lexer import malformed, pointed
from stagesync.sandbox.salesforce.soql.shape import Render
from stagesync.sandbox.salesforce.soql.tree import Query

# Runs a query and returns its rows and how they are rendered.
RunChild = Callable[[Query], tuple[list[Row], Render]]
_Read = Callable[[Row], dict[str, Any] | None]


def with_children(
    source: Source, query: Query, *, entity: ObjectDef, render: Render, run: RunChild
) -> Render:
    """The renderer of a query whose records carry the results of its subqueries.

    Raises:
        ApiError: INVALID_TYPE for an unknown relationship, MALFORMED_QUERY for an OFFSET inside.
    """
    readers = {
        child.entity: _reader(source, query, child, entity=entity, run=run)
        for child in query.children
    }

    def whole(row: Row) -> dict[str, Any]:
        return render(row) | {name: read(row) for name, read in readers.items()}

    return whole


def _reader(
    source: Source, query: Query, child: Query, *, entity: ObjectDef, run: RunChild
) -> _Read:
    found = source.child(entity, child.entity)
    if found is None:
        message = no_such_relationship(child.entity)
        raise bad_request("INVALID_TYPE", pointed(query.text, child.entity_at, message=message))
    if child.offset:
        message = "OFFSET cannot be used in a subquery"
        raise malformed(query.text, child.entity_at, message=message)
    name, key = found
    rows, render = run(replace(child, entity=name, limit=None))
    below: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.get(key):
            below[row[key]].append(row)

    def read(parent: Row) -> dict[str, Any] | None:
        mine = below.get(parent["Id"], [])[: child.limit]
        if not mine:
            return None
        return {"totalSize": len(mine), "done": True, "records": [render(row) for row in mine]}

    return read
