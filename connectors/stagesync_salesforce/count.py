"""How many records the org holds now.

`limits/recordCount` is cheap but an estimate, and knows no conditions; `COUNT()` is exact, and the
counts of all objects ride in two calls.

Source: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_count.htm
(seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Sequence

from stagesync.connector import CrmError
from stagesync_salesforce import api, features, persons, soql
from stagesync_salesforce.known import Known
from stagesync_salesforce.transport import Part, Transport

# The counts of one look are told to whoever asks within this time.
KEPT_S = 60.0


class Counts:
    """The last counts of every object."""

    def __init__(self, transport: Transport, known: Known) -> None:
        self._transport = transport
        self._known = known
        self._found: dict[str, int] = {}
        self._looked_at_s = float("-inf")

    def of(self, object_name: str) -> int | None:
        """Records that a full pull would bring; None for an object that our user may not count."""
        spec, now_s = api.sobject(object_name), self._transport.now_s()
        if not 0 <= now_s - self._looked_at_s < KEPT_S:
            self._found = self._look()
            self._looked_at_s = now_s
        return self._found.get(spec.kind.name)

    def _look(self) -> dict[str, int]:
        found: dict[str, int] = {}
        features.find_out(self._transport, self._known, ["account"])
        for start in range(0, len(api.OBJECTS), api.HEAVY_PARTS):
            specs = api.OBJECTS[start : start + api.HEAVY_PARTS]
            answers = self._transport.composite(self._parts(specs))
            for spec, answer in zip(specs, answers, strict=True):
                if not isinstance(answer, CrmError):
                    found[spec.kind.name] = int(answer["totalSize"])
        return found

    def _parts(self, specs: Sequence[api.SObject]) -> list[Part]:
        version, with_persons = self._transport.version, bool(self._known.persons)
        return [
            Part(
                "GET",
                api.query_path(
                    version, count_of(spec, with_persons=with_persons), deleted=spec.archives
                ),
            )
            for spec in specs
        ]


def count_of(spec: api.SObject, *, with_persons: bool) -> str:
    """The query that counts what a full pull would bring."""
    more = persons.conditions(spec, persons=with_persons)
    return soql.select(["COUNT()"], spec.name, *spec.conditions(), *more)
