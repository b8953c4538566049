"""The headings under which an object type's properties stand.

Source: https://developers.hubspot.com/docs/guides/api/crm/properties (seen 2026-11).
"""

from typing import Any

from stagesync.sandbox.hubspot.call import Answer, Call
from stagesync.sandbox.hubspot.errors import Refusal, invalid
from stagesync.sandbox.hubspot.model import Group
from stagesync.sandbox.hubspot.properties import PROPERTY_NAME, order_of, schema_of


def list_groups(call: Call) -> Answer:
    """`GET /properties/{type}/groups`."""
    groups = schema_of(call).groups.values()
    return Answer({"results": [_shown_group(group) for group in groups]}, records=len(groups))


def read_group(call: Call) -> Answer:
    """`GET /properties/{type}/groups/{name}`."""
    return Answer(_shown_group(_known_group(call)), records=1)


def create_group(call: Call) -> Answer:
    """`POST /properties/{type}/groups`."""
    body, groups = call.json(), schema_of(call).groups
    name, label = body.get("name"), body.get("label")
    if not isinstance(name, str) or not isinstance(label, str) or not PROPERTY_NAME.fullmatch(name):
        raise invalid("Invalid input JSON: Some required fields were not set: [name, label]")
    if name in groups:
        message = f"A property group named '{name}' already exists."
        sub = "Properties.PROPERTY_GROUP_WITH_NAME_EXISTS"
        raise Refusal(
            409, {"message": message, "category": "OBJECT_ALREADY_EXISTS", "subCategory": sub}
        )
    groups[name] = Group(name, label, order_of(body, -1))
    return Answer(_shown_group(groups[name]), 201, 1)


def change_group(call: Call) -> Answer:
    """`PATCH /properties/{type}/groups/{name}`."""
    group, body = _known_group(call), call.json()
    group.label = str(body.get("label", group.label))
    group.order = order_of(body, group.order)
    return Answer(_shown_group(group), records=1)


def archive_group(call: Call) -> Answer:
    """`DELETE /properties/{type}/groups/{name}`: refused while live properties stand in it."""
    group = _known_group(call)
    if any(p.group == group.name and not p.archived for p in schema_of(call).properties.values()):
        message = f"Group {group.name} still has active properties."
        raise invalid(message, subCategory="PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES")
    del schema_of(call).groups[group.name]
    return Answer(status=204, records=1)


def _shown_group(group: Group) -> dict[str, Any]:
    shown_ = {"name": group.name, "label": group.label, "displayOrder": group.order}
    return {**shown_, "archived": False}


def _known_group(call: Call) -> Group:
    group = schema_of(call).groups.get(call.path["name"])
    if group is None:
        message = f"Property group {call.path['name']} does not exist"
        raise Refusal(404, {"message": message, "category": "OBJECT_NOT_FOUND"})
    return group
