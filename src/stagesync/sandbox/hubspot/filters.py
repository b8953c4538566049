"""Search filters, turned into tests on what the search index holds.

Source: https://developers.hubspot.com/docs/api-reference/search/guide (seen 2026-11).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from stagesync.sandbox.hubspot.call import named_kind, record_id
from stagesync.sandbox.hubspot.errors import invalid
from stagesync.sandbox.hubspot.model import Kind
from stagesync.sandbox.hubspot.portal import Portal
from stagesync.sandbox.hubspot.store import Doc
from stagesync.sandbox.hubspot.values import comparable

Test = Callable[[Doc], bool]
_WORD = re.compile(r"\W+")
_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "LT": lambda have, want: have < want,
    "LTE": lambda have, want: have <= want,
    "GT": lambda have, want: have > want,
    "GTE": lambda have, want: have >= want,
    "EQ": lambda have, want: have == want,
}
_NEGATED = {"NEQ": "EQ", "NOT_IN": "IN", "NOT_CONTAINS_TOKEN": "CONTAINS_TOKEN"}
OPERATORS = (
    *_ORDERED,
    "BETWEEN",
    "IN",
    "HAS_PROPERTY",
    "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN",
    *_NEGATED,
)


@dataclass(frozen=True, slots=True)
class Window:
    """The span of modified dates that a group's filters leave, both ends included."""

    low_ms: float = float("-inf")
    high_ms: float = float("inf")

    @property
    def is_open(self) -> bool:
        """True when it leaves every date."""
        return self.low_ms == float("-inf") and self.high_ms == float("inf")


@dataclass(frozen=True, slots=True)
class Group:
    """One filter group: a window of modified dates, ids above one, and tests for the rest."""

    window: Window
    above_id: int
    tests: tuple[Test, ...]

    def accepts(self, doc: Doc) -> bool:
        """True when every test holds; window and ids are the caller's."""
        return all(test(doc) for test in self.tests)


def compiled(portal: Portal, kind: Kind, filters: list[dict[str, Any]]) -> Group:
    """One group of filters, all of which must hold.

    Raises:
        Refusal: 400, for an unknown property or operator, or a value that does not fit.
    """
    window, above_id = Window(), -1
    tests: list[Test] = []
    for spec in filters:
        if not isinstance(spec, dict):
            raise invalid("Invalid input JSON: filters must be a list of objects")
        narrowed = _narrowed(kind, spec, window)
        if narrowed is not None:
            window = narrowed
        elif (spec.get("propertyName"), spec.get("operator")) == ("hs_object_id", "GT"):
            above_id = max(above_id, int(_wanted("number", spec, "value")))
        else:
            tests.append(_test(portal, kind, spec))
    return Group(window, above_id, tuple(tests))


def _narrowed(kind: Kind, spec: Mapping[str, Any], window: Window) -> Window | None:
    """The window after a filter on the modified date; None when the filter is another one."""
    operator = spec.get("operator")
    if spec.get("propertyName") != kind.modified or operator not in {*_ORDERED, "BETWEEN"}:
        return None
    value = float(_wanted("datetime", spec, "value"))
    low, high = window.low_ms, window.high_ms
    match operator:
        case "GT":
            low = max(low, value + 1)
        case "GTE":
            low = max(low, value)
        case "LT":
            high = min(high, value - 1)
        case "LTE":
            high = min(high, value)
        case "EQ":
            low, high = max(low, value), min(high, value)
        case _:
            low = max(low, value)
            high = min(high, float(_wanted("datetime", spec, "highValue")))
    return Window(low, high)


def _test(portal: Portal, kind: Kind, spec: Mapping[str, Any]) -> Test:
    name, operator = spec.get("propertyName"), spec.get("operator")
    if not isinstance(name, str) or operator not in OPERATORS:
        raise invalid(f"Invalid filter: propertyName and one of {list(OPERATORS)} are required")
    if name.startswith("associations."):
        return _linked(portal, kind, name.removeprefix("associations."), spec=spec)
    prop = portal.schemas[kind.name].get(name)
    if prop is None:
        raise invalid(f"There was a problem with the request. Property '{name}' does not exist.")
    if operator in _NEGATED:
        positive = _positive(_NEGATED[operator], prop.type, spec)
        empty = portal.switches.negation_matches_empty
        return lambda doc: (
            empty if (text := text_of(kind, doc, name)) is None else not positive(text)
        )
    if operator in {"HAS_PROPERTY", "NOT_HAS_PROPERTY"}:
        has = operator == "HAS_PROPERTY"
        return lambda doc: (text_of(kind, doc, name) is not None) is has
    positive = _positive(operator, prop.type, spec)
    return lambda doc: (text := text_of(kind, doc, name)) is not None and positive(text)


def text_of(kind: Kind, doc: Doc, name: str) -> str | None:
    """A property of an indexed record as text; instants of the system as epoch milliseconds."""
    if name == "hs_object_id":
        return str(doc.id)
    if name == kind.modified:
        return str(doc.updated_ms)
    if name == kind.created:
        return str(doc.created_ms)
    return doc.values.get(name)


def _positive(operator: str, type_: str, spec: Mapping[str, Any]) -> Callable[[str], bool]:
    if operator == "IN":
        return _among(type_, spec)
    if operator == "CONTAINS_TOKEN":
        pattern = str(spec.get("value", "")).casefold()
        return lambda text: _contains(text.casefold(), pattern)
    low = _wanted(type_, spec, "value")
    if operator == "BETWEEN":
        high: Any = _wanted(type_, spec, "highValue")
        return lambda text: low <= _have(type_, text, low) <= high
    compare = _ORDERED[operator]
    return lambda text: compare(_have(type_, text, low), low)


def _have(type_: str, text: str, fallback: Any) -> Any:
    """A kept value for comparison. Dirty seed data never matches rather than failing the search."""
    try:
        return comparable(type_, text)
    except ValueError:
        return float("nan") if isinstance(fallback, float) else text


def _wanted(type_: str, spec: Mapping[str, Any], key: str) -> Any:
    value = spec.get(key)
    if not isinstance(value, str | int | float):
        raise invalid(f"Invalid filter: {key} is required for operator {spec.get('operator')}")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return comparable(type_, text)
    except ValueError as error:
        raise invalid(f"There was a problem with the request. {text} does not fit.") from error


def _among(type_: str, spec: Mapping[str, Any]) -> Callable[[str], bool]:
    """IN: choices as they are; text is compared in lower case with the values just as given."""
    values = spec.get("values")
    if not isinstance(values, list) or not values:
        raise invalid("Invalid filter: values is required for operator IN and NOT_IN")
    given = {str(value) for value in values}
    if type_ in {"enumeration", "bool"}:
        return lambda text: text in given
    if type_ in {"number", "date", "datetime"}:
        wanted = {_wanted(type_, {"value": value}, "value") for value in given}
        return lambda text: _have(type_, text, 0.0) in wanted
    return lambda text: text.casefold() in given


def _contains(text: str, pattern: str) -> bool:
    tokens = [text, *_WORD.split(text)]
    return any(fnmatchcase(token, pattern) for token in tokens)


def _linked(portal: Portal, kind: Kind, name: str, *, spec: Mapping[str, Any]) -> Test:
    other = named_kind(name)
    given = spec.get("values") if spec.get("operator") == "IN" else [spec.get("value")]
    store = portal.stores[other.name]
    wanted = {store.current(record_id(value) or 0) for value in given or ()}
    return lambda doc: bool(wanted & portal.links.of(kind.name, doc.id, to_kind=other.name).keys())
