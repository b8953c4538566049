"""Brings a store to the schema of this version: whole or not at all, and never backwards.

A store of an older schema is copied first, then migrated in one transaction, on SQLite as on Postgres:
a migration that is interrupted leaves the store as it was. Two processes that open one store at once
take turns, and the second finds it done.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from stagesync.errors import StoreTooNew
from stagesync.store.append_only import keep_log
from stagesync.store.engines import is_sqlite

MIGRATIONS = Path(__file__).parent / "migrations"

_TURN = 0x57A6E
"""The advisory lock under which a Postgres store is migrated."""


@cache
def _known(scripts: Path) -> tuple[str, frozenset[str]]:
    """The newest schema, and every one that leads to it."""
    found = ScriptDirectory(str(scripts))
    head = found.get_current_head()
    return str(head), frozenset(each.revision for each in found.walk_revisions())


def newest(scripts: Path = MIGRATIONS) -> str:
    """The schema of this version."""
    return _known(scripts)[0]


def migrate(
    engine: Engine,
    *,
    before: Callable[[Engine, str], None] | None = None,
    to: str = "",
    scripts: Path = MIGRATIONS,
) -> None:
    """Make the schema, or bring it forward.

    Args:
        before: called with an older store and its schema, before anything of it is changed.
        to: the schema to stop at, to make a store as an older version did; empty for the newest.
        scripts: folder of the migrations.

    Raises:
        StoreTooNew: the store was made by a later version; nothing was touched.
    """
    wanted = to or newest(scripts)
    with engine.connect() as connection:
        here = check_schema(connection, scripts)
    if here == wanted:
        return
    if here is not None and before is not None:
        before(engine, here)
    with engine.connect() as connection, closing(connection):
        take_turn(connection)
        if check_schema(connection, scripts) != wanted:
            upgrade(connection, wanted, scripts=scripts)
        connection.commit()


def check_schema(connection: Connection, scripts: Path = MIGRATIONS) -> str | None:
    """The schema of a store; None where there is none yet.

    Raises:
        StoreTooNew: a later version made it.
    """
    here = MigrationContext.configure(connection).get_current_revision()
    if here is not None and here not in _known(scripts)[1]:
        raise StoreTooNew(
            f"the store has schema {here}, which this version of stagesync does not know",
            hint="install the stagesync that made it, or a later one; nothing was changed",
        )
    return here


def upgrade(connection: Connection, to: str = "", *, scripts: Path = MIGRATIONS) -> None:
    """Bring the schema forward in the transaction that the caller began."""
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.attributes["connection"] = connection
    command.upgrade(config, to or newest(scripts))
    keep_log(connection)


def take_turn(connection: Connection) -> None:
    """Begin the one transaction of a migration; whoever comes second waits here, and others cannot write."""
    if is_sqlite(connection):
        # The driver begins none by itself before a CREATE or an ALTER.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")
