"""Webhooks of version 3: what an app has subscribed to, and the events that changes make of it.

Source: https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide (seen 2026-11).
"""

import random
from dataclasses import dataclass, field, replace
from typing import Any

from stagesync.sandbox.hubspot.changes import Change
from stagesync.sandbox.hubspot.links import TYPE_IDS
from stagesync.sandbox.hubspot.model import KINDS, kind_named
from stagesync.sandbox.hubspot.portal import Portal

Event = dict[str, Any]
MAX_EVENTS = 100
MAX_SUBSCRIPTIONS = 1_000
MAX_CONCURRENCY = 10
_NAMED = ("contacts", "companies", "deals")
_WHATS = ("creation", "deletion", "merge", "restore", "propertyChange", "associationChange")
EVENT_TYPES = frozenset(
    {f"{KINDS[name].one}.{what}" for name in _NAMED for what in _WHATS}
    | {f"object.{what}" for what in _WHATS}
    | {"contact.privacyDeletion"}
)
# Changes of these make no event, nor do those of calculated properties.
SILENT = frozenset({"hs_lastmodifieddate", "lastmodifieddate", "num_unique_conversion_events"})
_FLAGS = {"creation": "CREATED", "deletion": "DELETED", "restore": "RESTORED", "merge": "MERGED"}
_SMALL_IDS = 50


@dataclass(frozen=True, slots=True)
class Subscription:
    """What an app wants to hear of.

    Attributes:
        object_type_id: needed by the `object.*` types only.
    """

    id: int
    event_type: str
    property_name: str
    object_type_id: str
    created_ms: int
    active: bool = True
    updated_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """Where events go and which ones; replaced as a whole when a setting changes."""

    url: str = ""
    concurrency: int = MAX_CONCURRENCY
    created_ms: int = 0
    updated_ms: int = 0
    subscriptions: dict[int, Subscription] = field(default_factory=dict)


class Webhooks:
    """One app's webhooks. Use under the simulator's lock.

    Attributes:
        secret: the app's; what requests are signed with.
        fresh: events that no request has carried yet.
        terms: the settings as the API shows them; events obey those of `in_force`.
    """

    def __init__(self, portal: Portal, *, secret: str, seed: int) -> None:
        self.portal = portal
        self.secret = secret
        self.fresh: list[Event] = []
        self.terms = Terms()
        self.random = random.Random(f"hubspot-webhooks-{seed}")
        self._before = self.terms
        self._cached_until_ms = 0
        self._last_id = 0
        self._last_subscription = 3_000_000

    def in_force(self) -> Terms:
        """The settings that events obey: HubSpot keeps the former ones for a while."""
        return self._before if self.portal.now_ms() < self._cached_until_ms else self.terms

    def change(self, terms: Terms, *, at_once: bool = False) -> None:
        """Gives the app new settings; the API's changes come into force late."""
        now_ms = self.portal.now_ms()
        if now_ms >= self._cached_until_ms:
            self._before = self.terms
        self.terms = replace(terms, updated_ms=now_ms, created_ms=terms.created_ms or now_ms)
        wait_s = 0.0 if at_once else self.portal.switches.webhook_settings_cache_s
        self._cached_until_ms = now_ms + int(wait_s * 1000)

    def subscription(
        self, event_type: str, *, property_name: str = "", object_type_id: str = ""
    ) -> Subscription:
        """A new subscription, not yet part of the settings.

        Raises:
            ValueError: for an unknown type, or a property or object that is missing.
        """
        if event_type not in EVENT_TYPES:
            raise ValueError(f"Unknown subscription type: {event_type}")
        if event_type.endswith(".propertyChange") and not property_name:
            raise ValueError("propertyName is required for a propertyChange subscription")
        if event_type.startswith("object.") and kind_named(object_type_id) is None:
            raise ValueError("objectTypeId is required for an object subscription")
        if len(self.terms.subscriptions) >= MAX_SUBSCRIPTIONS:
            raise ValueError(f"An app has at most {MAX_SUBSCRIPTIONS} subscriptions")
        self._last_subscription += 1
        return Subscription(
            self._last_subscription,
            event_type,
            property_name,
            object_type_id,
            self.portal.now_ms(),
        )

    def hear(self, change: Change) -> None:
        """Makes an event of a change for every subscription that it fits."""
        terms = self.in_force()
        if not terms.url:
            return
        for subscription in terms.subscriptions.values():
            if subscription.active and _fits(self.portal, subscription, change):
                self.fresh.append(self._event(subscription, change))

    def _event(self, subscription: Subscription, change: Change) -> Event:
        self._last_id += 1
        unique = self.portal.switches.webhook_event_ids_unique
        event: Event = {
            "eventId": self._last_id if unique else self.random.randint(1, _SMALL_IDS),
            "subscriptionId": subscription.id,
            "portalId": self.portal.portal_id,
            "appId": self.portal.app_id,
            "occurredAt": change.at_ms,
            "subscriptionType": subscription.event_type,
            "attemptNumber": 0,
            "changeSource": change.source.kind,
            **({"sourceId": change.source.id} if change.source.id else {}),
            **_said(change),
        }
        if subscription.event_type.startswith("object."):
            event["objectTypeId"] = KINDS[change.kind].type_id
        return event


def _fits(portal: Portal, subscription: Subscription, change: Change) -> bool:
    subject, _, what = subscription.event_type.partition(".")
    if what != change.what or subject not in {KINDS[change.kind].one, "object"}:
        return False
    if subject == "object" and kind_named(subscription.object_type_id) != KINDS[change.kind]:
        return False
    if what != "propertyChange":
        return True
    return subscription.property_name == change.name and told(portal, change)


def told(portal: Portal, change: Change) -> bool:
    """Whether a change of this property is told to anybody."""
    prop = portal.schemas[change.kind].get(change.name)
    return prop is not None and not prop.calculated and change.name not in SILENT


def _said(change: Change) -> Event:
    """What an event of this sort says beside the common part."""
    if change.what == "associationChange" and change.other is not None:
        other = KINDS[change.other[0]]
        plain, marked = TYPE_IDS[change.kind, other.name]
        type_id = marked if change.primary and marked is not None else plain
        return {
            "associationType": f"{KINDS[change.kind].one}_TO_{other.one}".upper(),
            "associationCategory": "HUBSPOT_DEFINED",
            "associationTypeId": type_id,
            "associationRemoved": change.removed,
            "isPrimaryAssociation": change.primary,
            "fromObjectId": change.id,
            "toObjectId": change.other[1],
        }
    if change.what == "merge":
        return {
            "changeFlag": "MERGED",
            "objectId": change.merged[0],
            "primaryObjectId": change.merged[0],
            "mergedObjectIds": [change.merged[1]],
            "newObjectId": change.id,
            "numberOfPropertiesMoved": change.moved,
        }
    if change.what == "propertyChange":
        return {
            "objectId": change.id,
            "propertyName": change.name,
            "propertyValue": change.value,
            "isSensitive": False,
        }
    flag = _FLAGS.get(change.what)
    return {"objectId": change.id, **({"changeFlag": flag} if flag else {})}
