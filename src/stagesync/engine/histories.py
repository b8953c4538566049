"""Asks the CRMs who changed what, where they keep a history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from stagesync.connector import Change, CredentialsRefused, CrmError, TellsHistory
from stagesync.engine.deployment import Deployment
from stagesync.store.edits import Edit
from stagesync.store.records import StoredRecord

log = structlog.get_logger()


def changes_of(
    deployment: Deployment, waiting: Sequence[Edit], held: Mapping[int, StoredRecord]
) -> tuple[dict[tuple[int, str], Change], dict[str, CrmError]]:
    """(record, field) -> its newest change, where the CRM tells; and who could tell, but not now."""
    found: dict[tuple[int, str], Change] = {}
    silent: dict[str, CrmError] = {}
    places = {(held[e.record_pk].connection, held[e.record_pk].object) for e in waiting}
    for name, object_name in sorted(places):
        connected = deployment.connections.get(name)
        if connected is None or not isinstance(connected.connector, TellsHistory):
            continue
        own = [
            e
            for e in waiting
            if (held[e.record_pk].connection, held[e.record_pk].object) == (name, object_name)
        ]
        ids = sorted({held[each.record_pk].id for each in own})
        try:
            told = connected.connector.history(object_name, ids, sorted({e.field for e in own}))
        except CrmError as error:
            log.warning("history not told", connection=name, error=str(error))
            if error.retry_after_s is not None or isinstance(error, CredentialsRefused):
                silent[name] = error
            continue
        for each in own:
            newest = told.get(held[each.record_pk].id, {}).get(each.field, ())
            if newest:
                found[each.record_pk, each.field] = newest[0]
    return found, silent
