"""What connectors know of themselves, kept where `status` finds it: their memory, allowance and slow work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from stagesync.connector import Connector, Remembers, Round, Secret
from stagesync.engine.counts import counts_of, due_at_s
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.instants import iso
from stagesync.engine.rounds import rounds_of
from stagesync.store import Store, connections


def give_memory(connector: Connector, store: Store) -> None:
    """Let a connector remember by the store, if it has anything to remember; call it before any request."""
    if not isinstance(connector, Remembers):
        return
    name = connector.name

    # A token that the vendor has replaced is the only one that counts, whoever works under the lease.
    def recall() -> Secret | None:
        with store.begin(fenced=False) as tx:
            told = connections.remembered(tx, name)
        return None if told is None else Secret(told)

    def keep(told: Secret) -> None:
        with store.begin(fenced=False) as tx:
            connections.remember(tx, name, told.reveal())

    connector.remember(recall, keep)


def save_standing(deployment: Deployment) -> None:
    """Keep what each connection told of its allowance and of its slow work."""
    for connected in deployment.connections.values():
        _save(deployment, connected)


def _save(deployment: Deployment, connected: Connected) -> None:
    rounds, quota = rounds_of(deployment, connected), connected.connector.quota()
    with deployment.store.begin() as tx:
        connections.save_rounds(tx, connected.name, [asdict(each) for each in rounds])
        if quota:
            connections.save_quota(tx, connected.name, asdict(quota))


def slow_work(tx: Connection, deployment: Deployment, name: str) -> list[dict[str, Any]]:
    """What is done now and then for a connection: the connector's own work first, then the engine's."""
    found = connections.connection_state(tx, name)
    told = [Round(**each) for each in found.rounds] if found else []
    if found and found.described_at_s is not None:
        due_s = found.described_at_s + deployment.describe_every_s
        told.append(Round("", "fields described", found.described_at_s, due_s))
    return [_shown(each) for each in (*told, *_counted(tx, name))]


def _counted(tx: Connection, name: str) -> Iterator[Round]:
    for object_name, last in counts_of(tx, name).items():
        yield Round(object_name, "records counted", last.at_s, due_at_s(last))


def _shown(each: Round) -> dict[str, Any]:
    return {
        "object": each.object or None,
        "what": each.what,
        "done_at": None if each.done_at_s is None else iso(each.done_at_s),
        "due_at": None if each.due_at_s is None else iso(each.due_at_s),
        "under_way": each.under_way,
    }
