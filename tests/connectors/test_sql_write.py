"""Writing to a database: what it refuses, what it keeps in silence, and tables beside; on both databases."""

import pytest

from stagesync.connector import FieldType, OwnField, Refusal, RequestRefused, Write

from .sql_product import own_database, product

BESIDE = {"write": {"table": "people_stagesync", "key": "person"}}
MAKE = (
    """CREATE TABLE people (
        id INTEGER PRIMARY KEY, name TEXT, email TEXT UNIQUE, stage VARCHAR(20),
        points NUMERIC(6, 2) CHECK (points < 1000), level INTEGER, seen TIMESTAMP, vip BOOLEAN,
        updated_at TIMESTAMP
    )""",
    """INSERT INTO people (id, name, email, updated_at) VALUES
        (1, 'a', 'a@x.example', '2026-11-18 10:00:00'),
        (2, 'b', 'b@x.example', '2026-11-18 10:00:00'),
        (3, 'c', 'c@x.example', '2026-11-18 10:00:00')""",
)


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))]
)
def db(request, tmp_path):
    if request.param == "sqlite":
        with product(f"sqlite:///{tmp_path}/product.db") as opened:
            opened.sql(*MAKE)
            yield opened
        return
    server = request.getfixturevalue("postgres_url")
    with own_database(server) as url, product(url) as opened:
        opened.sql(*MAKE)
        yield opened


def contact(record_id, **values):
    return Write("contact", str(record_id), values)


def test_values_of_every_kind_are_stored(db):
    """Texts, numbers, truths and instants arrive as what their columns hold, and come back."""
    connector = db.connect({"write": "columns"})
    values = {"stage": "lead", "points": 12.5, "level": 3.0, "vip": True}
    values["seen"] = "2026-11-18T11:00:00+01:00"
    (result,) = connector.write([contact(1, **values)])
    (read,) = connector.read("contact", ["1"], list(values))
    expected = {**values, "seen": "2026-11-18T10:00:00+00:00"}
    assert (None, expected, expected) == (result.refusal, read.fields, result.now)


@pytest.mark.parametrize(
    ("values", "refusal", "code"),
    [
        ({"points": "many"}, Refusal.INVALID, "WRONG_TYPE"),
        ({"level": 3.5}, Refusal.INVALID, "WRONG_TYPE"),
        ({"seen": "2026-11-18 11:00"}, Refusal.INVALID, "WRONG_TYPE"),
        ({"vip": "perhaps"}, Refusal.INVALID, "WRONG_TYPE"),
        ({"nothing": "x"}, Refusal.INVALID, "NO_SUCH_COLUMN"),
        ({"id": "9"}, Refusal.FORBIDDEN, "READ_ONLY"),
        ({"updated_at": None}, Refusal.FORBIDDEN, "READ_ONLY"),
    ],
)
def test_what_cannot_fit_is_refused_before_it_is_sent(db, values, refusal, code):
    """A value of another kind is told with its column, and the record's other values are written."""
    connector = db.connect({"write": "columns"})
    (result,) = connector.write([contact(1, stage="lead", **values)])
    held = db.sql("SELECT stage FROM people WHERE id = 1")
    assert (refusal, code, tuple(values), [("lead",)]) == (
        result.refusal,
        result.code,
        result.fields,
        held,
    )


def test_rule_of_the_database_refuses_one_value(db):
    """A CHECK that one value breaks is told beside it; everything else of the batch is written."""
    connector = db.connect({"write": "columns"})
    writes = [contact(n, stage="lead", points=5000 if n == 2 else n) for n in (1, 2, 3)]
    results = connector.write(writes)
    held = db.sql("SELECT stage, points FROM people ORDER BY id")
    told = [(each.refusal, each.fields) for each in results]
    assert [(None, ()), (Refusal.INVALID, ("points",)), (None, ())] == told
    assert [("lead", 1.0), ("lead", None), ("lead", 3.0)] == [
        (stage, None if points is None else float(points)) for stage, points in held
    ]


def test_refusal_tells_no_value_of_anybody(db):
    """The database's words about a duplicate do not repeat the address."""
    connector = db.connect({"write": "columns"})
    (result,) = connector.write([contact(1, email="b@x.example")])
    assert (Refusal.INVALID, False) == (result.refusal, "b@x.example" in result.message)
    assert result.message


def test_value_that_the_database_keeps_in_silence_is_told(db):
    """A trigger that puts the old value back is seen by reading back."""
    if db.url.startswith("sqlite"):
        db.sql(
            "CREATE TRIGGER keep AFTER UPDATE OF stage ON people WHEN new.stage = 'lead' BEGIN"
            " UPDATE people SET stage = 'client' WHERE id = new.id; END"
        )
    else:
        db.sql(
            "CREATE FUNCTION keep() RETURNS trigger AS $$ BEGIN new.stage := 'client'; RETURN new;"
            " END $$ LANGUAGE plpgsql",
            "CREATE TRIGGER keep BEFORE UPDATE ON people FOR EACH ROW WHEN (new.stage = 'lead')"
            " EXECUTE FUNCTION keep()",
        )
    connector = db.connect({"write": "columns"})
    kept, taken = connector.write([contact(1, stage="lead", level=1), contact(2, stage="target")])
    assert (Refusal.OTHER, "NOT_KEPT", ("stage",), "client") == (
        kept.refusal,
        kept.code,
        kept.fields,
        kept.now["stage"],
    )
    assert (None, {"stage": "target"}) == (taken.refusal, taken.now)


def test_number_is_kept_as_exactly_as_its_column_can(db):
    """Rounding to the column's decimals is no refusal."""
    connector = db.connect({"write": "columns"})
    (result,) = connector.write([contact(1, points=12.3456)])
    assert None is result.refusal


def test_table_beside_takes_first_and_later_values(db):
    """A record's first value makes a row in the table beside, the next one changes it; theirs stays."""
    own = OwnField("contact", "own_stage", "Stage", FieldType.CHOICE, (("lead", "Lead"),))
    connector = db.connect(BESIDE)
    steps = connector.setup([own])
    assert [
        "table people_stagesync for contact",
        "column own_stage of it (choice, for contact)",
    ] == [each.what for each in steps]
    for step in steps:
        connector.make(step)
    before = db.sql("SELECT * FROM people ORDER BY id")
    connector.write([contact(1, own_stage="lead")])
    connector.write([contact(1, own_stage="client"), contact(2, own_stage="lead")])
    held = db.sql("SELECT person, own_stage FROM people_stagesync ORDER BY person")
    assert ([(1, "client"), (2, "lead")], before) == (
        held,
        db.sql("SELECT * FROM people ORDER BY id"),
    )


def test_first_row_beside_is_made_without_the_value_refused(db):
    """A record whose first write breaks a CHECK gets its row with all its other values."""
    db.sql(
        "CREATE TABLE people_stagesync (person INTEGER PRIMARY KEY, a TEXT,"
        " b INTEGER CHECK (b < 10), c TEXT, d TEXT)"
    )
    (result,) = db.connect(BESIDE).write([contact(1, a="one", b=99, c="three", d="four")])
    held = db.sql("SELECT person, a, b, c, d FROM people_stagesync")
    assert (("b",), [(1, "one", None, "three", "four")]) == (result.fields, held)


def test_column_of_the_table_is_not_written_when_ours_lies_beside(db):
    """With a table of our own, theirs is read only, setup or not."""
    connector = db.connect(BESIDE)
    with pytest.raises(RequestRefused, match="is missing"):
        connector.write([contact(1, stage="lead")])
    db.sql("CREATE TABLE people_stagesync (person INTEGER PRIMARY KEY)")
    connector = db.connect(BESIDE)
    (result,) = connector.write([contact(1, stage="lead")])
    assert (Refusal.FORBIDDEN, False) == (
        result.refusal,
        connector.describe(["contact"])["contact"].fields["stage"].writable,
    )


def test_view_takes_no_column(db):
    """Setup says that a view cannot grow, and what to do instead."""
    db.sql("CREATE VIEW grown AS SELECT * FROM people WHERE level > 1")
    connector = db.connect({"table": "grown", "write": "columns"})
    own = OwnField("contact", "own_stage", "Stage", FieldType.TEXT)
    with pytest.raises(RequestRefused, match="is a view") as refused:
        connector.setup([own])
    assert "a table of its own" in refused.value.hint


def test_choices_of_the_options_are_described_and_kept_to(db):
    """The connection's choices are the options, in their order; setup tells one that is lacking."""
    connector = db.connect({"write": "columns", "choices": {"stage": ["lead", "client"]}})
    stage = connector.describe(["contact"])["contact"].fields["stage"]
    assert (FieldType.CHOICE, ["lead", "client"]) == (stage.type, [o.value for o in stage.options])
    own = OwnField("contact", "stage", "Stage", FieldType.CHOICE, (("lead", "L"), ("fan", "F")))
    with pytest.raises(RequestRefused, match="does not offer fan"):
        connector.setup([own])


def test_object_without_write_is_never_written(db):
    """Where the connection names no place to write to, nothing is sent."""
    with pytest.raises(RequestRefused, match="writes nothing to contact"):
        db.connect().write([contact(1, stage="lead")])
    assert [(None,)] == db.sql("SELECT stage FROM people WHERE id = 1")


def test_large_write_is_cut_into_transactions(db):
    """A batch is one transaction; the results of all batches come in the order of the writes."""
    rows = ", ".join(f"({n}, '2026-11-18 10:00:00')" for n in range(10, 60))
    db.sql(f"INSERT INTO people (id, updated_at) VALUES {rows}")
    connector = db.connect({"write": "columns"}, batch_size=20)
    results = connector.write([contact(n, level=n) for n in range(10, 60)])
    held = db.sql("SELECT id, level FROM people WHERE id >= 10 ORDER BY id")
    assert ([(n, n) for n in range(10, 60)], list(map(str, range(10, 60)))) == (
        held,
        [each.write.id for each in results],
    )


def test_native_enumeration_is_a_choice(db):
    """PostgreSQL's own enumerations are described with their values, and others are refused."""
    if db.url.startswith("sqlite"):
        pytest.skip("SQLite has no enumerations")
    db.sql("CREATE TYPE mood AS ENUM ('calm', 'keen')", "ALTER TABLE people ADD COLUMN mood mood")
    connector = db.connect({"write": "columns"})
    mood = connector.describe(["contact"])["contact"].fields["mood"]
    good, bad = connector.write([contact(1, mood="keen"), contact(2, mood="cross")])
    assert (FieldType.CHOICE, ["calm", "keen"], None, "NO_SUCH_CHOICE") == (
        mood.type,
        [each.value for each in mood.options],
        good.refusal,
        bad.code,
    )
