"""Our own fields in HubSpot: a property group and the properties in it.

Source: https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide (seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from stagesync.connector import FieldType, OwnField, RequestRefused, SetupStep
from stagesync_hubspot import api, failures
from stagesync_hubspot.describe import type_of
from stagesync_hubspot.transport import Transport

log = structlog.get_logger()

_FORMS = {
    FieldType.TEXT: ("string", "text"),
    FieldType.NUMBER: ("number", "number"),
    FieldType.INSTANT: ("datetime", "date"),
    FieldType.CHOICE: ("enumeration", "select"),
}

_EXISTS = 409


class Setup:
    """Finds what is missing of the fields last asked for, and makes it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._wanted: dict[tuple[str, str], OwnField] = {}

    def missing(self, fields: Sequence[OwnField]) -> list[SetupStep]:
        """The steps to take, groups first; costs at most two calls per object."""
        self._wanted = {(one.object, one.name): one for one in fields}
        steps: list[SetupStep] = []
        for name in dict.fromkeys(one.object for one in fields):
            steps += self._missing_of(name, [one for one in fields if one.object == name])
        return sorted(steps, key=lambda step: not step.key.startswith("group:"))

    def make(self, step: SetupStep) -> str:
        """Take one step and give the name of the object it changed."""
        what, name, *rest = step.key.split(":")
        if what == "group":
            self._make_group(api.OBJECTS[name])
        else:
            field = self._wanted[name, rest[0]]
            {"property": self._make_property, "options": self._add_options}[what](field)
        log.info("hubspot_setup_made", step=step.key)
        return name

    def _missing_of(self, name: str, fields: Sequence[OwnField]) -> list[SetupStep]:
        plural = api.OBJECTS[name].plural
        found = {one["name"]: one for one in self._results(self._transport.properties, plural)}
        steps = [step for one in fields if (step := _step(one, found.get(one.name), plural))]
        makes_property = any(step.key.startswith("property:") for step in steps)
        if makes_property and not self._has_group(plural):
            steps.append(SetupStep(f"group:{name}", f"property group {api.GROUP} on {plural}"))
        return steps

    def _has_group(self, plural: str) -> bool:
        groups = self._results(self._transport.groups, plural)
        return any(one["name"] == api.GROUP for one in groups)

    def _results(self, vendor_api: Any, plural: str) -> list[Mapping[str, Any]]:
        return self._transport.call(vendor_api.get_all, plural).get("results") or []

    def _make_group(self, item: api.HubSpotObject) -> None:
        body = {"name": api.GROUP, "label": "Stagesync", "displayOrder": -1}
        try:
            self._transport.call(self._transport.groups.create, item.plural, body)
        except failures.Refused as error:
            if error.status != _EXISTS:
                raise

    def _make_property(self, field: OwnField) -> None:
        plural = api.OBJECTS[field.object].plural
        try:
            self._transport.call(self._transport.properties.create, plural, _payload(field))
        except failures.Refused as error:
            if error.status != _EXISTS:
                raise
            # Somebody made it since `missing` looked: what matters is that it fits.
            if step := _step(field, self._property(field), plural):
                self.make(step)

    def _add_options(self, field: OwnField) -> None:
        """The union: HubSpot replaces the whole list, and existing values may be in use."""
        existing = self._property(field).get("options") or []
        body = {"options": [*existing, *_options(field, but=existing)]}
        plural = api.OBJECTS[field.object].plural
        self._transport.call(self._transport.properties.update, plural, field.name, body)

    def _property(self, field: OwnField) -> dict[str, Any]:
        plural = api.OBJECTS[field.object].plural
        return self._transport.call(self._transport.properties.get_by_name, plural, field.name)


def _step(field: OwnField, found: Mapping[str, Any] | None, plural: str) -> SetupStep | None:
    """What this field lacks; None when nothing."""
    place = f"property {field.name} on {plural}"
    if found is None:
        count = f" ({len(field.options)} options)" if field.options else ""
        return SetupStep(f"property:{field.object}:{field.name}", f"{place}{count}")
    if type_of(found) != field.type:
        raise RequestRefused(
            f"{place} exists already and holds {type_of(found)}, not {field.type}",
            code="TYPE_DIFFERS",
            hint="rename or archive it in HubSpot, then run setup again",
        )
    if lacking := _options(field, but=found.get("options") or []):
        named = ", ".join(one["value"] for one in lacking)
        return SetupStep(f"options:{field.object}:{field.name}", f"options of {place}: {named}")
    return None


def _payload(field: OwnField) -> dict[str, Any]:
    kind, widget = _FORMS[field.type]
    payload: dict[str, Any] = {
        "groupName": api.GROUP,
        "name": field.name,
        "label": field.label,
        "type": kind,
        "fieldType": widget,
    }
    if field.type is FieldType.CHOICE:
        payload["options"] = _options(field, but=[])
    return payload


def _options(field: OwnField, *, but: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The field's options that are not there yet, each with its place in our order."""
    there = {str(one["value"]) for one in but}
    return [
        {"label": label, "value": value, "displayOrder": place, "hidden": False}
        for place, (value, label) in enumerate(field.options)
        if value not in there
    ]
