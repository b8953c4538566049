"""No statement of a run reads a large table from end to end: what a run costs follows what changed.

Every statement of an ordinary run over a settled base is noted and explained by the database itself: on
SQLite without statistics, which stagesync never has made, on Postgres with a base of some size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Float, Text, event

from free_hand import UNLIMITED
from stagesync.engine.entries import entry_document, page_document
from stagesync.engine.held import plan_document, plans_document, values_document
from stagesync.engine.runs import run_document, runs_document
from stagesync.engine.status import status
from stagesync.store.entries import Wanted
from stagesync.store.schema import metadata

from .bench import DAY_S, FEW, NOON_S, Bench, iso

LARGE = frozenset(
    {
        "account",
        "activity",
        "alias",
        "audit",
        "baseline",
        "deal",
        "difference",
        "fact_since",
        "link",
        "own_write",
        "person",
        "record",
        "transition",
        "unmapped",
    }
)
"""They grow with the base or with time. The others hold what waits, or a row per connection, run or decision."""

ALLOWED = {
    r"SELECT COUNT\(\*\) FROM (person|account)$": "the number of people, told by every run; a narrow index is read",
    r"SELECT (MIN|MAX)\(seq \+ 0\) FROM audit WHERE at [<>]= ": "where a span of time begins or ends in the log:"
    " the index on `at` is read, and in a log as small as this one all of it",
    r"SELECT place, COUNT\(\*\) AS n FROM person GROUP BY place$": "how many stand where, once a day and after many moves; a narrow index is read",
}
"""What may scan, and why."""

FEW_IN = ("ix_record_gone_at_s",)
"""Indexes of a few rows of their table: reading all of one is no scan."""

Asked = dict[str, Any]
"""Statement -> values of its first call."""


@contextmanager
def noted(bench: Bench) -> Iterator[Asked]:
    """The statements that go to the store meanwhile."""
    asked: Asked = {}

    def note(_door: Any, _cursor: Any, sql: str, values: Any, _context: Any, many: bool) -> None:
        asked.setdefault(sql, values[0] if many else values)

    engine = bench.store._engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def scans(tx: Connection, sql: str, values: Any) -> list[str]:
    """The large tables that a statement reads whole, each as the database's plan says it."""
    if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", sql) is None:
        return []
    if tx.dialect.name == "sqlite":
        names = _names(sql)
        steps = [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
        found = [(step, re.match(r"SCAN (\w+)", step)) for step in steps]
        return [step for step, match in found if match and names.get(match[1], match[1]) in LARGE]
    plan = "\n".join(row[0] for row in tx.exec_driver_sql(f"EXPLAIN {sql}", values))
    # A scan of an index without a condition reads all of it as well.
    return [
        node.splitlines()[0]
        for node in re.split(r"\n?\s*->\s+", plan)
        if (match := re.match(r"(Seq|Index|Index Only) Scan .*?on (\w+)", node))
        and match[2] in LARGE
        and not any(each in node for each in ("Index Cond", *FEW_IN))
    ]


def make_large(tx: Connection, policy: str) -> None:
    """As many rows as make Postgres weigh a scan as it does in a real base; SQLite goes by the schema alone."""
    if tx.dialect.name == "sqlite":
        return
    for name in sorted(LARGE):
        columns = metadata.tables[name].columns
        values = ", ".join(_synthetic(column, name, policy) for column in columns)
        names = ", ".join(column.name for column in columns)
        tx.exec_driver_sql(
            f"INSERT INTO {name} ({names}) SELECT {values} FROM generate_series(100000, 105000) g"
        )
        tx.exec_driver_sql(f"ANALYZE {name}")
    # Joins that begin with a scan are cheap with numbers as far apart as these, and in no real base.
    tx.exec_driver_sql("SET LOCAL enable_hashjoin = off")
    tx.exec_driver_sql("SET LOCAL enable_mergejoin = off")


def _synthetic(column: Column[Any], table: str, policy: str) -> str:
    """Everybody is placed. Own writes lie within what is kept and before what is weighed; all else is in times to come."""
    if column.name == "policy":
        return f"'{policy}'"
    if isinstance(column.type, Text):
        return "'{}' || g"
    if isinstance(column.type, Float):
        return f"{NOON_S - 30 * DAY_S} + g" if table == "own_write" else "1e11 + g"
    return "g"


def _names(sql: str) -> dict[str, str]:
    """Alias -> table."""
    found = re.findall(r"(?:FROM|JOIN|UPDATE|,)\s+(\w+)(?:\s+AS)?\s+(\w+)", sql)
    return {alias: table for table, alias in found}


def offences(bench: Bench, asked: Asked) -> list[str]:
    """Statements that scan, with the steps that do."""
    with bench.store.begin() as tx:
        before = tx.begin_nested()
        make_large(tx, bench.deployment.policy.label)
        found = {" ".join(sql.split()): scans(tx, sql, told) for sql, told in sorted(asked.items())}
        before.rollback()
    return [
        f"{sql} -> {'; '.join(steps)}"
        for sql, steps in found.items()
        if steps and not any(re.search(each, sql) for each in ALLOWED)
    ]


@pytest.fixture
def base(forward: Bench) -> Bench:
    """People with companies, deals and meetings in both CRMs, settled."""
    forward.redeploy(limits=UNLIMITED)
    for number in range(12):
        company = forward.north.add("company", {"domain": f"f{number}.example", "name": "F"})
        contact = forward.contact(
            f"p{number}@f{number}.example", links={"company": (company,)}, last=f"Ng{number}"
        )
        forward.member(f"p{number}@f{number}.example", LastName=f"Ng{number}")
        if number % 3 == 0:
            forward.form(contact)
            at = iso(forward.clock.at_s - 9_000)
            forward.north.add("meeting", {"starts": at}, links={"contact": (contact,)})
            forward.north.add("deal", {"opened": at}, links={"contact": (contact,)})
    forward.sync()
    forward.sync()
    return forward


def test_no_run_scans_a_large_table(base: Bench) -> None:
    """Facts, newcomers, edits, refusals, repairs, deletions and time: no statement of such runs scans."""
    contacts = [key[1] for key in base.north.rows if key[0] == "contact"]
    with noted(base) as asked:
        base.form(contacts[1])
        base.contact("new@f1.example", last="New")
        base.north.edit("contact", contacts[0], {"stage": "client"})
        base.north.edit("contact", contacts[3], {"score": 1.0})
        base.refuse("north", "contact", contacts[1])
        base.sync()
        base.clock.advance(days=40)
        base.sync()
        base.sync()
    assert len(asked) > 60
    assert [] == offences(base, asked)


def test_a_scan_is_seen(base: Bench) -> None:
    """The look itself finds a statement that reads a large table whole, and passes one that does not."""
    asked = {
        "SELECT id FROM record WHERE created_at_s = 1.0": (),
        "SELECT id FROM record r WHERE r.email = 'ann@firm.example'": (),
        "SELECT p.id FROM person p WHERE p.content = 'x'": (),
    }
    assert 2 == len(offences(base, asked))


def test_status_scans_what_it_counts_alone(base: Bench) -> None:
    """What `stagesync status` asks beyond its counts reads no large table."""
    with noted(base) as asked:
        status(base.deployment, now_s=base.clock.now_s())
    counting = re.compile(r"COUNT\(|GROUP BY")
    assert [] == offences(
        base, {sql: told for sql, told in asked.items() if not counting.search(sql)}
    )


def test_no_page_of_plans_runs_and_the_log_scans(base: Bench) -> None:
    """What the console asks for a page of them reads no large table whole, whatever is looked for."""
    base.redeploy(limits=FEW)
    for number in range(20, 28):
        base.contact(f"p{number}@f1.example", last=f"Ng{number}")
    outcome = base.sync()
    assert outcome.plan.held
    group = outcome.plan.trips[0].group
    last = max(each["seq"] for each in base.audit())
    who = next(each["person"] for each in base.audit() if each["person"])
    wanted = [
        Wanted(),
        Wanted(since="2026-11-20T00:00:00Z"),
        Wanted(until="2026-11-20T13:00:00Z", connection="north", actor="ann"),
        Wanted(since="2026-11-20T00:00:00Z", until="2026-11-20T13:00:00Z", kind="refused"),
        Wanted(run=outcome.run, kind="written"),
        Wanted(kind="hand"),
    ]
    with noted(base) as asked, base.store.begin() as tx:
        plans_document(tx)
        plan_document(tx, base.deployment, outcome.plan.id, now_s=base.clock.now_s())
        values_document(tx, outcome.plan.id, group)
        runs_document(tx)
        run_document(tx, base.deployment, outcome.run)
        for each in wanted:
            page_document(tx, each)
        page_document(tx, Wanted(), person=who)
        for seq in (1, last):
            entry_document(tx, seq)
    assert len(asked) > 20
    assert [] == offences(base, asked)
