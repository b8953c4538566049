"""Setting values, a batch of records to a transaction.

A statement of many rows says nothing about one of them, so a batch goes three ways. What can be
judged beforehand (no such record, no such column, a value of another kind or not among the choices) is
refused without a statement. The rest is sent as one statement per set of columns. When the database
refuses that, its rows go one by one, and a refused row column by column, each inside a savepoint: so
that each refusal stands beside its value and everything else is written. At the end the rows are read
back in the same transaction: a trigger may keep a value in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from stagesync.connector import CrmError, Refusal, RequestRefused, Write, WriteResult, WrongCall
from stagesync_sql import failures
from stagesync_sql.describe import choices_of
from stagesync_sql.pull import Source
from stagesync_sql.records import keys_of
from stagesync_sql.shape import Shape
from stagesync_sql.values import is_same, stored, told, type_of

log = structlog.get_logger()


@dataclass(slots=True)
class _Item:
    """One write on its way.

    Attributes:
        values: as the columns take them, without those that were refused.
        refused: column -> why.
    """

    write: Write
    key: Any = None
    values: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, WriteResult] = field(default_factory=dict)

    def refuse(self, names: Sequence[str], refusal: Refusal, *, code: str, message: str) -> None:
        """These columns are not taken."""
        for name in names:
            self.values.pop(name, None)
            self.refused[name] = WriteResult(self.write, refusal, code=code, message=message)


def write(source: Source, writes: Sequence[Write], *, batch_size: int) -> list[WriteResult]:
    """Set values; see `Connector.write`."""
    if len({(each.object, each.id) for each in writes}) < len(writes):
        raise WrongCall("a record appears twice in one call")
    results: dict[tuple[str, str], WriteResult] = {}
    try:
        for name in dict.fromkeys(each.object for each in writes):
            of_object = [each for each in writes if each.object == name]
            for start in range(0, len(of_object), batch_size):
                batch = of_object[start : start + batch_size]
                for result in _write_batch(source, _target_of(source, name), batch):
                    results[result.write.object, result.write.id] = result
    except CrmError as error:
        done = ((each.object, each.id) for each in writes)
        error.results = [results[each] for each in done if each in results]
        raise
    return [results[each.object, each.id] for each in writes]


def _target_of(source: Source, name: str) -> Shape:
    shape = source.shapes.of(name)
    if shape.options.write is None:
        raise RequestRefused(f"stagesync writes nothing to {name}")
    if shape.target is None:
        raise RequestRefused(f"the table to write {name} to is missing", hint="run stagesync setup")
    return shape


def _write_batch(source: Source, shape: Shape, batch: Sequence[Write]) -> list[WriteResult]:
    def work(connection: sa.Connection) -> list[WriteResult]:
        # Made anew by every try: a try that failed took nothing.
        items = [_judged(source, shape, each) for each in batch]
        _find(connection, source, shape, items=items)
        _send(connection, shape, [item for item in items if item.values])
        held = _held(connection, shape, batch, source=source)
        return [_result(item, shape, held.get(item.key, {}), source=source) for item in items]

    results = source.transport.run(work)
    log.info("sql_batch_written", object=shape.name, records=len(batch))
    return results


def _judged(source: Source, shape: Shape, each: Write) -> _Item:
    item = _Item(each)
    for name, value in each.values.items():
        column = shape.columns.get(name)
        if column is None:
            item.refuse([name], Refusal.INVALID, code="NO_SUCH_COLUMN", message=f"no column {name}")
        elif not shape.is_writable(name):
            item.refuse([name], Refusal.FORBIDDEN, code="READ_ONLY", message=f"{name} is not ours")
        elif (choices := choices_of(shape, column)) and value not in (None, "", *choices):
            message = f"{name} does not offer this value"
            item.refuse([name], Refusal.INVALID, code="NO_SUCH_CHOICE", message=message)
        else:
            try:
                item.values[name] = stored(value, column, zone=source.zone)
            except ValueError:
                message = f"{name} holds values of type {type_of(column)}"
                item.refuse([name], Refusal.INVALID, code="WRONG_TYPE", message=message)
    return item


def _find(
    connection: sa.Connection, source: Source, shape: Shape, *, items: Sequence[_Item]
) -> None:
    """Gives each item the key of its row; one whose row is gone is refused whole."""
    keys = keys_of(shape, (item.write.id for item in items), zone=source.zone)
    query = sa.select(shape.key).where(shape.key.in_(list(keys.values())), sa.not_(shape.is_gone()))
    there = {row[0] for row in connection.execute(query)}
    for item in items:
        item.key = keys.get(item.write.id)
        if item.key not in there:
            names = list(item.write.values)
            item.refuse(names, Refusal.GONE, code="GONE", message="there is no such row")
            item.key = None


def _send(connection: sa.Connection, shape: Shape, items: Sequence[_Item]) -> None:
    known = _known_beside(connection, shape, items)
    groups: dict[tuple[bool, frozenset[str]], list[_Item]] = {}
    for item in items:
        groups.setdefault((item.key in known, frozenset(item.values)), []).append(item)
    for (is_there, names), group in groups.items():
        statement = _statement(shape, sorted(names), is_there=is_there)
        if _try(connection, statement, [_parameters(item, names) for item in group]) is not None:
            for item in group:
                _send_alone(connection, shape, item, is_there=is_there)


def _send_alone(connection: sa.Connection, shape: Shape, item: _Item, *, is_there: bool) -> None:
    """One row; when it is refused, each of its columns for itself."""
    names = sorted(item.values)
    whole = _statement(shape, names, is_there=is_there)
    problem = _try(connection, whole, [_parameters(item, names)])
    if problem is None:
        return
    for name in names:
        if len(names) > 1:
            statement = _statement(shape, [name], is_there=is_there)
            problem = _try(connection, statement, [_parameters(item, [name])])
            is_there = is_there or problem is None
        if problem is not None:
            code, message = failures.code_of(problem), failures.words_of(problem)
            item.refuse([name], failures.refusal_of(problem), code=code, message=message)


def _try(
    connection: sa.Connection,
    statement: sa.UpdateBase,
    parameters: list[dict[str, Any]],
) -> SQLAlchemyError | None:
    """Sends a statement inside a savepoint; what the database has against it, None for nothing.

    Raises:
        SQLAlchemyError: the connection is lost, or the trouble may pass.
    """
    try:
        with connection.begin_nested():
            connection.execute(statement, parameters)
    except DBAPIError as error:
        if failures.failure_of(error).retry_after_s is not None:
            raise
        return error
    return None


def _known_beside(connection: sa.Connection, shape: Shape, items: Sequence[_Item]) -> set[Any]:
    """Keys whose row can be updated; the others of a write-back table have to be inserted."""
    keys = [item.key for item in items]
    if shape.beside is None:
        return set(keys)
    column = shape.beside.columns[shape.target_key]
    return {row[0] for row in connection.execute(sa.select(column).where(column.in_(keys)))}


def _statement(shape: Shape, names: Sequence[str], *, is_there: bool) -> sa.UpdateBase:
    target = shape.target
    assert target is not None
    values: dict[str, Any] = {name: sa.bindparam(f"v_{name}") for name in names}
    key: sa.BindParameter[Any] = sa.bindparam("k_key")
    if is_there:
        return sa.update(target).where(target.columns[shape.target_key] == key).values(values)
    return sa.insert(target).values({**values, shape.target_key: key})


def _parameters(item: _Item, names: Sequence[str] | frozenset[str]) -> dict[str, Any]:
    return {"k_key": item.key, **{f"v_{name}": item.values[name] for name in names}}


def _held(
    connection: sa.Connection, shape: Shape, batch: Sequence[Write], *, source: Source
) -> Mapping[Any, Mapping[str, Any]]:
    """Key -> what stands in the columns that were written."""
    target = shape.target
    assert target is not None
    names = {name for each in batch for name in each.values if shape.is_writable(name)}
    keys = keys_of(shape, (each.id for each in batch), zone=source.zone)
    key = target.columns[shape.target_key]
    columns = [target.columns[name] for name in sorted(names)]
    query = sa.select(key, *columns).where(key.in_(list(keys.values())))
    found = {}
    for row in connection.execute(query):
        found[row[0]] = dict(zip(sorted(names), row[1:], strict=True))
    return found


def _result(item: _Item, shape: Shape, held: Mapping[str, Any], *, source: Source) -> WriteResult:
    for name, wish in list(item.values.items()):
        if not is_same(wish, held.get(name), shape.columns[name]):
            message = f"the database keeps another value in {name}"
            item.refuse([name], Refusal.OTHER, code="NOT_KEPT", message=message)
    now = {name: told(held[name], source.zone) for name in item.write.values if name in held}
    if not item.refused:
        return WriteResult(item.write, now=now)
    first = next(iter(item.refused.values()))
    whole = item.refused.keys() == item.write.values.keys()
    return replace(first, fields=() if whole else tuple(item.refused), now=now)
