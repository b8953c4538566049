"""The webhook settings API: one app's target address and subscriptions.

Source: https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3 (seen 2026-11).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stagesync.sandbox.hubspot.call import Answer, Call, record_id
from stagesync.sandbox.hubspot.errors import invalid, not_found
from stagesync.sandbox.hubspot.hooks import MAX_CONCURRENCY, Subscription, Terms, Webhooks
from stagesync.sandbox.hubspot.values import iso

MIN_CONCURRENCY = 6


def read_settings(call: Call) -> Answer:
    """`GET /webhooks/{appId}/settings`."""
    terms = _hooks(call).terms
    if not terms.url:
        raise not_found("No webhook settings exist for this app", category="OBJECT_NOT_FOUND")
    return Answer(_settings(terms))


def write_settings(call: Call) -> Answer:
    """`PUT /webhooks/{appId}/settings`."""
    hooks, body = _hooks(call), call.json()
    url, throttling = body.get("targetUrl"), body.get("throttling")
    most = throttling.get("maxConcurrentRequests") if isinstance(throttling, dict) else None
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise invalid("Invalid input JSON: targetUrl must be an address")
    if type(most) is not int or not MIN_CONCURRENCY <= most <= MAX_CONCURRENCY:
        raise invalid(
            f"maxConcurrentRequests must be between {MIN_CONCURRENCY} and {MAX_CONCURRENCY}"
        )
    hooks.change(replace(hooks.terms, url=url, concurrency=most))
    return Answer(_settings(hooks.terms))


def clear_settings(call: Call) -> Answer:
    """`DELETE /webhooks/{appId}/settings`."""
    hooks = _hooks(call)
    hooks.change(replace(hooks.terms, url=""))
    return Answer(status=204)


def list_all(call: Call) -> Answer:
    """`GET /webhooks/{appId}/subscriptions`."""
    rows = [_shown(known) for known in _hooks(call).terms.subscriptions.values()]
    return Answer({"results": rows}, records=len(rows))


def create(call: Call) -> Answer:
    """`POST /webhooks/{appId}/subscriptions`."""
    hooks = _hooks(call)
    new = made(hooks, call.json())
    hooks.change(replace(hooks.terms, subscriptions={**hooks.terms.subscriptions, new.id: new}))
    return Answer(_shown(new), 201, 1)


def made(hooks: Webhooks, body: Mapping[str, Any]) -> Subscription:
    """A subscription as a body describes it.

    Raises:
        Refusal: 400, when it makes no sense.
    """
    try:
        new = hooks.subscription(
            str(body.get("eventType") or ""),
            property_name=str(body.get("propertyName") or ""),
            object_type_id=str(body.get("objectTypeId") or ""),
        )
    except ValueError as error:
        raise invalid(str(error)) from error
    return replace(new, active=bool(body.get("active", False)))


def read(call: Call) -> Answer:
    """`GET /webhooks/{appId}/subscriptions/{id}`."""
    return Answer(_shown(_known(call, call.path["id"])), records=1)


def change(call: Call) -> Answer:
    """`PATCH /webhooks/{appId}/subscriptions/{id}`: switches it on or off."""
    known = _known(call, call.path["id"])
    return Answer(_shown(_switched(call, known, active=call.json().get("active"))), records=1)


def change_many(call: Call) -> Answer:
    """`POST /webhooks/{appId}/subscriptions/batch/update`."""
    pairs = [(_known(call, item.get("id")), item.get("active")) for item in call.inputs()]
    rows = [_shown(_switched(call, known, active=active)) for known, active in pairs]
    now = iso(call.portal.now_ms())
    body = {"status": "COMPLETE", "results": rows, "startedAt": now, "completedAt": now}
    return Answer(body, records=len(rows))


def remove(call: Call) -> Answer:
    """`DELETE /webhooks/{appId}/subscriptions/{id}`."""
    hooks, known = _hooks(call), _known(call, call.path["id"])
    left = {i: kept for i, kept in hooks.terms.subscriptions.items() if i != known.id}
    hooks.change(replace(hooks.terms, subscriptions=left))
    return Answer(status=204)


def _switched(call: Call, known: Subscription, *, active: Any) -> Subscription:
    if not isinstance(active, bool):
        raise invalid("Invalid input JSON: active must be true or false")
    hooks = _hooks(call)
    new = replace(known, active=active, updated_ms=call.portal.now_ms())
    hooks.change(replace(hooks.terms, subscriptions={**hooks.terms.subscriptions, new.id: new}))
    return new


def _hooks(call: Call) -> Webhooks:
    if call.hooks is None or call.path["app"] != str(call.app_id):
        raise not_found("App not found", category="OBJECT_NOT_FOUND")
    return call.hooks


def _known(call: Call, text: Any) -> Subscription:
    known = _hooks(call).terms.subscriptions.get(record_id(text) or 0)
    if known is None:
        raise not_found("Subscription not found", category="OBJECT_NOT_FOUND")
    return known


def _settings(terms: Terms) -> dict[str, Any]:
    return {
        "targetUrl": terms.url,
        "throttling": {"maxConcurrentRequests": terms.concurrency},
        "createdAt": iso(terms.created_ms),
        "updatedAt": iso(terms.updated_ms),
    }


def _shown(known: Subscription) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": str(known.id),
        "active": known.active,
        "eventType": known.event_type,
        "createdAt": iso(known.created_ms),
    }
    if known.property_name:
        row["propertyName"] = known.property_name
    if known.object_type_id:
        row["objectTypeId"] = known.object_type_id
    if known.updated_ms is not None:
        row["updatedAt"] = iso(known.updated_ms)
    return row
