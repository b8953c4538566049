"""The calls of the webhooks journal: subscriptions, where the next file is, and the file itself.

Source: https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-journal (seen 2026-11).
"""

import hashlib
from typing import Any

from stagesync.sandbox.hubspot.call import Answer, Call, names, record_id
from stagesync.sandbox.hubspot.errors import invalid, not_found
from stagesync.sandbox.hubspot.journal_feed import Journal, JournalFile, JournalSubscription
from stagesync.sandbox.hubspot.model import kind_named
from stagesync.sandbox.hubspot.values import iso

TYPES = ("OBJECT", "ASSOCIATION", "GDPR_PRIVACY_DELETION")
ACTIONS = (
    "CREATE",
    "UPDATE",
    "DELETE",
    "MERGE",
    "RESTORE",
    "ASSOCIATION_ADDED",
    "ASSOCIATION_REMOVED",
)
URL_LIFE_MS = 3_600_000


def subscribe(call: Call) -> Answer:
    """`POST /webhooks-journal/subscriptions`."""
    journal, body = _journal(call), call.json()
    type_, kind = body.get("subscriptionType"), kind_named(str(body.get("objectTypeId")))
    if type_ not in TYPES:
        raise invalid(f"subscriptionType must be one of {list(TYPES)}")
    if kind is None:
        raise invalid("objectTypeId is required")
    actions = names(body.get("actions"), "actions")
    if unknown := sorted(set(actions) - set(ACTIONS)):
        raise invalid(f"Unknown actions: {unknown}")
    number = 9_000_000 + len(journal.subscriptions) + 1
    properties = tuple(names(body.get("properties"), "properties"))
    new = JournalSubscription(
        number, type_, kind.type_id, tuple(actions), properties, call.portal.now_ms()
    )
    journal.subscriptions[number] = new
    return Answer(_shown(call, new), records=1)


def subscriptions(call: Call) -> Answer:
    """`GET /webhooks-journal/subscriptions`."""
    rows = [_shown(call, known) for known in _journal(call).subscriptions.values()]
    return Answer({"results": rows}, records=len(rows))


def subscription(call: Call) -> Answer:
    """`GET /webhooks-journal/subscriptions/{id}`."""
    return Answer(_shown(call, _known(call)), records=1)


def unsubscribe(call: Call) -> Answer:
    """`DELETE /webhooks-journal/subscriptions/{id}`."""
    del _journal(call).subscriptions[_known(call).id]
    return Answer(status=204)


def earliest(call: Call) -> Answer:
    """`GET /webhooks-journal/journal/earliest`: 204 when there is no file."""
    files = _journal(call).files()
    return _where(call, files[0] if files else None)


def latest(call: Call) -> Answer:
    """`GET /webhooks-journal/journal/latest`."""
    files = _journal(call).files()
    return _where(call, files[-1] if files else None)


def following(call: Call) -> Answer:
    """`GET /webhooks-journal/journal/offset/{offset}/next`: 204 when there is none yet."""
    try:
        return _where(call, _journal(call).after(call.path["offset"]))
    except LookupError as error:
        raise not_found("Unknown journal offset", category="OBJECT_NOT_FOUND") from error


def file_body(journal: Journal, offset: str, *, expires: str, signature: str) -> Any:
    """The content behind a file's address; None when the address is wrong or too old."""
    known = next((file for file in journal.files() if file.offset == offset), None)
    late = not expires.isdigit() or int(expires) <= journal.portal.now_ms()
    if known is None or late or signature != _signature(journal, offset, expires):
        return None
    return {
        "offset": known.offset,
        "journalEvents": list(known.entries),
        "publishedAt": iso(known.published_ms),
    }


def _where(call: Call, file: JournalFile | None) -> Answer:
    if file is None:
        return Answer(status=204)
    expires_ms = call.portal.now_ms() + URL_LIFE_MS
    signature = _signature(_journal(call), file.offset, str(expires_ms))
    url = (
        f"{call.base_url}/webhooks-journal-files/{file.offset}"
        f"?expires={expires_ms}&signature={signature}"
    )
    body = {"url": url, "expiresAt": iso(expires_ms), "currentOffset": file.offset}
    return Answer(body, records=len(file.entries))


def _signature(journal: Journal, offset: str, expires: str) -> str:
    said = f"{journal.portal.portal_id}/{offset}/{expires}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _journal(call: Call) -> Journal:
    if call.journal is None:
        raise not_found("This app has no journal", category="OBJECT_NOT_FOUND")
    return call.journal


def _known(call: Call) -> JournalSubscription:
    known = _journal(call).subscriptions.get(record_id(call.path["id"]) or 0)
    if known is None:
        raise not_found("Subscription not found", category="OBJECT_NOT_FOUND")
    return known


def _shown(call: Call, known: JournalSubscription) -> dict[str, Any]:
    made = iso(known.created_ms)
    return {
        "id": known.id,
        "appId": call.app_id,
        "portalId": call.portal.portal_id,
        "subscriptionType": known.type,
        "objectTypeId": known.object_type_id,
        "actions": list(known.actions),
        "properties": list(known.properties),
        "createdAt": made,
        "updatedAt": made,
    }
