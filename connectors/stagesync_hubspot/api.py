"""HubSpot's paths, payload shapes, error codes and limits. Nothing here sends anything.

Pages seen 2026-11 unless another date stands beside them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from stagesync.connector import FieldType, ObjectKind, Role

BASE_URL = "https://api.hubapi.com"
WEB_URL = "https://app.hubspot.com"
CONNECT_TIMEOUT_S = 10.0

# https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
BURST_WINDOW_S = 10.0
HEAD_ROOM_CALLS = 2
"""Calls left to others in each burst window: clocks differ by a little."""

SEARCH_WINDOW_S = 1.05
"""The allowance is per second; the rest is for clocks that run at uneven speed."""

OAUTH_CALLS_PER_10S = 110
"""What an OAuth app may send, whatever the account's plan allows others."""

OAUTH_PATH = "/oauth/v1/token"
INTROSPECT_PATH = "/oauth/v1/token/introspect"
PRIVATE_APP_PATH = "/oauth/v2/private-apps/get/access-token-info"
"""Answers `appId`, `hubId`, `userId` and `scopes`; no dated version of it is known."""

# https://developers.hubspot.com/docs/api-reference/search/guide#limitations
SEARCH_PAGE = 200
SEARCH_BODY_CHARACTERS = 3_000
SEARCH_REACH = 10_000
"""Results that one query can be paged through."""

# https://developers.hubspot.com/docs/guides/api/crm/understanding-the-crm
LIST_PAGE = 100
BATCH = 100
HISTORY_BATCH = 50
"""Records of one read that asks for histories; half of what other reads take, as lists do."""

QUERY_CHARACTERS = 4_000
"""Property names that one address may carry; HubSpot refuses longer addresses with 414."""

MANY_CHANGES = 1_000
"""Changes from which on walking the list is weighed against searching."""

KNOWN_ARCHIVED = 500
"""Archived records that a cursor remembers, so that those that people bring back are noticed."""

# https://developers.hubspot.com/changelog (February 2025): ids of one association read
ASSOCIATION_BATCH = 1_000

GROUP = "stagesync"
"""Property group that holds our own fields."""

OWN_STAGE = "stagesync_stage"
"""Our own stage, as the shipped mapping names it: whoever wrote into it is us."""

MERGED_IDS = "hs_merged_object_ids"
STAGE_IS_WON = "stage_is_won"
STAGE_IS_CLOSED = "stage_is_closed"
DEAL_STAGE = "dealstage"
DEAL_FLAGS = (STAGE_IS_WON, STAGE_IS_CLOSED)
"""Not properties of HubSpot: what the pipeline says about the stage of a deal."""

FORWARD_ONLY = frozenset({"lifecyclestage"})
"""A lower value is answered with success and not stored.

https://developers.hubspot.com/docs/guides/api/crm/objects/contacts says that the value can only be
set forward; that the refusal is silent is what users and HubSpot's staff report.
"""

NO_LINKS = frozenset(
    {"crm.associations.NO_ASSOCIATIONS_FOUND", "crm.associations.INVALID_IDENTIFIER"}
)
"""Errors of an association read that say that a record names nothing, or is not there."""

# Codes of a refused property value that hold for whoever carries the property, whatever its value.
PROPERTY_CODES = frozenset({"PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"})

_AREA = re.compile(r"^/crm/v[34]/(objects|associations|properties|pipelines|lists)(?=/)")
_MARKETING = re.compile(r"^/marketing/v3/(marketing-events)")
_OAUTH = re.compile(r"^/oauth/v1(?=/)")
_ACCOUNT = re.compile(r"^/account-info/v3(?=/)")

# Everything this connector sends besides GET, as the vendor's client names it. HubSpot's write scope
# also covers archiving, merging and erasing: what is not listed here is never sent.
SENDABLE = frozenset(
    {
        ("POST", "/crm/v3/objects/{objectType}/search"),
        ("POST", "/crm/v3/objects/{objectType}/batch/read"),
        ("POST", "/crm/v3/objects/{objectType}/batch/update"),
        ("POST", "/crm/v4/associations/{fromObjectType}/{toObjectType}/batch/read"),
        ("POST", PRIVATE_APP_PATH),
        ("POST", "/crm/v3/properties/{objectType}"),
        ("POST", "/crm/v3/properties/{objectType}/groups"),
        ("PATCH", "/crm/v3/properties/{objectType}/{propertyName}"),
    }
)


@dataclass(frozen=True, slots=True)
class HubSpotObject:
    """One of the objects served.

    Attributes:
        plural: as HubSpot's paths name it.
        type_id: as the addresses of its web pages name it.
        stamp: the property that holds when a record was last changed.
        inline: objects whose ids the list endpoint is asked to send along.
        known: fields described here because HubSpot may not describe them to us. An object that
            has some may be forbidden without harm: it is left out then.
    """

    kind: ObjectKind
    plural: str
    type_id: str
    stamp: str = "hs_lastmodifieddate"
    inline: tuple[str, ...] = ()
    known: tuple[tuple[str, FieldType], ...] = ()

    @property
    def is_optional(self) -> bool:
        """Whether the rest is worth pulling without it; it is pulled at a slower beat."""
        return bool(self.known)

    @property
    def is_feed(self) -> bool:
        """Whether it is no object of the CRM but told by an endpoint of its own."""
        return not self.type_id


def _object(
    kind: ObjectKind,
    plural: str,
    *,
    type_id: str,
    stamp: str = "hs_lastmodifieddate",
    known: tuple[tuple[str, FieldType], ...] = (),
) -> HubSpotObject:
    inline = () if kind.name == "contact" else kind.links
    return HubSpotObject(kind, plural, type_id, stamp, inline, known)


# Metadata of e-mails: their texts, subjects and headers are never asked for.
# https://developers.hubspot.com/docs/api-reference/crm-emails-v3/guide
_EMAIL_FIELDS = (
    ("hs_timestamp", FieldType.INSTANT),
    ("hs_email_direction", FieldType.CHOICE),
    ("hs_email_status", FieldType.CHOICE),
)

# https://developers.hubspot.com/docs/api-reference/marketing-marketing-events-v3/guide
_PARTICIPATION_FIELDS = (
    ("attendanceState", FieldType.TEXT),
    ("occurredAt", FieldType.INSTANT),
    ("eventType", FieldType.TEXT),
    ("attendanceDurationSeconds", FieldType.NUMBER),
    ("attendancePercentage", FieldType.NUMBER),
)


# In the order in which they are pulled. Only contacts have a stamp of another name.
# https://developers.hubspot.com/docs/guides/api/crm/understanding-the-crm#object-type-ids
_OBJECTS = (
    _object(ObjectKind("company", Role.ACCOUNT, writable=True), "companies", type_id="0-2"),
    _object(
        ObjectKind("contact", Role.PERSON, writable=True, links=("company",)),
        "contacts",
        type_id="0-1",
        stamp="lastmodifieddate",
    ),
    _object(ObjectKind("deal", Role.DEAL, links=("contact", "company")), "deals", type_id="0-3"),
    _object(ObjectKind("meeting", Role.ACTIVITY, links=("contact",)), "meetings", type_id="0-47"),
    _object(ObjectKind("call", Role.ACTIVITY, links=("contact",)), "calls", type_id="0-48"),
    _object(
        ObjectKind("email", Role.ACTIVITY, links=("contact",)),
        "emails",
        type_id="0-49",
        known=_EMAIL_FIELDS,
    ),
    _object(
        ObjectKind("participation", Role.ACTIVITY, links=("contact",)),
        "marketing_events",
        type_id="",
        known=_PARTICIPATION_FIELDS,
    ),
)
OBJECTS = {one.kind.name: one for one in _OBJECTS}

PRIVATE = frozenset(
    {
        "hs_body_preview",
        "hs_body_preview_html",
        "hs_call_body",
        "hs_call_summary",
        "hs_call_title",
        "hs_call_transcript",
        "hs_email_headers",
        "hs_email_html",
        "hs_email_subject",
        "hs_email_text",
        "hs_internal_meeting_notes",
        "hs_meeting_body",
        "hs_meeting_title",
    }
)
"""What people wrote to each other, or noted: never described, so that no mapping can ask for it."""

EVENTS_PATH = "/marketing/v3/marketing-events"
EVENTS_PAGE = 100

# https://developers.hubspot.com/docs/api-reference/crm-lists-v3
LISTS_PATH = "/crm/v3/lists"
MEMBERS_PAGE = 250
LIST_KINDS = {"contact": "0-1", "company": "0-2"}
"""Objects that have lists, with HubSpot's number of each."""

COMPANY_OF_CONTACT = "associatedcompanyid"
"""The primary company, as a property: a search then needs no association call."""


def versioned(resource_path: str, version: str) -> str:
    """A path of the vendor's client in the API version chosen; the one place that decides paths.

    Args:
        resource_path: as the client has it, in v3 or v4.
        version: `v3` leaves it alone; a date such as `2026-03` moves behind the area's name.

    Source: https://developers.hubspot.com/docs/developer-tooling/platform/versioning
    """
    if version == "v3":
        return resource_path
    path = _AREA.sub(rf"/crm/\1/{version}", resource_path)
    path = _MARKETING.sub(rf"/marketing/\1/{version}", path)
    path = _OAUTH.sub(f"/oauth/{version}", path)
    return _ACCOUNT.sub(f"/account-info/{version}", path)


def may_send(method: str, resource_path: str) -> bool:
    """Whether this connector ever sends such a request: it reads, sets values and adds fields."""
    return method == "GET" or (method, resource_path) in SENDABLE


def search_body(
    item: HubSpotObject,
    properties: list[str],
    *,
    since_ms: int,
    above_id: int,
    up_to_id: int = 0,
    until_ms: int = 0,
) -> dict[str, Any]:
    """A search for everything changed since, in the order of ids.

    Args:
        since_ms: Unix milliseconds, inclusive.
        above_id: only records with a greater id.
        up_to_id: only records with at most this id; 0 means no bound.
        until_ms: Unix milliseconds, inclusive; 0 means no bound.
    """
    filters = [{"propertyName": item.stamp, "operator": "GTE", "value": str(since_ms)}]
    if until_ms:
        filters.append({"propertyName": item.stamp, "operator": "LTE", "value": str(until_ms)})
    for operator, bound in (("GT", above_id), ("LTE", up_to_id)):
        if bound:
            value = str(bound)
            filters.append({"propertyName": "hs_object_id", "operator": operator, "value": value})
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": properties,
        "limit": SEARCH_PAGE,
    }


def read_body(ids: list[str], properties: list[str]) -> dict[str, Any]:
    """A batch read of these ids."""
    return {"inputs": [{"id": one} for one in ids], "properties": properties}


def history_body(ids: list[str], properties: list[str]) -> dict[str, Any]:
    """A batch read of the histories of these ids, and of what they were merged from."""
    inputs = [{"id": one} for one in ids]
    return {"inputs": inputs, "properties": [MERGED_IDS], "propertiesWithHistory": properties}


def record_url(portal: str, item: HubSpotObject, record_id: str) -> str:
    """The page of a record in HubSpot's own interface."""
    return f"{WEB_URL}/contacts/{portal}/record/{item.type_id}/{record_id}"
