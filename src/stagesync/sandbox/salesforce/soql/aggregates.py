"""GROUP BY, COUNT, COUNT_DISTINCT, MIN and MAX."""

from collections.abc import Callable, Iterable
from typing import Any

from stagesync.sandbox.salesforce.errors import bad_request
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import ObjectDef
from stagesync.sandbox.salesforce.soql.columns import Column, Source, resolve
from stagesync.sandbox.salesforce.soql.lexer import malformed
from stagesync.sandbox.salesforce.soql.shape import show
from stagesync.sandbox.salesforce.soql.tree import Query

_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len(set(values)),
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
}


def aggregate(source: Source, query: Query, *, entity: ObjectDef, rows: Iterable[Row]) -> list[Row]:
    """The records of an aggregate query; without GROUP BY exactly one."""
    keys = [resolve(source, query.text, entity=entity, path=path) for path in query.group_by]
    _check_grouped(query)
    columns = [
        resolve(source, query.text, entity=entity, path=item.path) for item in query.aggregates
    ]
    groups: dict[tuple[Any, ...], list[Row]] = {} if keys else {(): []}
    for row in rows:
        groups.setdefault(tuple(key.read(row) for key in keys), []).append(row)
    lines = [_line(query, keys=keys, columns=columns, group=group) for group in groups.items()]
    return lines[: query.limit]


def _check_grouped(query: Query) -> None:
    grouped = {path.text.lower() for path in query.group_by}
    for path in query.fields:
        if path.text.lower() not in grouped:
            message = f"Field must be grouped or aggregated: {path.text}"
            raise malformed(query.text, path.at, message=message)
    if query.offset:
        raise bad_request("MALFORMED_QUERY", "OFFSET is not allowed in an aggregate query")


def _line(
    query: Query,
    *,
    keys: list[Column],
    columns: list[Column],
    group: tuple[tuple[Any, ...], list[Row]],
) -> Row:
    values, rows = group
    line: Row = {"attributes": {"type": "AggregateResult"}}
    for key, value in zip(keys, values, strict=True):
        line[key.field.name] = show(key.field, value)
    for place, (item, column) in enumerate(zip(query.aggregates, columns, strict=True)):
        present = [value for value in map(column.read, rows) if value is not None]
        result = _FUNCTIONS[item.function](present)
        counted = item.function.startswith("COUNT")
        line[item.alias or f"expr{place}"] = result if counted else show(column.field, result)
    return line
