"""Lets go of what is no longer of use, a little with every run: what CRMs deleted or were left with, and old notes.

The log goes by a span of its own, see `engine.heads`; plans and what was written by theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import Connection

from stagesync.engine.deployment import Deployment
from stagesync.engine.forget import erase_all, traces_of
from stagesync.store import ageing, connections, people, state, stood
from stagesync.store.erasing import erase
from stagesync.store.forgotten import Traces
from stagesync.store.records import StoredRecord

log = structlog.get_logger()

DAY_S = 86_400.0
AT_ONCE = 500
"""Records, and subjects of histories, that are looked at in one run."""
KEEP_NOTES_S = 400 * DAY_S
"""How long runs, and alerts that ended, are kept."""
KEEP_HEARD_S = 30 * DAY_S
"""How long a record that a CRM named by webhook waits to be read; the polls find it all the same."""


def let_go(deployment: Deployment, *, now_s: float) -> None:
    """Erase what has been gone from its CRM for longer than it is kept, and notes that grew old."""
    with deployment.store.begin() as tx:
        ageing.drop_notes(tx, before_s=now_s - KEEP_NOTES_S, heard_before_s=now_s - KEEP_HEARD_S)
        ageing.note_gone(tx, at_s=now_s, at_most=AT_ONCE)
        connections.note_left(tx, deployment.connections, at_s=now_s)
    if deployment.keep_gone_s is None:
        return
    before_s = now_s - deployment.keep_gone_s
    count = _gone_records(deployment, before_s=before_s, now_s=now_s)
    count += _left_connections(deployment, before_s=before_s, now_s=now_s)
    count += _ended_histories(deployment, before_s=before_s)
    if count:
        deployment.store.forget_traces()
        log.info("let go", rows=count)


def _gone_records(deployment: Deployment, *, before_s: float, now_s: float) -> int:
    with deployment.store.begin() as tx:
        own = ageing.gone_before(tx, before_s, at_most=AT_ONCE)
        if not own:
            return 0
        traces = traces_of(tx, deployment, own, ())
        found = erase_all(
            tx, deployment, traces, actor="stagesync", why="gone", now_s=now_s, for_good=False
        )
    return sum(found.rows.values())


def _left_connections(deployment: Deployment, *, before_s: float, now_s: float) -> int:
    """What came from connections that were taken out of the settings, and in the end what is known of them."""
    with deployment.store.begin() as tx:
        for name, since_s in connections.left(tx).items():
            if since_s >= before_s:
                continue
            own = ageing.records_of_connection(tx, name, at_most=AT_ONCE)
            if own:
                return _let_go_of(tx, deployment, own, now_s=now_s)
            connections.drop(tx, name)
            log.info("connection let go", connection=name)
    return 0


def _let_go_of(
    tx: Connection, deployment: Deployment, own: Sequence[StoredRecord], *, now_s: float
) -> int:
    """Erase records that no CRM tells of any more; who has others is placed anew without them."""
    traces = traces_of(tx, deployment, own, ())
    found = erase_all(
        tx, deployment, traces, actor="stagesync", why="left", now_s=now_s, for_good=False
    )
    accounts = {each.account for each in own if each.account}
    members = people.people_of_accounts(tx, accounts)
    removed = people.remove_empty(tx, "account", sorted(accounts))
    stood.note_gone(tx, removed, at_s=now_s)
    state.mark_dirty(tx, "account", sorted(accounts.difference(removed)))
    state.mark_dirty(tx, "person", sorted({who for found in members.values() for who in found}))
    return sum(found.rows.values())


def _ended_histories(deployment: Deployment, *, before_s: float) -> int:
    """Histories and holds of people and accounts who are no more."""
    with deployment.store.begin() as tx:
        newest = ageing.next_histories(tx, at_most=AT_ONCE)
        there = {who for kind in people.KINDS for who in people.placed(tx, kind, newest)}
        ended = {who for who, at_s in newest.items() if who not in there and at_s < before_s}
        if not ended:
            return 0
        found = erase(tx, Traces(frozenset(ended), frozenset(), frozenset()))
    return sum(found.values())
