"""Notices connections that fail again and again, and objects that are no longer pulled."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from stagesync.domain.said import Said
from stagesync.engine.alerts import Kind, Told, settle
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.trouble import kind_of
from stagesync.errors import CrmError, QuotaExhausted
from stagesync.store import connections, state

IN_A_ROW = 3
"""So many polls in a row must break off before somebody is called: what mends itself has mended by then."""

STALLED_POLLS = 20
STALLED_S = 3_600.0
"""An object is stalled when it was not pulled for so many poll intervals, and for so long."""


def notice_failures(tx: Connection, pulled: Mapping[str, CrmError | None], *, now_s: float) -> None:
    """Raise an alert for a connection in trouble; it ends with the first poll that goes through.

    Args:
        pulled: connections that were polled by this run -> what broke them off; None where nothing did.
    """
    for name, error in pulled.items():
        failures = connections.count_failures(tx, name, failed=error is not None)
        # The day's calls are an alert of their own, and come back by themselves.
        counts = error is not None and not isinstance(error, QuotaExhausted)
        if error is None or not counts:
            settle(tx, name, Kind.TROUBLE, {}, now_s=now_s)
        elif failures >= IN_A_ROW or error.retry_after_s is None:
            settle(tx, name, Kind.TROUBLE, _told(name, error), now_s=now_s)


def _told(name: str, error: CrmError) -> Told:
    what = Said("{connection} cannot be worked with: {kind}", connection=name, kind=kind_of(error))
    fix = Said(
        "stagesync status has the CRM's words; stagesync doctor {connection}", connection=name
    )
    return {"pull": (what, fix)}


def notice_stalled(tx: Connection, deployment: Deployment, *, now_s: float) -> None:
    """Raise an alert for objects whose cursor stands still although nothing failed and nobody paused them."""
    paused = connections.paused(tx)
    for name, connected in deployment.connections.items():
        known = connections.connection_state(tx, name)
        excused = name in paused or (known is not None and known.trouble)
        told = {} if excused else _stalled(tx, connected, now_s=now_s)
        settle(tx, name, Kind.STALLED, told, now_s=now_s)


def _stalled(tx: Connection, connected: Connected, *, now_s: float) -> Told:
    limit_s = max(STALLED_POLLS * connected.poll_s, STALLED_S)
    return {
        name: (
            Said(
                "{object} was not pulled for {hours} hours, though it is polled every {poll} seconds",
                object=name,
                hours=int((now_s - cursor.pulled_at_s) // 3_600),
                poll=int(connected.poll_s),
            ),
            Said(
                "see what the daemon logs of {connection}; stagesync doctor looks at the connection",
                connection=connected.name,
            ),
        )
        for name, cursor in sorted(state.cursors_of(tx, connected.name).items())
        if name in connected.roles and cursor.complete and now_s - cursor.pulled_at_s > limit_s
    }
