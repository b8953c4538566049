"""Runs a parsed query against the org."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from stagesync.sandbox.salesforce.errors import bad_request, invalid_type
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import FieldDef, ObjectDef
from stagesync.sandbox.salesforce.soql.aggregates import aggregate
from stagesync.sandbox.salesforce.soql.children import with_children
from stagesync.sandbox.salesforce.soql.columns import Column, Source, resolve
from stagesync.sandbox.salesforce.soql.conditions import (
    Scope,
    Test,
    compile_condition,
    stamp_bounds,
    wanted_ids,
)
from stagesync.sandbox.salesforce.soql.lexer import malformed, pointed
from stagesync.sandbox.salesforce.soql.shape import Render, make_renderer
from stagesync.sandbox.salesforce.soql.tree import Order, Path, Query

FIELDS_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found.

    Attributes:
        total: how many rows, of which `rows` holds all; for ``COUNT()`` there are none to hold.
        render: makes the JSON record of one of `rows`.
        columns: what was selected; none for aggregates.
    """

    entity: ObjectDef
    rows: list[Row]
    total: int
    render: Render
    columns: Sequence[Column] = field(default=())


def run(
    source: Source, query: Query, *, everything: bool, root: str, tooling: bool = False
) -> Found:
    """All rows a query asks for, in its order.

    Args:
        everything: with deleted and archived rows, as queryAll.
        root: what stands before ``/sobjects`` in the url of a record.
        tooling: the objects of the Tooling API instead of the data.

    Raises:
        ApiError: as the API words it.
    """
    entity = source.definition(query.entity, tooling=tooling)
    if entity is None:
        raise _unknown_object(query)
    query = replace(query, fields=_expanded(source, query, entity=entity))
    rows = _matching(source, query, entity=entity, everything=everything)
    if query.count_all:
        total = sum(1 for _ in _window(rows, query))
        return Found(entity, [], total, _no_record)
    if query.aggregates or query.group_by:
        lines = aggregate(source, query, entity=entity, rows=rows)
        return Found(entity, lines, len(lines), _as_it_is)
    columns = _selected(source, query, entity=entity)
    found = list(_window(_sorted(source, query, entity=entity, rows=rows), query))
    render = make_renderer(source, entity=entity, columns=columns, root=root)
    if query.children:

        def run_child(child: Query) -> tuple[list[Row], Render]:
            below = run(source, child, everything=everything, root=root)
            return below.rows, below.render

        render = with_children(source, query, entity=entity, render=render, run=run_child)
    return Found(entity, found, len(found), render, columns)


def _no_record(_: Row) -> dict[str, Any]:
    return {}


def _as_it_is(row: Row) -> dict[str, Any]:
    return row


def _unknown_object(query: Query) -> Exception:
    message = invalid_type(query.entity).problems[0].message
    return bad_request("INVALID_TYPE", pointed(query.text, query.entity_at, message=message))


def _expanded(source: Source, query: Query, *, entity: ObjectDef) -> tuple[Path, ...]:
    fields: list[Path] = []
    for path in query.fields:
        if path.text.startswith("FIELDS("):
            fields += _field_set(source, query, entity=entity, path=path)
        else:
            fields.append(path)
    return tuple(fields)


def _field_set(source: Source, query: Query, *, entity: ObjectDef, path: Path) -> list[Path]:
    which = path.text[7:-1]
    if which != "STANDARD" and (query.limit is None or query.limit > FIELDS_LIMIT):
        message = f"The SOQL FIELDS function must have a LIMIT of at most {FIELDS_LIMIT}"
        raise malformed(query.text, path.at, message=message)
    wanted = {"ALL": (True, False), "STANDARD": (False,), "CUSTOM": (True,)}[which]
    fields = source.readable(entity).values()
    return [Path(item.name, path.at) for item in fields if item.custom in wanted]


def _selected(source: Source, query: Query, *, entity: ObjectDef) -> list[Column]:
    seen: set[str] = set()
    for path in query.fields:
        if path.text.lower() in seen:
            raise bad_request("INVALID_FIELD", f"duplicate field selected: {path.text}")
        seen.add(path.text.lower())
    return [resolve(source, query.text, entity=entity, path=path) for path in query.fields]


def _matching(
    source: Source, query: Query, *, entity: ObjectDef, everything: bool
) -> Iterator[Row]:
    table = source.table(entity.name)
    ids = wanted_ids(query.where)
    if ids is None:
        candidates: Iterable[Row] = table.between(*stamp_bounds(query.where))
    else:
        found = sorted((table.rows[i] for i in ids if i in table.rows), key=_feed_key)
        candidates = found
    tests: list[Test] = [] if everything else _visibility(entity)
    if query.where is not None:
        scope = Scope(source, entity, query.text, lambda inner: _values(source, inner))
        tests.append(compile_condition(query.where, scope))
    for test in tests:
        candidates = filter(test, candidates)
    return iter(candidates)


def _feed_key(row: Row) -> tuple[float, str]:
    return (row.get("SystemModstamp") or 0.0, row["Id"])


def _visibility(entity: ObjectDef) -> list[Test]:
    tests: list[Test] = []
    if "IsDeleted" in entity.fields:
        tests.append(lambda row: not row.get("IsDeleted"))
    if "IsArchived" in entity.fields:
        tests.append(lambda row: not row.get("IsArchived"))
    return tests


def _values(source: Source, query: Query) -> set[Any]:
    entity = source.definition(query.entity)
    if entity is None:
        raise _unknown_object(query)
    read = resolve(source, query.text, entity=entity, path=query.fields[0]).read
    rows = _matching(source, query, entity=entity, everything=False)
    return {value for value in map(read, rows) if value is not None}


def _sorted(
    source: Source, query: Query, *, entity: ObjectDef, rows: Iterator[Row]
) -> Iterable[Row]:
    if not query.order_by:
        # Salesforce promises no order; a scrambled one shows who relied on it.
        return sorted(rows, key=lambda row: row["Id"][14::-1])
    orders = [
        (order, resolve(source, query.text, entity=entity, path=order.path))
        for order in query.order_by
    ]
    if _is_feed_order([(order, column.field) for order, column in orders]):
        return rows
    found = list(rows)
    for order, column in reversed(orders):
        _sort_by(found, order, column)
    return found


def _is_feed_order(orders: Sequence[tuple[Order, FieldDef]]) -> bool:
    names = [field.name for order, field in orders if not order.descending]
    return len(names) == len(orders) and names[:2] in (["SystemModstamp"], ["SystemModstamp", "Id"])


def _sort_by(rows: list[Row], order: Order, column: Column) -> None:
    null_rank = 2 if order.nulls_last != order.descending else 0
    read = column.read

    def key(row: Row) -> tuple[int, Any]:
        value = read(row)
        if value is None:
            return null_rank, 0
        folds = isinstance(value, str) and column.field.type not in {"id", "reference"}
        return 1, value.lower() if folds else value

    rows.sort(key=key, reverse=order.descending)


def _window(rows: Iterable[Row], query: Query) -> Iterator[Row]:
    end = None if query.limit is None else query.offset + query.limit
    return islice(rows, query.offset, end)
