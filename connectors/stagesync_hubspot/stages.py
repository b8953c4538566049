"""Which deal stages are won and which are closed: a property of the pipeline, not of the deal.

Source: https://developers.hubspot.com/docs/api-reference/crm-pipelines-v3/guide (seen 2026-11);
that a probability of 1 means won is how HubSpot's own reports count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stagesync_hubspot import api, failures
from stagesync_hubspot.transport import Transport

Flags = Mapping[str, bool | None]


class DealStages:
    """Remembers the stages of all deal pipelines; reads them when first needed.

    A stage that is not among them makes it read once more; one that stays unknown is remembered
    as unknown, so that it costs no further call.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._known: dict[str, Flags] = {}

    def flags(self, stages: Iterable[str]) -> Mapping[str, Flags]:
        """Won and closed by stage id; both None for a stage that no pipeline has."""
        asked = set(stages) - {""}
        if missing := asked - self._known.keys():
            # Read before anything is remembered: a read that fails leaves nothing known wrongly.
            found = self._read()
            self._known |= {**dict.fromkeys(missing, dict.fromkeys(api.DEAL_FLAGS)), **found}
        return self._known

    def _read(self) -> dict[str, Flags]:
        answer = self._transport.call(self._transport.pipelines.get_all, "deals")
        pipelines = answer.get("results") or ()
        with failures.readable("a pipeline"):
            return {str(one["id"]): _flags(one) for each in pipelines for one in each["stages"]}


def _flags(stage: Mapping[str, Any]) -> Flags:
    metadata = stage.get("metadata") or {}
    closed = str(metadata.get("isClosed")).casefold() == "true"
    try:
        won = float(metadata.get("probability") or 0) >= 1.0
    except ValueError:
        won = False
    return {api.STAGE_IS_WON: closed and won, api.STAGE_IS_CLOSED: closed}
