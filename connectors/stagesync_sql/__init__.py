"""The SQL connector: contacts, accounts, deals and activities in the tables of a database."""

from __future__ import annotations

from collections.abc import Mapping

from stagesync.connector import Clock, Connector

__all__ = ["connect"]


def connect(name: str, options: Mapping[str, object], *, clock: Clock) -> Connector:
    """A connector for one database; see `stagesync.connector.Connect`."""
    # SQLAlchemy takes a moment to import: paid by those who connect, not by `--help`.
    from stagesync_sql.connector import SqlConnector
    from stagesync_sql.options import read_options

    return SqlConnector(name, read_options(options), clock=clock)
