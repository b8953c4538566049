"""Which records stagesync may write to: read for identity and facts are all of them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from stagesync.domain.mapping import in_scope
from stagesync.engine.deployment import Connected, Deployment
from stagesync.store import members, records
from stagesync.store.records import StoredRecord


def writable(tx: Connection, deployment: Deployment, found: Iterable[StoredRecord]) -> set[int]:
    """Those of the records that the mappings' scopes take in."""
    by_kind: dict[tuple[str, str], list[StoredRecord]] = {}
    for each in found:
        by_kind.setdefault((each.connection, each.object), []).append(each)
    taken: set[int] = set()
    for (name, object_name), several in by_kind.items():
        connected = deployment.connections[name]
        if object_name in connected.roles:
            taken |= _writable(tx, connected, object_name, several)
    return taken


def _writable(
    tx: Connection, connected: Connected, object_name: str, several: list[StoredRecord]
) -> set[int]:
    mapping = connected.object_mapping(object_name)
    named = frozenset(mapping.scope.named_lists) if mapping.scope else frozenset()
    ids = [each.id for each in several] if named else []
    on = members.lists_of(tx, connected.name, object_name, ids)
    is_known = named <= on[""]
    return {
        each.pk
        for each in several
        if in_scope(
            mapping,
            each.fields,
            domain=each.mail_domain,
            created_at_s=each.created_at_s,
            lists=on.get(each.id, frozenset()) if is_known else None,
        )
    }


def count_out_of_scope(tx: Connection, deployment: Deployment) -> dict[str, int]:
    """Connection -> live records that are read and never written, because the scope leaves them out.

    Reads every record of the objects that have a scope: for commands that people ask, not for runs.
    """
    found = {}
    for name, connected in deployment.connections.items():
        limited = [each for each in connected.roles if connected.object_mapping(each).scope]
        live = [
            each
            for each in records.all_records(tx, [(name, each) for each in limited])
            if not each.gone
        ]
        found[name] = len(live) - len(writable(tx, deployment, live))
    return found
