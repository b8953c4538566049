"""What Change Data Capture would say: one event per committed change of a record.

`changeOrigin` names the API and, where the writer said so in Sforce-Call-Options, the client. It is
empty for what people and automations do. An event carries no SystemModstamp and no IsDeleted, and
the one of a conversion no LastModifiedDate either.

Source: https://developer.salesforce.com/docs/platform/change-data-capture/guide/
cdc-event-fields-header (seen 2026-11)
"""

import re
from collections import deque
from typing import Any

from stagesync.sandbox.salesforce.api import ApiRequest
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.soql.shape import show

CAPTURED = frozenset(
    {
        "Account",
        "Campaign",
        "CampaignMember",
        "Contact",
        "Event",
        "Lead",
        "Opportunity",
        "OpportunityContactRole",
        "Task",
    }
)
MOST_EVENTS = 50_000
_UNSAID = frozenset({"Id", "IsDeleted", "SystemModstamp"})
_CLIENT = re.compile(r"client=([^;,\s]+)", re.IGNORECASE)


class ChangeLog:
    """The events of an org, in the order of their making; a transaction taken back leaves none."""

    def __init__(self) -> None:
        self._events: deque[dict[str, Any]] = deque(maxlen=MOST_EVENTS)
        self._made = 0

    def add(self, org: Org, event: dict[str, Any], *, committed_at: float) -> None:
        """Appends an event; its header is completed here."""
        self._made += 1
        header = event["ChangeEventHeader"]
        header |= {
            "transactionKey": f"{self._made:08x}-sandbox",
            "sequenceNumber": 1,
            "commitTimestamp": int(committed_at * 1000),
            "commitNumber": self._made,
        }
        self._events.append(event)
        org.ledger.note(self, str(self._made), None)

    def restore(self, record_id: str, before: Row | None) -> None:
        """Forgets an event of a transaction that is taken back."""
        del before
        number = int(record_id)
        # A transaction is taken back from its end.
        if self._events and self._events[-1]["ChangeEventHeader"]["commitNumber"] == number:
            self._events.pop()
            return
        kept = [e for e in self._events if e["ChangeEventHeader"]["commitNumber"] != number]
        self._events = deque(kept, maxlen=MOST_EVENTS)

    def entries(self, now: float) -> list[dict[str, Any]]:
        """The events committed so far, by the moment of their commit."""
        seen = [e for e in self._events if e["ChangeEventHeader"]["commitTimestamp"] <= now * 1000]
        return sorted(seen, key=lambda e: int(e["ChangeEventHeader"]["commitTimestamp"]))

    def clear(self) -> None:
        self._events.clear()


def origin_of(org: Org, request: ApiRequest) -> str:
    """The changeOrigin of what a request writes."""
    api = f"com/salesforce/api/rest/{request.version}"
    in_collection = request.path.startswith("composite/sobjects")
    if in_collection and not org.switches.collections_pass_client:
        return api
    return f"{api}{client_of(request)}"


def client_of(request: ApiRequest) -> str:
    """The end of a changeOrigin that names the client; "" when the writer did not."""
    match = _CLIENT.search(request.headers.get("sforce-call-options", ""))
    return f";client={match[1]}" if match else ""


def note_change(
    org: Org, name: str, *, before: Row | None, after: Row, committed_at: float
) -> None:
    """Logs the event of one change of a captured object."""
    if name not in CAPTURED:
        return
    fields = org.objects[name].fields
    keys = [key for key in fields if key not in _UNSAID and key in (before or {}).keys() | after]
    changed = [key for key in keys if (before or {}).get(key) != after.get(key)]
    converted = bool(before) and "IsConverted" in changed
    told = [key for key in changed if not (converted and key == "LastModifiedDate")]
    kind = _kind(before, after)
    header = {
        "entityName": name,
        "recordIds": [after["Id"]],
        "changeType": kind,
        "changeOrigin": org.origin,
        "commitUser": after.get("LastModifiedById", ""),
        "changedFields": told if kind == "UPDATE" else [],
        "nulledFields": [key for key in told if kind == "UPDATE" and after.get(key) is None],
        "diffFields": [],
    }
    values = {} if kind == "DELETE" else {key: show(fields[key], after.get(key)) for key in told}
    event = {"ChangeEventHeader": header} | values
    org.changes.add(org, event, committed_at=committed_at)


def _kind(before: Row | None, after: Row) -> str:
    if before is None:
        return "CREATE"
    if bool(before.get("IsDeleted")) == bool(after.get("IsDeleted")):
        return "UPDATE"
    return "DELETE" if after.get("IsDeleted") else "UNDELETE"
