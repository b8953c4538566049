"""What the CRMs themselves noted of our writes: the other book, which must tell the same as our audit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from stagesync.sandbox.hubspot import HubSpotSim
from stagesync.sandbox.hubspot.changes import Change
from stagesync.sandbox.salesforce import SalesforceSim

Place = tuple[str, str, str]
"""Connection, object as stagesync names it, id."""


class Journal:
    """Listens to both CRMs for what is signed with our name; values that stood there already are no change.

    Args:
        hubspot_names, salesforce_names: the vendor's object -> as stagesync names it.
    """

    def __init__(
        self,
        hubspot: HubSpotSim,
        salesforce: SalesforceSim,
        *,
        hubspot_names: Mapping[str, str],
        salesforce_names: Mapping[str, str],
    ) -> None:
        self._org, self._app = salesforce.org, str(hubspot.portal.app_id)
        self._hubspot_names, self._salesforce_names = hubspot_names, salesforce_names
        self._heard: list[tuple[Place, str, Any]] = []
        self._commit = 0
        hubspot.portal.changes.listeners.append(self._hear)

    def _hear(self, change: Change) -> None:
        if change.what == "propertyChange" and change.source.id == self._app:
            place = ("hubspot", self._hubspot_names[change.kind], str(change.id))
            self._heard.append((place, change.name, change.value))

    def take(self) -> list[tuple[Place, str, Any]]:
        """(record, field, value) of each of our changes since the last time, oldest first per CRM."""
        found, self._heard = self._heard, []
        last = self._commit
        for event in self._org.changes.entries(math.inf):
            header = event["ChangeEventHeader"]
            if header["commitNumber"] <= last:
                continue
            self._commit = max(self._commit, header["commitNumber"])
            if header["commitUser"] != self._org.user_id or header["changeType"] != "UPDATE":
                continue
            place = (
                "salesforce",
                self._salesforce_names[header["entityName"]],
                header["recordIds"][0],
            )
            found += [(place, name, event[name]) for name in header["changedFields"]]
        return found
