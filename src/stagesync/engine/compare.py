"""Whether two spellings of a CRM value are the same value, by the field's type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from stagesync.connector import FieldDescription, FieldType, FieldValue, ObjectDescription


def same_value(kind: FieldType) -> Callable[[FieldValue, FieldValue], bool]:
    """The comparison for fields of this type; empty text is empty."""
    read = {FieldType.NUMBER: _number, FieldType.INSTANT: _instant, FieldType.FLAG: _flag}.get(
        kind, _text
    )
    return lambda one, other: read(one) == read(other)


def same_in(
    described: ObjectDescription | None, name: str
) -> Callable[[FieldValue, FieldValue], bool]:
    """The comparison for a field as it is described; one that is not compares as text."""
    known = described.fields.get(name) if described else None
    return same_value(known.type if known else FieldType.OTHER)


def is_lower(known: FieldDescription, value: FieldValue, than: FieldValue) -> bool:
    """Whether the CRM would refuse the step to `value` as one back along the field's options."""
    ranks = {option.value: option.rank for option in known.options}
    return known.forward_only and ranks.get(str(value), 0) < ranks.get(str(than), 0)


def _text(value: FieldValue) -> object:
    return None if value is None or value == "" else str(value)


def _number(value: FieldValue) -> object:
    if value is None or value == "":
        return None
    try:
        return round(float(value), 6)
    except ValueError:
        return value


def _flag(value: FieldValue) -> object:
    return None if value in (None, "") else str(value).lower()


def _instant(value: FieldValue) -> object:
    """Whole seconds: CRMs keep no more."""
    if value is None or value == "":
        return None
    text = str(value)
    try:
        if text.isdigit():
            return int(text) // 1000
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        return text
