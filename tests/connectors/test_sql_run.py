"""A whole run over a product database, with the mapping that ships as an example."""

import threading

import pytest

from stagesync.domain.free_mail import FREE_MAIL
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.run import run_once
from stagesync.engine.setup import own_fields
from stagesync.loading.definitions import load_definitions, shipped_mappings
from stagesync.loading.mapping import load_mapping
from stagesync.store import open_store
from stagesync_sql import connect

from .sql_product import product

SHARED = {"key": "id", "changed": "updated_at"}
TABLES = {
    "account": {"table": "companies", "role": "account", **SHARED},
    "contact": {
        "table": "people",
        "role": "person",
        "links": {"account": "company_id"},
        "write": {"table": "people_stagesync", "key": "person_id"},
        **SHARED,
    },
    "deal": {"table": "orders", "role": "deal", "links": {"contact": "person_id"}, **SHARED},
    "activity": {
        "table": "events",
        "role": "activity",
        "key": "id",
        "changed": "happened_at",
        "links": {"contact": "person_id"},
    },
}
MAKE = """
CREATE TABLE companies (id INTEGER PRIMARY KEY, name TEXT, website TEXT, updated_at TIMESTAMP);
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, first_name TEXT, last_name TEXT, company_id INTEGER, updated_at TIMESTAMP);
CREATE TABLE orders (id INTEGER PRIMARY KEY, status TEXT, amount NUMERIC, person_id INTEGER, created_at TIMESTAMP, closed_at TIMESTAMP, updated_at TIMESTAMP);
CREATE TABLE events (id INTEGER PRIMARY KEY, kind TEXT, person_id INTEGER, happened_at TIMESTAMP);
INSERT INTO companies VALUES (1, 'Firm', 'firm.example', '2026-11-10 08:00:00');
INSERT INTO people VALUES (1, 'ann@firm.example', 'Ann', 'Ng', 1, '2026-11-10 08:00:00');
INSERT INTO people VALUES (2, 'bob@firm.example', 'Bob', 'Ode', 1, '2026-11-10 08:00:00');
INSERT INTO people VALUES (3, 'cyd@firm.example', 'Cyd', 'Poe', 1, '2026-11-10 08:00:00');
INSERT INTO orders VALUES (1, 'won', 900, 1, '2026-11-01 08:00:00', '2026-11-05 08:00:00', '2026-11-05 08:00:00');
INSERT INTO events VALUES (1, 'demo_requested', 2, '2026-11-17 08:00:00')
"""


@pytest.fixture
def deployment(tmp_path):
    definitions = load_definitions(shipped_mappings())
    with product(f"sqlite:///{tmp_path}/product.db") as db:
        db.sql(*MAKE.strip().split(";\n"))
        connector = connect("product", {"url": db.url, "tables": TABLES}, clock=db.clock)
        mapping = load_mapping(
            shipped_mappings() / "sql.yaml",
            vocabularies=definitions.vocabularies,
            policy=definitions.policy,
        )
        store = open_store("sqlite://")
        made = Deployment(
            store=store,
            policy=definitions.policy,
            vocabularies=definitions.vocabularies,
            connections={"product": Connected("product", connector, mapping, first_mode="active")},
            clock=db.clock,
            free_mail=FREE_MAIL,
            stopping=threading.Event(),
        )
        for step in connector.setup(own_fields(made, made.connections["product"])):
            connector.make(step)
        yield db, made
        store.close()
        connector.close()


def test_a_run_writes_stages_beside_the_people(deployment):
    """Deals, events and accounts of the tables place everybody; the stages lie in a table beside."""
    db, made = deployment
    outcome = run_once(made)
    stages = dict(db.sql("SELECT person_id, stagesync_stage FROM people_stagesync"))
    assert ({1: "client", 2: "lead", 3: "contact"}, 0) == (stages, outcome.exit_code)
    stamped = db.sql("SELECT COUNT(*) FROM people_stagesync WHERE stagesync_changed_at IS NOT NULL")
    assert [(3,)] == stamped
    words = "stagesync_previous_stage, stagesync_reason, stagesync_fit, stagesync_content"
    assert [(None, "sales: won deal", "unknown", "loyalty")] == db.sql(
        f"SELECT {words} FROM people_stagesync WHERE person_id = 1"
    )


def test_a_settled_database_is_written_no_more(deployment):
    """The next run finds its own values and changes nothing; an event later, one person moves."""
    db, made = deployment
    run_once(made)
    db.clock.at_s += 600
    second = run_once(made)
    db.sql("INSERT INTO events VALUES (2, 'demo_requested', 3, '2026-11-18 11:10:00')")
    db.clock.at_s += 600
    run_once(made)
    stages = dict(db.sql("SELECT person_id, stagesync_stage FROM people_stagesync"))
    assert (0, {1: "client", 2: "lead", 3: "lead"}) == (
        sum(each.written for each in second.written.values()),
        stages,
    )
