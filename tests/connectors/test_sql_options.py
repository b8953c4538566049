"""The options of a database connection."""

import pytest
from sqlalchemy.engine import make_url

from stagesync.connector import OptionsRefused, Secret, Unavailable
from stagesync_sql import connect
from stagesync_sql.api import may_send
from stagesync_sql.auth import entry_url
from stagesync_sql.options import read_options
from stagesync_sql.transport import _connect_args
from still_clock import StillClock

from .sql_product import PEOPLE, product

URL = "postgresql+psycopg://stagesync@db.example/product"
TABLES = {"contact": PEOPLE}


def problems(**options):
    with pytest.raises(OptionsRefused) as refused:
        read_options({"url": URL, "tables": TABLES, **options})
    return {key: message for key, message in refused.value.problems}  # noqa: C416  the last one counts


def test_all_problems_are_told_at_once():
    """Each wrong key stands beside what is wrong with it."""
    table = {**PEOPLE, "role": "guru", "colour": "red"}
    found = problems(tables={"contact": table}, page_size=0, time_zone="Mars/Base", sudo=True)
    assert {
        "tables.contact.role",
        "tables.contact.colour",
        "page_size",
        "time_zone",
        "sudo",
    } == set(found)


@pytest.mark.parametrize("url", ["", "no url", "postgresql+psycopg://u:hush@db.example/product"])
def test_url_is_refused_without_being_repeated(url):
    """A URL that is none, or that holds a password in the open, is told by its key alone."""
    found = problems(url=url)
    assert ({"url"}, False) == (set(found), "hush" in str(found))


def test_link_to_an_unknown_object_names_the_known_ones():
    """A link leads to an object of the same connection."""
    found = problems(tables={"contact": {**PEOPLE, "links": {"firm": "firm_id"}}})
    assert {"tables.contact.links": "`firm` is no object; known: contact"} == found


def test_password_joins_the_url_and_shows_nowhere():
    """Given apart or inside a secret URL, the password reaches the driver and no text."""
    apart = read_options({"url": URL, "password": Secret("hush"), "tables": TABLES})
    inside = read_options({"url": Secret(URL.replace("@", ":hush@")), "tables": TABLES})
    assert ["hush"] * 2 == [entry_url(each).password for each in (apart, inside)]
    assert "hush" not in f"{apart!r} {inside!r} {entry_url(apart)} {entry_url(inside)!r}"


@pytest.mark.parametrize(
    ("statement", "sendable"),
    [
        ("SELECT 1", True),
        ('UPDATE people SET "delete" = 1', True),
        ("INSERT INTO people (name) VALUES ('DROP TABLE people')", True),
        ("ALTER TABLE crm.people ADD COLUMN stage TEXT", True),
        ("CREATE TABLE own (id INTEGER)", True),
        ("delete from people", False),
        ("  DROP TABLE people", False),
        ("TRUNCATE people", False),
        ("WITH old AS (DELETE FROM people RETURNING id) SELECT * FROM old", False),
        ("ALTER TABLE people DROP COLUMN name", False),
        ("MERGE INTO people USING other ON true WHEN MATCHED THEN DELETE", False),
        ("SELECT 1; DELETE FROM people", False),
        ("GRANT ALL ON people TO nobody", False),
        ("CALL clean_up()", False),
        ("", False),
    ],
)
def test_gate_lets_through_what_reads_sets_and_adds(statement, sendable):
    """Whatever deletes, drops, renames or merges is never sent, wherever in a statement it stands."""
    assert sendable == may_send(statement)


def test_unreachable_database_is_unavailable(tmp_path):
    """A database that is not there is told as that, after the tries that could have helped."""
    with product(f"sqlite:///{tmp_path}/no/such/folder.db") as db:
        with pytest.raises(Unavailable, match="cannot be reached"):
            db.connect().check()
        assert db.clock.at_s > 1_795_000_000


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        (URL, "verify-full"),
        ("postgresql+psycopg://u@10.0.0.5/crm?host=db.example", "verify-full"),
        (f"{URL}?sslmode=require", None),
        ("postgresql+psycopg://u@127.0.0.1/crm", None),
        ("postgresql+psycopg://u@/crm?host=/var/run/postgresql", None),
    ],
)
def test_postgres_on_another_machine_has_to_prove_itself(url, mode):
    """Its certificate is verified by the system's roots, unless the address itself says otherwise."""
    assert mode == _connect_args(make_url(url), 30.0).get("sslmode")
    assert (mode and "system") == _connect_args(make_url(url), 30.0).get("sslrootcert")


@pytest.mark.parametrize("url", ["nosuch://u:hush-hush@db/x", "sqlite://hush-hush:x@host/x.db"])
def test_a_database_that_cannot_be_used_is_told_by_its_driver(url):
    """An unknown driver, or an address that the driver refuses, is a fault of the options; no password is repeated."""
    with pytest.raises(OptionsRefused, match="url: names a database or driver") as refused:
        connect("db", {"url": Secret(url), "tables": TABLES}, clock=StillClock(0.0))
    assert "hush" not in f"{refused.value} {refused.value.__context__ and ''}"
