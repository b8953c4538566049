"""Compiles a WHERE clause into one function of a row.

Null never compares: ``<`` and its kin are false for it, ``!=`` and NOT IN are true. Text compares
without regard to case, ids with it. An empty text is null.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stagesync.sandbox.salesforce.errors import bad_request
from stagesync.sandbox.salesforce.ids import full_id
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import FieldDef, ObjectDef
from stagesync.sandbox.salesforce.soql.columns import Getter, Source, resolve
from stagesync.sandbox.salesforce.soql.lexer import pointed
from stagesync.sandbox.salesforce.soql.tree import Compare, Condition, Group, Not, Query, SemiJoin
from stagesync.sandbox.salesforce.values import parse_date, parse_datetime

Test = Callable[[Row], bool]
SubQuery = Callable[[Query], set[Any]]

NUMBERS = frozenset({"int", "double", "currency", "percent"})
KEYS = frozenset({"id", "reference"})
_KINDS = {"boolean": "boolean", "datetime": "datetime", "date": "date"}
_SPOKEN = {"datetime": "dateTime", "number": "double"}
_ORDERED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Scope:
    """What compiling a condition needs to know."""

    source: Source
    entity: ObjectDef
    text: str
    subquery: SubQuery


def compile_condition(condition: Condition, scope: Scope) -> Test:
    """The function that tells whether a row meets the condition.

    Raises:
        ApiError: INVALID_FIELD, INVALID_QUERY_FILTER_OPERATOR, as the API words them.
    """
    match condition:
        case Compare():
            return _compare(condition, scope)
        case SemiJoin():
            return _semi_join(condition, scope)
        case Not():
            inner = compile_condition(condition.inner, scope)
            return lambda row: not inner(row)
        case Group():
            return _group(condition, scope)


def _group(group: Group, scope: Scope) -> Test:
    tests = tuple(compile_condition(part, scope) for part in group.parts)
    if len(tests) == 2:
        first, second = tests
        if group.joint == "AND":
            return lambda row: first(row) and second(row)
        return lambda row: first(row) or second(row)
    if group.joint == "AND":
        return lambda row: all(test(row) for test in tests)
    return lambda row: any(test(row) for test in tests)


def _semi_join(join: SemiJoin, scope: Scope) -> Test:
    read = resolve(scope.source, scope.text, entity=scope.entity, path=join.path).read
    found = scope.subquery(join.query)
    if join.negated:
        return lambda row: read(row) not in found
    return lambda row: read(row) in found


def _compare(compare: Compare, scope: Scope) -> Test:
    column = resolve(scope.source, scope.text, entity=scope.entity, path=compare.path)
    _check_filterable(column.field, compare, scope)
    values = [
        _convert(literal, column.field, compare, scope) for literal in compare.literals.values
    ]
    read = _folded(column.read) if _is_text(column.field) else column.read
    match compare.operator:
        case "LIKE":
            return _like(column.read, values[0])
        case "IN":
            wanted = frozenset(values)
            return lambda row: read(row) in wanted
        case "NOT IN":
            unwanted = frozenset(values)
            return lambda row: read(row) not in unwanted
        case "=":
            return _equal(read, values[0])
        case "!=":
            other = values[0]
            return lambda row: read(row) != other
        case _:
            return _ordered(read, compare.operator, values[0])


def _equal(read: Getter, value: Any) -> Test:
    if value is None:
        return lambda row: read(row) is None
    return lambda row: bool(read(row) == value)


def _ordered(read: Getter, sign: str, value: Any) -> Test:
    compare = _ORDERED[sign]
    if value is None:
        return lambda _: False

    def test(row: Row) -> bool:
        found = read(row)
        return found is not None and compare(found, value)

    return test


def _like(read: Getter, pattern: str | None) -> Test:
    if pattern is None:
        return lambda row: read(row) is None
    wild = {"%": ".*", "_": "."}
    pieces = re.findall(r"\\[%_]|.", pattern, re.DOTALL)
    regex = "".join(
        wild[piece] if piece in wild else re.escape(piece[-1] if len(piece) == 2 else piece)
        for piece in pieces
    )
    matches = re.compile(regex, re.IGNORECASE | re.DOTALL).fullmatch
    return lambda row: matches(str(read(row) or "")) is not None


def _folded(read: Getter) -> Getter:
    def fold(row: Row) -> Any:
        value = read(row)
        return value.lower() if isinstance(value, str) else value

    return fold


def _is_text(field: FieldDef) -> bool:
    return field.type not in NUMBERS | KEYS | _KINDS.keys()


def _check_filterable(field: FieldDef, compare: Compare, scope: Scope) -> None:
    if not field.filterable:
        message = f"field '{field.name}' can not be filtered in a query call"
        raise bad_request("INVALID_FIELD", pointed(scope.text, compare.path.at, message=message))
    if compare.operator == "LIKE" and not _is_text(field):
        raise bad_request(
            "INVALID_QUERY_FILTER_OPERATOR",
            pointed(
                scope.text, compare.path.at, message="invalid operator on " + field.type + " field"
            ),
        )


def _convert(literal: tuple[str, Any], field: FieldDef, compare: Compare, scope: Scope) -> Any:
    kind, value = literal
    if kind == "null":
        return None
    expected = "number" if field.type in NUMBERS else _KINDS.get(field.type, "string")
    if kind != expected:
        raise _wrong_kind(expected, compare, scope=scope)
    converted = _value(expected, field, value)
    if converted is None and value != "":
        if field.type in KEYS:
            message = pointed(scope.text, compare.path.at, message=f"invalid ID field: {value}")
            raise bad_request("INVALID_QUERY_FILTER_OPERATOR", message)
        raise _wrong_kind(expected, compare, scope=scope)
    if compare.operator == "LIKE":
        return value
    return converted


def _value(kind: str, field: FieldDef, value: Any) -> Any:
    if kind == "datetime":
        return parse_datetime(value)
    if kind == "date":
        return parse_date(value)
    if kind != "string":
        return value
    if field.type in KEYS:
        return full_id(value)
    return value.lower() or None


def _wrong_kind(expected: str, compare: Compare, *, scope: Scope) -> Exception:
    quotes = "should be" if expected == "string" else "should not be"
    message = (
        f"value of filter criterion for field '{compare.path.text}' must be of type "
        f"{_SPOKEN.get(expected, expected)} and {quotes} enclosed in quotes"
    )
    return bad_request("INVALID_FIELD", pointed(scope.text, compare.path.at, message=message))


def stamp_bounds(condition: Condition | None) -> tuple[float, float]:
    """A range of SystemModstamp, both ends included, outside of which no row can match."""
    everything = (float("-inf"), float("inf"))
    match condition:
        case Group(joint="AND"):
            ranges = [stamp_bounds(part) for part in condition.parts]
            return max(low for low, _ in ranges), min(high for _, high in ranges)
        case Group():
            ranges = [stamp_bounds(part) for part in condition.parts]
            return min(low for low, _ in ranges), max(high for _, high in ranges)
        case Compare() if condition.path.text.lower() == "systemmodstamp":
            stamp = parse_datetime(str(condition.literals.values[0][1]))
            if stamp is None:
                return everything
            return {
                "=": (stamp, stamp),
                ">": (stamp, everything[1]),
                ">=": (stamp, everything[1]),
                "<": (everything[0], stamp),
                "<=": (everything[0], stamp),
            }.get(condition.operator, everything)
        case _:
            return everything


def wanted_ids(condition: Condition | None) -> list[str] | None:
    """The only ids that can match, when the condition names them; else None."""
    match condition:
        case Compare(operator="=" | "IN") if condition.path.text.lower() == "id":
            found = (full_id(value) for _, value in condition.literals.values)
            return [record_id for record_id in dict.fromkeys(found) if record_id]
        case Group(joint="AND"):
            lists = (wanted_ids(part) for part in condition.parts)
            return next((ids for ids in lists if ids is not None), None)
        case _:
            return None
