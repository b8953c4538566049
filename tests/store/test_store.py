"""Opening, migrating, refusing and rolling back."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text

from stagesync.errors import StoreError, StoreTooNew
from stagesync.store import Store, open_store, state
from stagesync.store.schema import metadata


def _shape(engine: Engine) -> dict[str, Any]:
    """Tables with their columns, keys, indexes and storage, as the database itself tells them."""
    seen = inspect(engine)
    made: dict[str, str] = {}
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            sql = "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
            made = {row.name: row.sql for row in connection.execute(text(sql))}
    return {
        table: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(table)],
            seen.get_pk_constraint(table)["constrained_columns"],
            sorted(
                (i["name"], tuple(i["column_names"]), bool(i["unique"]))
                for i in seen.get_indexes(table)
            ),
            "WITHOUT ROWID" in made.get(table, "").upper(),
        )
        for table in seen.get_table_names()
        if table not in {"alembic_version", "sqlite_sequence"}
    }


@pytest.fixture
def migrated(store_url: str) -> Iterator[Engine]:
    """An engine on a database that the migrations made."""
    engine = create_engine(store_url)
    yield engine
    engine.dispose()


def test_migrations_equal_a_fresh_schema(migrated: Engine, bare_url: str) -> None:
    """All migrations together make exactly the tables, columns, keys and indexes of the schema."""
    fresh = create_engine(bare_url)
    metadata.create_all(fresh)
    assert _shape(fresh) == _shape(migrated)
    fresh.dispose()


def test_no_migration_is_missing(migrated: Engine) -> None:
    """Alembic finds nothing that another migration would have to change."""
    with migrated.connect() as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection), metadata)


def test_opening_again_keeps_everything(store_url: str) -> None:
    """A store that is opened a second time holds what was put in."""
    first = open_store(store_url)
    with first.begin() as tx:
        state.set_meta(tx, "runs", "3")
    first.close()
    second = open_store(store_url)
    with second.begin() as tx:
        assert "3" == state.get_meta(tx, "runs")
    second.close()


def test_a_store_of_a_later_version_is_refused(store_url: str) -> None:
    """A schema that this version does not know is refused with advice, and left as it was."""
    engine = create_engine(store_url)
    with engine.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreTooNew, match="schema 9999") as refused:
        open_store(store_url)
    assert refused.value.hint is not None
    with engine.connect() as tx:
        assert "9999" == tx.execute(text("SELECT version_num FROM alembic_version")).scalar()
    engine.dispose()


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """A new store can be read by nobody else: it holds personal data. Missing folders are made."""
    path = tmp_path / "deep" / "private.db"
    open_store(f"sqlite:///{path}").close()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("url", ["not a url", "nosuch://x/y"])
def test_an_url_that_is_none_is_refused(url: str) -> None:
    """What is no database URL is refused by name of its key."""
    with pytest.raises(StoreError, match=r"store\.url"):
        open_store(url)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """The message bears the driver's words and none of the file's content."""
    path = tmp_path / "letter.db"
    path.write_text("Dear Ann, " * 200)
    with pytest.raises(StoreError, match="the database refused") as refused:
        open_store(f"sqlite:///{path}")
    assert "Ann" not in str(refused.value)


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    """An exception takes back all that its transaction did."""

    def fail_midway() -> None:
        with store.begin() as tx:
            state.set_meta(tx, "runs", "1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_midway()
    with store.begin() as tx:
        assert None is state.get_meta(tx, "runs")


def test_a_refused_statement_tells_no_values(store: Store) -> None:
    """An error of the database becomes a StoreError without the statement and its values."""
    with store.begin() as tx:
        state.start_run(tx, "r_1", seq=1, at_s=1.0)
    with (
        pytest.raises(StoreError, match=r"IntegrityError|UniqueViolation") as refused,
        store.begin() as tx,
    ):
        state.start_run(tx, "r_1", seq=1, at_s=2.0)
    assert "r_1" not in str(refused.value)
