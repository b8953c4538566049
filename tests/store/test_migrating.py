"""A store of an older version is backed up and brought forward, whole or not at all, on either kind.

There is one migration until the first release, so the newer version here is a made one: the shipped
migrations and one more. Real stores of released versions lie in `tests/store/old`; see docs/contributing.md.
"""

import gzip
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from filled_store import ROWS
from stagesync.errors import StoreTooNew
from stagesync.store import open_store
from stagesync.store.backups import back_up, check_backup, keep_older
from stagesync.store.content import sums_of
from stagesync.store.engines import file_of
from stagesync.store.migrating import MIGRATIONS, check_schema, migrate, newest
from stagesync.store.moving import opened
from stagesync.store.restoring import restore

OLD = [None, *sorted((Path(__file__).parent / "old").glob("*.db.gz"))]
"""Those of released versions; and None for one that this version makes."""

NOON_S = 1_795_262_400.0

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "0001"


def upgrade():
    op.create_table("planet", sa.Column("name", sa.Text(), primary_key=True))
    with op.batch_alter_table("meta") as table:
        table.add_column(sa.Column("note", sa.Text(), nullable=False, server_default="none"))
    op.execute("UPDATE meta SET note = 'kept: ' || value")
    {last}
"""


def scripts(folder: Path, *, last: str = "pass") -> Path:
    """The migrations of a version to come."""
    made = folder / f"migrations_{len(last)}"
    shutil.copytree(MIGRATIONS, made, ignore=shutil.ignore_patterns("__pycache__"))
    (made / "versions" / "9001_next.py").write_text(NEXT.format(last=last))
    return made


def told(engine: Engine) -> tuple[str | None, bool, list[str]]:
    """The schema, whether the new table is there, and the columns of the changed one."""
    with engine.connect() as connection:
        seen = inspect(connection)
        names = [each["name"] for each in seen.get_columns("meta")]
        return _schema(connection), seen.has_table("planet"), names


def _schema(connection):
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def test_an_older_store_is_backed_up_and_brought_forward(filled_url: str, tmp_path: Path) -> None:
    """The copy is the store as it was; the store holds all that it held, in the new form."""
    with opened(filled_url) as engine:
        with engine.connect() as connection:
            before = sums_of(connection)
        migrate(engine, before=keep_older(tmp_path, now_s=NOON_S), scripts=scripts(tmp_path))
        assert ("9001", True, ["name", "value", "note"]) == told(engine)
        with engine.connect() as connection:
            after = sums_of(connection)
            notes = connection.execute(text("SELECT COUNT(*) FROM meta WHERE note LIKE 'kept: %'"))
            assert ROWS == notes.scalar()
    assert {k: v for k, v in before.items() if k != "meta"} == {
        k: v for k, v in after.items() if k not in {"meta", "planet"}
    }
    (copy,) = tmp_path.glob("*.schema-0001")
    assert before == check_backup(copy).tables


def test_a_migration_that_fails_leaves_the_store(filled_url: str, tmp_path: Path) -> None:
    """Whatever it did before it failed is undone; the next try with a sound one succeeds."""
    with opened(filled_url) as engine:
        with engine.connect() as connection:
            before = sums_of(connection)
        broken = scripts(tmp_path, last="op.execute('SELECT nothing FROM nowhere')")
        with pytest.raises(DBAPIError):
            migrate(engine, scripts=broken)
        assert ("0001", False, ["name", "value"]) == told(engine)
        with engine.connect() as connection:
            assert before == sums_of(connection)
        migrate(engine, scripts=scripts(tmp_path))
        assert "9001" == told(engine)[0]


def test_nothing_is_migrated_without_its_copy(filled_url: str, tmp_path: Path) -> None:
    """When the copy cannot be made the store stays as it is."""

    def fail(_engine: Engine, schema: str) -> None:
        assert "0001" == schema
        raise OSError

    with opened(filled_url) as engine:
        with pytest.raises(OSError):
            migrate(engine, before=fail, scripts=scripts(tmp_path))
        assert "0001" == told(engine)[0]


def test_two_that_open_an_older_store_at_once(filled_url: str, tmp_path: Path) -> None:
    """One brings it forward, the other waits and finds it done."""
    newer = scripts(tmp_path)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            with opened(filled_url) as engine:
                migrate(engine, scripts=newer)
        except BaseException as error:  # noqa: BLE001  told below
            failed.append(error)

    both = [threading.Thread(target=work) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert [] == failed
    with opened(filled_url) as engine:
        assert "9001" == told(engine)[0]


def test_a_newer_store_is_refused_by_all(filled_url: str, tmp_path: Path) -> None:
    """Opening, backing up and checking say what they found, and change nothing."""
    with opened(filled_url) as engine:
        migrate(engine, scripts=scripts(tmp_path))
    for act in (
        lambda: open_store(filled_url),
        lambda: back_up(filled_url, tmp_path / "file", now_s=NOON_S),
    ):
        with pytest.raises(StoreTooNew, match="schema 9001"):
            act()
    assert not (tmp_path / "file").exists()
    with opened(filled_url) as engine:
        assert "9001" == told(engine)[0]


@pytest.mark.one_kind
@pytest.mark.parametrize("file", OLD, ids=lambda file: file.name if file else "this version")
def test_a_real_old_store_comes_forward(
    file: Path | None, filled_url: str, other_url: str, tmp_path: Path
) -> None:
    """A store of each released schema opens, keeps its rows, and can be backed up and restored."""
    path = file_of(filled_url)
    assert path
    if file is not None:
        path.write_bytes(gzip.decompress(file.read_bytes()))
    with closing(sqlite3.connect(path)) as raw:
        people = raw.execute("SELECT COUNT(*) FROM person").fetchone()[0]
    open_store(filled_url, before=keep_older(tmp_path, now_s=NOON_S)).close()
    backup = back_up(filled_url, tmp_path / "file", now_s=NOON_S)
    assert people == backup.tables["person"].rows > 0
    restore(tmp_path / "file", other_url, aside=tmp_path / "aside", now_s=NOON_S)
    with opened(other_url) as engine, engine.connect() as connection:
        assert newest() == check_schema(connection)
        assert backup.tables == sums_of(connection)
