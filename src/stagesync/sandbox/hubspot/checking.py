"""Property values that come in, checked as a whole before anything is written."""

from collections.abc import Iterable, Mapping
from typing import Any

from stagesync.sandbox.hubspot.call import Call
from stagesync.sandbox.hubspot.errors import Refusal, bad_values, invalid
from stagesync.sandbox.hubspot.model import Kind, Property
from stagesync.sandbox.hubspot.portal import Portal
from stagesync.sandbox.hubspot.values import BadValue, as_text, checked

Problem = dict[str, str]


def judged(
    portal: Portal, kind: Kind, raw: Mapping[str, Any]
) -> tuple[dict[str, str], list[Problem]]:
    """The values as they will be kept, and everything that is wrong with the others."""
    values: dict[str, str] = {}
    problems: list[Problem] = []
    for name, given in raw.items():
        try:
            prop = _writable(portal, kind, name)
            text = as_text(given)
            if text is None:
                raise invalid(f"Cannot deserialize value of type `String` for property {name}")
            values[name] = checked(prop, text)
        except BadValue as error:
            problems.append({"name": name, "code": error.code, "message": str(error)})
    return values, problems


def _writable(portal: Portal, kind: Kind, name: str) -> Property:
    prop = portal.schemas[kind.name].get(name)
    if prop is None:
        raise BadValue("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    if not prop.writable:
        what = "calculated" if prop.calculated else "read only"
        message = f'"{name}" is a {what} property; its value cannot be set.'
        raise BadValue("READ_ONLY_VALUE", message)
    return prop


def properties_of(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `properties` of an input."""
    raw = item.get("properties", {})
    if not isinstance(raw, dict):
        raise invalid("Invalid input JSON: properties must be an object")
    return raw


def accepted(call: Call, items: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The values of every input; one bad value anywhere refuses them all.

    Raises:
        Refusal: 400 that names the properties and never the records.
    """
    found = [judged(call.portal, call.kind, properties_of(item)) for item in items]
    if problems := [problem for _, problems in found for problem in problems]:
        raise bad_values(problems)
    return [values for values, _ in found]


def demand(call: Call, values: Mapping[str, str], *, before: Mapping[str, str] | None) -> None:
    """Refuses a write that leaves a required property empty.

    Args:
        before: the record's present values; None on creation.
    """
    kind = call.kind
    after = {**(before or {}), **values}
    if before is None and (missing := [name for name in kind.required if not after.get(name)]):
        raise invalid(
            f"Error creating {kind.shout}. Some required properties were not set.",
            context={"properties": missing},
        )
    if call.version == "2026-09":
        _demand_rules(call, values, before=before, after=after)


def _demand_rules(
    call: Call,
    values: Mapping[str, str],
    *,
    before: Mapping[str, str] | None,
    after: Mapping[str, str],
) -> None:
    switches, kind = call.portal.switches, call.kind
    errors = []
    for name in switches.required_on_create.get(kind.name, ()) if before is None else ():
        if not after.get(name):
            message = f"A value for {name} must be provided"
            errors.append(_missing("MISSING_REQUIRED_PROPERTY", name, message))
    for trigger, needed in switches.required_when.get(kind.name, {}).items():
        for name in needed if values.get(trigger) else ():
            if not after.get(name):
                message = f"{name} is required because of a conditional property rule based on [{trigger}]"
                errors.append(_missing("MISSING_CONDITIONAL_REQUIRED_PROPERTY", name, message))
    if errors:
        raise invalid(str(errors[0]["message"]), errors=errors)


def _missing(code: str, name: str, message: str) -> dict[str, object]:
    return {"code": code, "message": message, "context": {"propertyName": [name]}}


def normalised(
    call: Call, item: Mapping[str, Any], values: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The warnings of 2026-09 for values that are kept otherwise than they were written."""
    if call.version != "2026-09":
        return []
    changed = [
        (name, given, values[name])
        for name, raw in properties_of(item).items()
        if (given := as_text(raw)) is not None and values.get(name, given) != given
    ]
    return [
        {
            "category": "PROPERTY_VALUE_NORMALIZED",
            "message": f"The value of {name} was normalized.",
            "context": {"propertyName": [name], "rawValue": [raw], "normalizedValue": [kept]},
        }
        for name, raw, kept in changed
    ]


def unique_property(call: Call, name: str, *, doing: str) -> str:
    """A property that may serve as idProperty.

    Raises:
        Refusal: 400, for a property that is not unique; the record id itself is refused too.
    """
    if name not in call.portal.schemas[call.kind.name].unique_names():
        raise invalid(f"Unable to perform {doing} by non-unique {name} property")
    return name


def taken(call: Call, values: Mapping[str, str], *, by_other_than: int | None) -> Refusal | None:
    """The refusal of a unique value that another record holds, None when it is free."""
    store = call.portal.stores[call.kind.name]
    for name, known in store.unique.items():
        holder = known.get(values.get(name, ""))
        if holder is not None and holder != by_other_than:
            noun = call.kind.one.capitalize()
            message = f"{noun} already exists. Existing ID: {holder}"
            return Refusal(409, {"message": message, "category": "CONFLICT"})
    return None
