"""Raises and ends alerts: each is a row in the store, a log event when it comes and goes, a line of `status`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import structlog
from sqlalchemy import Connection

from stagesync.store import alerts

log = structlog.get_logger()

HERE = ""
"""Stands for the connection in alerts about this deployment itself."""


class Kind(StrEnum):
    """What an alert is about: the part of its key before the colon."""

    TROUBLE = "trouble"
    STALLED = "stalled"
    FIRST_LOAD = "first_load"
    DRIFT = "drift"
    COUNT = "count"
    LIST = "list"
    HISTORY = "history"
    HELD = "held"
    PARKED = "parked"
    JOIN = "join"
    SILENCE = "silence"
    SHIFT = "shift"
    QUOTA = "quota"
    LOG = "log"
    DEFINITIONS = "definitions"
    SETTINGS = "settings"
    CHANNEL = "channel"


Told = dict[str, tuple[str, str]]
"""Thing -> what is wrong with it, and the fix."""


def settle(
    tx: Connection,
    connection: str,
    kind: Kind,
    found: Mapping[str, tuple[str, str]],
    *,
    now_s: float,
) -> None:
    """Say what is wrong now, whole: what is new is raised, what is gone is ended.

    Args:
        kind: alerts of other kinds are left alone.
        found: thing -> what is wrong with it, and the fix.
    """
    raised, ended = alerts.settle(tx, connection, kind, found, at_s=now_s)
    for each in raised:
        log.warning(
            "alert raised", connection=connection, key=each.key, what=each.what, fix=each.fix
        )
    for each in ended:
        log.info("alert ended", connection=connection, key=each.key, what=each.what)
