"""HubSpot's values: text in, text out, checked and normalised by the property's type."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from stagesync.sandbox.hubspot.model import Property

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_WHOLE = re.compile(r"-?\d{1,15}")
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(\.[^@\s,;<>\".]+)+")


class BadValue(ValueError):
    """A value that its property does not take; `code` is HubSpot's name for the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def iso(at_ms: int) -> str:
    """An instant as HubSpot writes it; whole seconds carry no fraction."""
    whole, rest = divmod(at_ms, 1000)
    text = (_EPOCH + timedelta(seconds=whole)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:03d}Z" if rest else f"{text}Z"


def instant_ms(text: str) -> int:
    """Unix milliseconds of an ISO instant, a plain date or epoch milliseconds as text.

    Raises:
        ValueError: when it is none of these.
    """
    if _WHOLE.fullmatch(text):
        return int(text)
    moment = datetime.fromisoformat(text)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MS


def as_text(raw: Any) -> str | None:
    """A JSON value as the text HubSpot reads it as; None when it is a list or an object."""
    match raw:
        case None:
            return ""
        case bool():
            return "true" if raw else "false"
        case str():
            return raw
        case int() | float():
            return str(raw)
        case _:
            return None


def checked(prop: Property, text: str) -> str:
    """The value as HubSpot will keep and answer it; "" clears.

    Raises:
        BadValue: when the property does not take it.
    """
    if text == "":
        return ""
    if prop.name == "email":
        return _email(text)
    check = _CHECKS.get(prop.type)
    return check(prop, text) if check else text


def _email(text: str) -> str:
    address = text.strip().lower()
    if not _EMAIL.fullmatch(address):
        raise BadValue("INVALID_EMAIL", f"Email address {text} is invalid")
    return address


def _enumeration(prop: Property, text: str) -> str:
    allowed = {option.value for option in prop.options}
    chosen = text.split(";") if prop.field_type == "checkbox" else [text]
    for value in chosen:
        if value and value not in allowed:
            listed = ", ".join(option.value for option in prop.options)
            message = f"{value} was not one of the allowed options: [{listed}]"
            raise BadValue("INVALID_OPTION", message)
    return text


def _bool(_: Property, text: str) -> str:
    if text not in {"true", "false"}:
        message = f"{text} was not one of the allowed options: [true, false]"
        raise BadValue("INVALID_OPTION", message)
    return text


def _number(_: Property, text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if number != number or number in {float("inf"), float("-inf")}:  # noqa: PLR0124  (nan only)
        raise BadValue("INVALID_INTEGER", f"{text} was not a valid number.")
    bare = text.strip()
    if _WHOLE.fullmatch(bare):
        return str(int(bare))
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _date(_: Property, text: str) -> str:
    try:
        at_ms = instant_ms(text)
        day, rest = divmod(at_ms, 86_400_000)
        shown = (date(1970, 1, 1) + timedelta(days=day)).isoformat()
    except (OverflowError, ValueError) as error:
        raise BadValue("INVALID_DATE", f"{text} was not a valid date.") from error
    if rest:
        raise BadValue("INVALID_DATE", f"{text} is not at midnight UTC.")
    return shown


def _datetime(_: Property, text: str) -> str:
    try:
        return iso(instant_ms(text))
    except (OverflowError, ValueError) as error:
        raise BadValue("INVALID_LONG", f"{text} was not a valid long.") from error


_CHECKS: dict[str, Callable[[Property, str], str]] = {
    "enumeration": _enumeration,
    "bool": _bool,
    "number": _number,
    "date": _date,
    "datetime": _datetime,
}


def comparable(kind: str, text: str) -> float | str:
    """A kept or asked-for value in a form that compares rightly for its property type.

    Raises:
        ValueError: when it is no number or instant where one is needed.
    """
    match kind:
        case "number":
            return float(text)
        case "date" | "datetime":
            return float(instant_ms(text))
        case "enumeration" | "bool":
            return text
        case _:
            return text.casefold()
