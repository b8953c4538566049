"""Reads the JSON values of a write into stored values.

What is wrong here is wrong with the request, not with one record: an unknown name or a value of the
wrong JSON kind fails the whole request, however many records it carries.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from stagesync.sandbox.salesforce.errors import ApiError, Problem, bad_request
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import FieldDef, ObjectDef
from stagesync.sandbox.salesforce.values import day_of, parse_date, parse_datetime

_NUMBERS = frozenset({"double", "currency", "percent"})


def read_values(
    definition: ObjectDef, body: Mapping[str, Any], *, fields: Mapping[str, FieldDef]
) -> Row:
    """The stored values of one record of a write, by canonical field name.

    Args:
        fields: those the writer may see, by lower-case name.

    Raises:
        ApiError: INVALID_FIELD for an unknown or hidden name, JSON_PARSER_ERROR for a wrong kind.
    """
    values: Row = {}
    for name, value in body.items():
        if name in {"attributes", "Id", "id"}:
            continue
        field = fields.get(name.lower())
        if field is None or field.type == "address":
            sentence = f"No such column '{name}' on sobject of type {definition.name}"
            raise bad_request("INVALID_FIELD", sentence)
        values[field.name] = None if value is None else _read(field, value)
    return values


def _read(field: FieldDef, value: Any) -> Any:
    match field.type:
        case "boolean":
            return _boolean(field, value)
        case "int":
            return _integer(field, value)
        case "datetime":
            return _instant(field, value)
        case "date":
            return _date(field, value)
        case kind if kind in _NUMBERS:
            return _number(field, value)
        case _:
            return _text(field, value)


def _boolean(field: FieldDef, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise _unreadable(field, value)


def _integer(field: FieldDef, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise _unreadable(field, value)
    try:
        return int(value)
    except ValueError as error:
        raise _unreadable(field, value) from error


def _number(field: FieldDef, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _unreadable(field, value)
    try:
        exact = Decimal(str(value))
    except ArithmeticError as error:
        raise _unreadable(field, value) from error
    if not exact.is_finite():
        raise _unreadable(field, value)
    return float(exact.quantize(Decimal(1).scaleb(-field.scale), rounding=ROUND_HALF_UP))


def _instant(field: FieldDef, value: Any) -> float:
    stamp = parse_datetime(value) if isinstance(value, str) else None
    if stamp is None:
        raise _unreadable(field, value)
    return float(stamp // 1)


def _date(field: FieldDef, value: Any) -> str:
    if not isinstance(value, str):
        raise _unreadable(field, value)
    stamp = parse_datetime(value)
    day = day_of(stamp) if stamp is not None else parse_date(value)
    if day is None:
        raise _unreadable(field, value)
    return day


def _text(field: FieldDef, value: Any) -> str | None:
    if isinstance(value, (dict, list)):
        raise _unreadable(field, value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip() or None


def _unreadable(field: FieldDef, value: Any) -> ApiError:
    kind = {str: "VALUE_STRING", bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT"}.get(type(value))
    sentence = (
        f"Cannot deserialize instance of {field.type} from {kind or 'VALUE'} value {value} "
        "or request may be missing a required field at [line:1, column:1]"
    )
    return ApiError(400, [Problem("JSON_PARSER_ERROR", sentence)])
