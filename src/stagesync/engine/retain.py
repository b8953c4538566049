"""Lets go of what is no longer of use, a little with every run: what CRMs deleted, and notes that grew old.

The log goes by a span of its own, see `engine.heads`; plans and what was written by theirs.
"""

from __future__ import annotations

import structlog

from stagesync.engine.deployment import Deployment
from stagesync.engine.forget import erase_all, traces_of
from stagesync.store import ageing, people
from stagesync.store.erasing import erase
from stagesync.store.forgotten import Traces

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
    if deployment.keep_gone_s is None:
        return
    before_s = now_s - deployment.keep_gone_s
    count = _gone_records(deployment, before_s=before_s, now_s=now_s)
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
