"""Which records stagesync may write to: read for identity and facts are all of them."""

from __future__ import annotations

from sqlalchemy import Connection

from stagesync.domain.mapping import in_scope
from stagesync.engine.deployment import Connected, Deployment
from stagesync.store import records
from stagesync.store.records import StoredRecord


def may_be_written(connected: Connected, each: StoredRecord) -> bool:
    """Whether the mapping's scope takes the record in."""
    mapping = connected.object_mapping(each.object)
    return in_scope(mapping, each.fields, domain=each.mail_domain, created_at_s=each.created_at_s)


def count_out_of_scope(tx: Connection, deployment: Deployment) -> dict[str, int]:
    """Connection -> live records that are read and never written, because the scope leaves them out.

    Reads every record of the objects that have a scope: for commands that people ask, not for runs.
    """
    found = {}
    for name, connected in deployment.connections.items():
        limited = [each for each in connected.roles if connected.object_mapping(each).scope]
        held = records.all_records(tx, [(name, each) for each in limited])
        found[name] = sum(not each.gone and not may_be_written(connected, each) for each in held)
    return found
