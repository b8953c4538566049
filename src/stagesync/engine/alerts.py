"""Raises and ends alerts: each is a row in the store, a log event when it comes and goes, a line of `status`."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from sqlalchemy import Connection

from stagesync.store import alerts

log = structlog.get_logger()

HERE = ""
"""Stands for the connection in alerts about this deployment itself."""


def settle(
    tx: Connection,
    connection: str,
    kind: str,
    found: Mapping[str, tuple[str, str]],
    *,
    now_s: float,
) -> None:
    """Say what is wrong now, whole: what is new is raised, what is gone is ended.

    Args:
        kind: such as `drift`; alerts of other kinds are left alone.
        found: thing -> what is wrong with it, and the fix.
    """
    raised, ended = alerts.settle(tx, connection, kind, found, at_s=now_s)
    for each in raised:
        log.warning(
            "alert raised", connection=connection, key=each.key, what=each.what, fix=each.fix
        )
    for each in ended:
        log.info("alert ended", connection=connection, key=each.key, what=each.what)
