"""Pulling from a database: late rows, odd stamps, views, and keys of every kind."""

import pytest

from stagesync.connector import AnswerUnreadable, RequestRefused

from .sql_product import product, pulled

TABLE = "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, updated_at TIMESTAMP)"
ADD = "INSERT INTO people (id, name, updated_at) VALUES "


@pytest.fixture
def db(tmp_path):
    with product(f"sqlite:///{tmp_path}/product.db") as opened:
        yield opened


def test_row_committed_late_is_found(db):
    """A row whose stamp lies before the last pull's newest one comes, as far as the overlap reaches."""
    db.sql(TABLE, ADD + "(1, 'a', '2026-11-18 10:00:00'), (2, 'b', '2026-11-18 10:10:00')")
    connector = db.connect(overlap_s=300)
    _, cursor = pulled(connector, "name")
    db.sql(ADD + "(3, 'late', '2026-11-18 10:06:00'), (4, 'too late', '2026-11-18 10:04:00')")
    found, _ = pulled(connector, "name", cursor=cursor)
    assert ["3", "2"] == list(found)


def test_load_of_yesterdays_rows_is_found(db):
    """A warehouse is filled hours late: the bookmark follows the rows and not the clock."""
    db.sql(TABLE, ADD + "(1, 'a', '2026-11-16 10:00:00')")
    connector = db.connect()
    _, cursor = pulled(connector, "name")
    db.clock.at_s += 86_400
    db.sql(ADD + "(2, 'loaded at night', '2026-11-17 09:00:00')")
    found, _ = pulled(connector, "name", cursor=cursor)
    assert "2" in found


def test_stamp_from_the_future_moves_no_bookmark(db):
    """Somebody's wrong clock does not hide what others change from then on."""
    db.sql(TABLE, ADD + "(1, 'a', '2026-11-18 10:00:00'), (2, 'b', '2099-01-01 00:00:00')")
    connector = db.connect()
    found, cursor = pulled(connector, "name")
    db.sql(ADD + "(3, 'c', '2026-11-18 11:00:00')")
    later, _ = pulled(connector, "name", cursor=cursor)
    assert (["1", "2"], True) == (list(found), "3" in later)


def test_row_without_a_stamp_is_loaded_once(db):
    """A first load goes by key, so a row that nobody stamped comes all the same."""
    db.sql(TABLE, ADD + "(1, 'a', NULL), (2, 'b', '2026-11-18 10:00:00')")
    found, _ = pulled(db.connect(), "name")
    assert {"1": 0.0, "2": 1_794_996_000.0} == {
        key: each.changed_at_s for key, each in found.items()
    }


def test_stamps_without_a_zone_are_of_the_zone_named(db):
    """What is stored as local time is told with its zone, and compared as local time."""
    db.sql(TABLE, ADD + "(1, 'a', '2026-11-18 11:00:00')")
    connector = db.connect(time_zone="Europe/Paris")
    found, cursor = pulled(connector, "updated_at")
    again, _ = pulled(connector, "updated_at", cursor=cursor)
    told = ("2026-11-18T11:00:00+01:00", 1_794_996_000.0)
    assert {told} == {
        (each.fields["updated_at"], each.changed_at_s) for each in (found["1"], again["1"])
    }


@pytest.mark.parametrize(
    ("kind", "unit", "values"),
    [
        ("INTEGER", "seconds", (1_794_990_000, 1_794_990_100, 1_794_990_900)),
        ("BIGINT", "milliseconds", (1_794_990_000_000, 1_794_990_100_000, 1_794_990_900_000)),
        ("NUMERIC(14, 3)", "seconds", (1_794_990_000.125, 1_794_990_100.5, 1_794_990_900.25)),
        ("DOUBLE PRECISION", "seconds", (1_794_990_000.125, 1_794_990_100.5, 1_794_990_900.25)),
        ("DATE", "seconds", ("'2026-11-10'", "'2026-11-12'", "'2026-11-16'")),
    ],
)
def test_stamps_may_be_unix_time_or_dates(db, kind, unit, values):
    """Whatever the stamp's column holds, a later pull brings what is newer, page by page."""
    db.sql(f"CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, updated_at {kind})")
    db.sql(f"{ADD} (1, 'a', {values[0]}), (2, 'b', {values[0]}), (3, 'c', {values[1]})")
    connector = db.connect({"unit": unit}, overlap_s=30, page_size=2)
    found, cursor = pulled(connector, "name")
    db.sql(f"{ADD} (4, 'd', {values[2]}), (5, 'e', {values[2]}), (6, 'f', {values[2]})")
    later, _ = pulled(connector, "name", cursor=cursor)
    assert (["1", "2", "3"], ["3", "4", "5", "6"]) == (list(found), list(later))


def test_text_as_a_stamp_is_refused(db):
    """A column of texts is no order of time; the message says what to do."""
    db.sql("CREATE TABLE people (id INTEGER PRIMARY KEY, updated_at TEXT)")
    with pytest.raises(RequestRefused, match="neither instants nor numbers") as refused:
        pulled(db.connect())
    assert "view" in refused.value.hint


@pytest.mark.parametrize("key", ["TEXT", "CHAR(32)", "NUMERIC(20, 0)"])
def test_keys_may_be_texts_and_wide_numbers(db, key):
    """Pages go on behind a key of any kind, and a record is found by its id."""
    db.sql(f"CREATE TABLE people (id {key} PRIMARY KEY, name TEXT, updated_at TIMESTAMP)")
    rows = ", ".join(f"('{n}', 'p{n}', '2026-11-18 10:00:00')" for n in range(10, 15))
    db.sql(ADD + rows)
    connector = db.connect(page_size=2)
    found, cursor = pulled(connector, "name")
    later, _ = pulled(connector, "name", cursor=cursor)
    (one,) = connector.read("contact", ["12"], ["name"])
    ids = [str(n) for n in range(10, 15)]
    assert (ids, ids, "p12") == (list(found), list(later), one.fields["name"])


def test_id_that_can_be_no_key_is_not_found(db):
    """An id of another shape is left out, without a statement that would fail."""
    db.sql(TABLE, ADD + "(1, 'a', '2026-11-18 10:00:00')")
    found = db.connect().read("contact", ["no number", "1", "2"], ["name"])
    assert ["1"] == [each.id for each in found]


def test_view_serves_as_a_table(db):
    """A view that renames and joins is pulled like a table."""
    db.sql(
        "CREATE TABLE raw (pk INTEGER PRIMARY KEY, fn TEXT, seen TIMESTAMP)",
        "CREATE VIEW people AS SELECT pk AS id, fn AS name, seen AS updated_at FROM raw",
        "INSERT INTO raw VALUES (1, 'a', '2026-11-18 10:00:00')",
    )
    found, _ = pulled(db.connect(), "name")
    assert {"1": "a"} == {key: each.fields["name"] for key, each in found.items()}


def test_cursor_of_another_version_starts_anew(db):
    """A cursor that cannot be read stands for everything: rows repeat, none is lost."""
    db.sql(TABLE, ADD + "(1, 'a', '2026-11-18 10:00:00')")
    for cursor in ("nonsense", '{"v":0}', "[]", '{"v":1}'):
        found, _ = pulled(db.connect(), "name", cursor=cursor)
        assert ["1"] == list(found)


def test_missing_table_and_column_are_named(db):
    """What the options name and the database lacks is told by its name."""
    with pytest.raises(RequestRefused, match="no table people"):
        db.connect().describe(["contact"])
    db.sql(TABLE)
    with pytest.raises(RequestRefused, match="no column deleted_at"):
        db.connect({"gone": "deleted_at"}).describe(["contact"])


def test_value_that_its_column_cannot_hold_is_unreadable(db):
    """SQLite lets a column hold anything; what is no instant stops the pull and is not guessed."""
    db.sql(TABLE, ADD + "(1, 'a', 'yesterday')")
    with pytest.raises(AnswerUnreadable, match="updated_at"):
        pulled(db.connect(), "name")


@pytest.mark.parametrize(
    ("kind", "gone", "there"), [("BOOLEAN", "1", "0"), ("INTEGER", "1", "0"), ("TIMESTAMP", "'2026-11-01'", "NULL")]
)  # fmt: skip
def test_gone_may_be_a_flag_or_an_instant(db, kind, gone, there):
    """Rows that count as deleted come in no first load, and as gone in a later pull."""
    db.sql(TABLE, f"ALTER TABLE people ADD COLUMN gone {kind}")
    insert = "INSERT INTO people (id, updated_at, gone) VALUES "
    db.sql(f"{insert} (1, '2026-11-18 10:00:00', {there}), (2, '2026-11-18 10:00:00', {gone})")
    connector = db.connect({"gone": "gone"})
    found, cursor = pulled(connector)
    later, _ = pulled(connector, cursor=cursor)
    assert (["1"], {"1": False, "2": True}) == (
        list(found),
        {key: each.gone for key, each in later.items()},
    )


def test_texts_of_instants_in_any_spelling_are_found(db):
    """SQLite keeps the text that each program wrote; no spelling makes a row slip through."""
    db.sql(TABLE, ADD + "(1, 'a', '2026-11-18 10:00:00')")
    connector = db.connect(overlap_s=0, page_size=2)
    _, cursor = pulled(connector, "name")
    spellings = (
        "2026-11-18 10:00:00",
        "2026-11-18 10:00:00.000",
        "2026-11-18 10:00:00.123456",
        "2026-11-18T10:00:00",
        "2026-11-18T10:00:00Z",
        "2026-11-18 10:00:00+00:00",
    )
    for n, spelling in enumerate(spellings, 2):
        db.sql(f"{ADD} ({n}, 'p', '{spelling}'), ({n + 10}, 'p', '{spelling}')")
    found, _ = pulled(connector, "name", cursor=cursor)
    assert {1, *range(2, 8), *range(12, 18)} == set(map(int, found))
