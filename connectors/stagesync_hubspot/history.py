"""Who changed what: the history that HubSpot keeps of every property.

HubSpot signs a change that came through its API with the id of the app, ours included. Ours is told by
an option, by HubSpot itself, or where it does not tell (a service key has no app) by the history of our own
stage, which nobody else is the first to write; until one of them has told, our own changes look like those
of another program.

Sources, seen 2026-11:
    https://developers.hubspot.com/docs/guides/api/crm/properties
    https://developers.hubspot.com/docs/guides/api/crm/understanding-the-crm
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from stagesync.connector import Actor, Change
from stagesync_hubspot import api, failures
from stagesync_hubspot.links import chunks
from stagesync_hubspot.records import Wish, merged_ids
from stagesync_hubspot.transport import Transport

Changes = Mapping[str, Mapping[str, tuple[Change, ...]]]

_INTEGRATION = "INTEGRATION"
_SOURCES = {
    Actor.PERSON: "CRM_UI MOBILE_IOS MOBILE_ANDROID",
    Actor.BULK: "CRM_UI_BULK_ACTION IMPORT",
    # Workflows and journeys, stages that follow other records, forms, and HubSpot's own upkeep. A merge
    # or a restore is a person's act, but the value is not one that they chose.
    Actor.AUTOMATION: """
        AI_GROUP ANALYTICS API ASSOCIATIONS AUTOMATION_JOURNEY AUTOMATION_PLATFORM
        AUTO_ASSOCIATE_BY_DOMAIN BATCH_UPDATE BEHAVIORAL_EVENTS CALCULATED COMPANIES COMPANY_FAMILIES
        COMPANY_INSIGHTS DATA_ENRICHMENT DATA_QUALITY DEALS EMAIL ENGAGEMENTS FORM INTERNAL_PROCESSING
        MEETINGS MERGE_COMPANIES MERGE_CONTACTS MERGE_OBJECTS MERGE_REVERT_OBJECTS MIGRATION
        PIPELINE_SETTINGS PORTAL_OBJECT_SYNC PRIMARY_AUTOMATION PROPERTY_DEFAULT_VALUE PROPERTY_RESTORE
        PROPERTY_SETTINGS RESTORE_OBJECTS SEQUENCES WORKFLOWS""",
    # Other CRMs too, by way of HubSpot's own synchronisation.
    Actor.INTEGRATION: f"""
        {_INTEGRATION} EMAIL_INTEGRATION GMAIL_INTEGRATION INTEGRATIONS_PLATFORM INTEGRATIONS_SYNC
        SALESFORCE SLACK_INTEGRATION""",
}
ACTORS = {name: actor for actor, names in _SOURCES.items() for name in names.split()}
"""What HubSpot calls the source of a change -> who made it; what is not clear is left out."""


class History:
    """Reads histories, and remembers which app is ours.

    Args:
        app_id: of our own app, as the connection's options give it; empty when they do not.
        introspect: asks HubSpot for the id of the app; gives an empty text where it tells none.
    """

    def __init__(
        self, transport: Transport, app_id: str = "", *, introspect: Callable[[], str]
    ) -> None:
        self._transport = transport
        self._introspect = introspect
        self._is_told = bool(app_id)
        self._was_asked = False
        self._ours = {app_id} if app_id else set()

    def read(self, wish: Wish, ids: Sequence[str]) -> Changes:
        """Record id -> property -> its changes, newest first; fifty records a call.

        A record that was merged is also told under the old id that was asked for.
        """
        asked = list(dict.fromkeys(ids))
        if not asked or not wish.history:
            return {}
        self._ask()
        raw = [one for chunk in chunks(asked, api.HISTORY_BATCH) for one in self._read(wish, chunk)]
        with failures.readable("a history"):
            self._learn(raw)
            told = {str(one["id"]): self._changes(one, wish.history) for one in raw}
            into = {old: str(one["id"]) for one in raw for old in merged_ids(one)}
        found = {one: told.get(one, told.get(into.get(one, ""))) for one in asked}
        return {one: changes for one, changes in found.items() if changes is not None}

    def _read(self, wish: Wish, ids: list[str]) -> Sequence[Mapping[str, Any]]:
        names = list(wish.history)
        if not self._is_told and wish.item.kind.writable and api.OWN_STAGE not in names:
            # Costs no call of its own; an account without our field leaves it out.
            names.append(api.OWN_STAGE)
        body = api.history_body(ids, names)
        answer = self._transport.call(self._transport.batches.read, wish.item.plural, body)
        return answer.get("results") or ()

    def _ask(self) -> None:
        if self._is_told or self._was_asked:
            return
        self._was_asked = True
        if app_id := self._introspect():
            self._is_told, self._ours = True, {app_id}

    def _learn(self, raw: Iterable[Mapping[str, Any]]) -> None:
        """Whoever first wrote our own stage into a record is us: here, elsewhere, or under an older token.

        Another program that writes over it later stays another program.
        """
        if self._is_told:
            return
        for one in raw:
            versions = (one.get("propertiesWithHistory") or {}).get(api.OWN_STAGE) or ()
            first: Mapping[str, Any] = min(versions, key=_stamp, default={})
            if first.get("sourceType") == _INTEGRATION and first.get("sourceId"):
                self._ours.add(str(first["sourceId"]))

    def _changes(
        self, raw: Mapping[str, Any], names: Sequence[str]
    ) -> Mapping[str, tuple[Change, ...]]:
        told = raw.get("propertiesWithHistory") or {}
        found = {name: [self._change(one) for one in told[name]] for name in names if name in told}
        return {
            name: tuple(sorted(changes, key=lambda one: one.at_s, reverse=True))
            for name, changes in found.items()
        }

    def _change(self, raw: Mapping[str, Any]) -> Change:
        by = str(raw.get("sourceId") or raw.get("updatedByUserId") or "")
        actor = ACTORS.get(str(raw.get("sourceType")), Actor.UNKNOWN)
        if actor is Actor.INTEGRATION and by in self._ours:
            actor = Actor.OURS
        at = datetime.fromisoformat(str(raw["timestamp"]))
        return Change(raw.get("value") or None, at.timestamp(), actor, by)


def _stamp(version: Mapping[str, Any]) -> str:
    return str(version.get("timestamp"))
