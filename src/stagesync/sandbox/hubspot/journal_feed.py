"""The webhooks journal: changes in files that an app fetches, kept for three days.

Subscriptions say what goes in. A file appears some time after its changes, with at most 10,000
events. Memberships of lists and the app's own life are not among what this simulator writes.
Source: https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-journal (seen 2026-11).
"""

from dataclasses import dataclass
from typing import Any

from stagesync.sandbox.hubspot.changes import Change
from stagesync.sandbox.hubspot.hooks import told
from stagesync.sandbox.hubspot.links import TYPE_IDS
from stagesync.sandbox.hubspot.model import KINDS
from stagesync.sandbox.hubspot.portal import Portal
from stagesync.sandbox.hubspot.values import iso

Entry = dict[str, Any]
KEPT_MS = 3 * 86_400_000
MAX_EVENTS = 10_000
_ACTIONS = {
    "creation": "CREATE",
    "deletion": "DELETE",
    "propertyChange": "UPDATE",
    "merge": "MERGE",
    "restore": "RESTORE",
}


@dataclass(frozen=True, slots=True)
class JournalSubscription:
    """What an app wants in its journal.

    Attributes:
        type: OBJECT, ASSOCIATION or GDPR_PRIVACY_DELETION.
        properties: whose changes count; all when empty.
    """

    id: int
    type: str
    object_type_id: str
    actions: tuple[str, ...]
    properties: tuple[str, ...]
    created_ms: int


@dataclass(frozen=True, slots=True)
class JournalFile:
    """One published file."""

    offset: str
    entries: tuple[Entry, ...]
    published_ms: int


class Journal:
    """One app's journal. Use under the simulator's lock."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.subscriptions: dict[int, JournalSubscription] = {}
        self._files: list[JournalFile] = []
        self._pending: list[tuple[int, Entry]] = []
        self._made = 0

    def hear(self, change: Change) -> None:
        """Keeps a change that somebody subscribed to for the next file."""
        entry = _entry(self.portal, change) if self.subscriptions else None
        if entry is None or not any(_wants(s, change, entry) for s in self._all()):
            return
        last = self._pending[-1][1] if self._pending else None
        if last is not None and _is_same_write(last, entry):
            last["propertyChanges"] |= entry["propertyChanges"]
        else:
            self._pending.append((change.at_ms, entry))

    def files(self) -> list[JournalFile]:
        """What is there now, oldest first."""
        now_ms = self.portal.now_ms()
        wait_ms = int(self.portal.switches.journal_publish_s * 1000)
        while self._pending and self._pending[0][0] + wait_ms <= now_ms:
            until_ms = self._pending[0][0] + wait_ms
            ready = [row for row in self._pending[:MAX_EVENTS] if row[0] <= until_ms]
            self._pending = self._pending[len(ready) :]
            self._made += 1
            entries = tuple(entry for _, entry in ready)
            self._files.append(JournalFile(f"{self._made:08d}-0000-4000", entries, until_ms))
        self._files = [file for file in self._files if file.published_ms > now_ms - KEPT_MS]
        return self._files

    def after(self, offset: str) -> JournalFile | None:
        """The file that follows the one of this offset, None when it is the last one.

        Raises:
            LookupError: for an offset that there never was.
        """
        if not offset[:8].isdigit() or not 0 < int(offset[:8]) <= self._made:
            raise LookupError(offset)
        return next((file for file in self.files() if file.offset > offset), None)

    def _all(self) -> list[JournalSubscription]:
        return list(self.subscriptions.values())


def _wants(subscription: JournalSubscription, change: Change, entry: Entry) -> bool:
    if (subscription.type, subscription.object_type_id) != (
        entry["type"],
        KINDS[change.kind].type_id,
    ):
        return False
    if subscription.actions and entry["action"] not in subscription.actions:
        return False
    named = subscription.properties
    return change.what != "propertyChange" or not named or change.name in named


def _entry(portal: Portal, change: Change) -> Entry | None:
    entry: Entry = {
        "type": "OBJECT",
        "portalId": portal.portal_id,
        "occurredAt": iso(change.at_ms),
        "action": _ACTIONS.get(change.what, ""),
        "objectTypeId": KINDS[change.kind].type_id,
        "objectId": change.id,
    }
    match change.what:
        case "propertyChange":
            if not told(portal, change):
                return None
            entry["propertyChanges"] = {change.name: change.value}
        case "merge":
            entry["primaryObjectId"], entry["mergedObjectIds"] = (
                change.merged[0],
                [change.merged[1]],
            )
            entry["newObjectId"] = change.id
        case "privacyDeletion":
            entry |= {"type": "GDPR_PRIVACY_DELETION", "action": "DELETE"}
        case "associationChange":
            return _association(entry, change)
    return entry


def _association(entry: Entry, change: Change) -> Entry | None:
    if change.other is None:
        return None
    other = KINDS[change.other[0]]
    return entry | {
        "type": "ASSOCIATION",
        "action": "ASSOCIATION_REMOVED" if change.removed else "ASSOCIATION_ADDED",
        "fromObjectTypeId": entry["objectTypeId"],
        "fromObjectId": change.id,
        "toObjectTypeId": other.type_id,
        "toObjectId": change.other[1],
        "associationTypeId": TYPE_IDS[change.kind, other.name][0],
    }


def _is_same_write(last: Entry, entry: Entry) -> bool:
    keys = ("type", "occurredAt", "objectTypeId", "objectId")
    return (
        "propertyChanges" in entry
        and last["action"] == entry["action"] == "UPDATE"
        and all(last[key] == entry[key] for key in keys)
    )
