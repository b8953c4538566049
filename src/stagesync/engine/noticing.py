"""Looks, at the end of a run, for what a person should know of."""

from __future__ import annotations

from stagesync.engine.allowance import notice_shortages
from stagesync.engine.deployment import Deployment
from stagesync.engine.failing import notice_failures, notice_stalled
from stagesync.engine.joins import notice_joins
from stagesync.engine.outcome import Outcome
from stagesync.engine.parked import notice_parked
from stagesync.engine.silence import notice_unusual


def notice(deployment: Deployment, outcome: Outcome, *, polled: bool, now_s: float) -> None:
    """Raise and end alerts by what this run found.

    Args:
        polled: the connections were pulled, not only what a CRM had named.
    """
    troubles = {name: outcome.troubles.get(name) for name in outcome.pulled} if polled else {}
    refused = any(each.refused for each in outcome.written.values())
    with deployment.store.begin() as tx:
        if not deployment.stopping.is_set():
            notice_failures(tx, troubles, now_s=now_s)
        notice_stalled(tx, deployment, now_s=now_s)
        notice_shortages(tx, deployment, now_s=now_s)
        notice_parked(tx, deployment, refused=refused, now_s=now_s)
        notice_joins(tx, now_s=now_s)
        if not outcome.waits:
            moved = outcome.evaluated.transitions
            notice_unusual(tx, deployment, moved=moved, now_s=now_s)
