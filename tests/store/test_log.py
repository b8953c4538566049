"""The log's rows: only added, found by filters, blanked and never changed, on SQLite and on Postgres."""

from typing import Any

import pytest
from sqlalchemy import Connection, text

from stagesync.domain.chain import BLANKED, Sealed, seal
from stagesync.errors import StoreError
from stagesync.store import Store, log, open_store
from stagesync.store.log import HEADS, End


def _entry(seq: int, **changes: Any) -> dict[str, Any]:
    return {
        "seq": seq,
        "at": f"2026-11-2{seq}T12:00:00Z",
        "run": f"r_{seq}",
        "person": f"p_{seq}",
        "connection": "north",
        "object": "contact",
        "id": f"{seq}",
        "after": "Zoë\x00",
        "prev_hash": "",
        **changes,
    }


ENTRIES = [_entry(1), _entry(2, connection="south"), _entry(3, person=None, id=None)]


def _sealed(entry: dict[str, Any]) -> tuple[dict[str, Any], Sealed]:
    return entry, seal(entry, salt="00")


def _fill(tx: Connection) -> None:
    log.append(tx, [_sealed(each) for each in ENTRIES], {HEADS: End(3, "h"), "r_1": End(1, "g")})


def test_the_log_gives_back_what_was_appended(store: Store) -> None:
    """Entries come in order, whole; the ends of their chains are known."""
    with store.begin() as tx:
        assert {HEADS: End()} == log.ends(tx, locked=True)
        _fill(tx)
        assert {HEADS: End(3, "h"), "r_1": End(1, "g")} == log.ends(tx)
        found = list(log.read(tx))
    assert ENTRIES == [
        {key: each[key] for key in entry} for each, entry in zip(found, ENTRIES, strict=True)
    ]


def test_a_closed_run_has_no_end_any_more(store: Store) -> None:
    """Of runs only the open ones have an end."""
    with store.begin() as tx:
        _fill(tx)
        log.close(tx, "r_1")
        assert {HEADS: End(3, "h")} == log.ends(tx)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"since": "2026-11-22T12:00:00Z"}, [2, 3]),
        ({"until": "2026-11-22T12:00:00Z"}, [1, 2]),
        ({"person": "p_2"}, [2]),
        ({"run": "r_3"}, [3]),
        ({"connection": "north"}, [1, 3]),
        ({"connection": "north", "since": "2026-11-22T12:00:00Z"}, [3]),
        ({"person": "p_9"}, []),
    ],
)
def test_the_log_is_read_by_filters(store: Store, wanted: dict[str, str], found: list[int]) -> None:
    """Each filter narrows the log; both bounds are included, and filters hold together."""
    with store.begin() as tx:
        _fill(tx)
        assert found == [each["seq"] for each in log.read(tx, **wanted)]


@pytest.mark.one_kind
def test_a_span_of_time_and_a_policy_are_found_by_an_index(store: Store) -> None:
    """Neither reads the log from its first entry on: the plans of the queries search, and scan nothing."""
    asked = {
        "SELECT MIN(seq), MAX(seq) FROM audit WHERE at >= 'a' AND at <= 'b'": "ix_audit_at",
        "SELECT * FROM audit WHERE at >= 'a' AND seq BETWEEN 1 AND 2 ORDER BY seq": "PRIMARY KEY",
        "SELECT run FROM log_policy WHERE policy = 'a' ORDER BY run": "PRIMARY KEY",
    }
    with store.begin() as tx:
        for sql, index in asked.items():
            plan = " ".join(row.detail for row in tx.execute(text(f"EXPLAIN QUERY PLAN {sql}")))
            assert ("SEARCH" in plan, "SCAN" in plan, index in plan) == (True, False, True), plan


def test_a_policy_leads_to_its_runs(store: Store) -> None:
    """Each run that has an entry under a policy is known, once; acts outside a run are not."""
    told = [
        _entry(n, policy=p, run=r) for n, p, r in [(1, "a", "r_1"), (2, "b", "r_1"), (3, "a", None)]
    ]
    with store.begin() as tx:
        log.append(tx, [_sealed(each) for each in told], {HEADS: End(3, "h")})
        log.append(tx, [_sealed(_entry(4, policy="a", run="r_1"))], {HEADS: End(4, "h")})
        assert [["r_1"], ["r_1"], []] == [log.runs_under(tx, each) for each in "abc"]


def test_entries_are_found_by_whom_they_name(store: Store) -> None:
    """By people, by ids of records, each once and in order."""
    with store.begin() as tx:
        _fill(tx)
        assert [1, 2] == [each.seq for each in log.about(tx, people=["p_2"], ids=["1", "2"])]
        assert [] == log.about(tx, people=["p_9"])


def test_a_blanked_entry_keeps_the_rest(store: Store) -> None:
    """What told of a person is gone, from the columns too; what is kept is untouched."""
    with store.begin() as tx:
        _fill(tx)
        before = [each.sealed for each in log.rows(tx)]
        log.blank(tx, [2])
        after = list(log.rows(tx))
    assert ("", "", BLANKED) == (after[1].person, after[1].id, after[1].sealed.part)
    assert [(each.kept, each.hash) for each in before] == [
        (each.sealed.kept, each.sealed.hash) for each in after
    ]


def test_old_entries_are_found_from_where_the_last_look_ended(store: Store) -> None:
    """At most so many at once, up to the first that is young enough, without those that have no part."""
    with store.begin() as tx:
        _fill(tx)
        until = "2026-11-24T00:00:00Z"
        assert ([1], 1) == log.older(tx, after=0, before=until, at_most=1)
        assert ([2], 3) == log.older(tx, after=1, before=until, at_most=9)
        assert ([1], 1) == log.older(tx, after=0, before="2026-11-22T00:00:00Z", at_most=9)
        assert ([], 3) == log.older(tx, after=3, before=until, at_most=9)


FORBIDDEN = (
    "DELETE FROM audit WHERE seq = 2",
    "DELETE FROM audit",
    "UPDATE audit SET seq = 9 WHERE seq = 2",
    "UPDATE audit SET at = '' WHERE seq = 2",
    "UPDATE audit SET run = '' WHERE seq = 2",
    "UPDATE audit SET person = '' WHERE seq = 2",
    "UPDATE audit SET hash = '' WHERE seq = 2",
    "UPDATE audit SET kept = '' WHERE seq = 2",
    "UPDATE audit SET part = '' WHERE seq = 2",
    "UPDATE audit SET part = '{}' WHERE seq = 2",
    "UPDATE audit SET person = 'p_1', id = '', part = '{}' WHERE seq = 2",
    "UPDATE audit SET person = '', id = '', part = '{}', kept = '' WHERE seq = 2",
    "UPDATE audit SET person = '', id = '', part = '{}' WHERE seq = 3",
)


BY_KIND = {"sqlite": "REPLACE INTO audit SELECT * FROM audit", "postgres": "TRUNCATE audit"}
"""What one kind of database alone would let through."""


def _refused(store: Store, statement: str) -> None:
    with pytest.raises(StoreError, match="the log is append-only"), store.begin() as tx:
        tx.execute(text(statement))


def test_the_database_refuses_to_change_the_log(store: Store, store_kind: str) -> None:
    """Neither deleting nor changing an entry is possible, nor half a blanking, nor that of an act."""
    with store.begin() as tx:
        _fill(tx)
        before = list(log.rows(tx))
    for statement in (*FORBIDDEN, BY_KIND[store_kind]):
        _refused(store, statement)
    with store.begin() as tx:
        assert before == list(log.rows(tx))


def test_opening_again_keeps_the_guards(store_url: str) -> None:
    """A store that was opened before is guarded still."""
    open_store(store_url).close()
    again = open_store(store_url)
    with again.begin() as tx:
        _fill(tx)
    _refused(again, "DELETE FROM audit")
    again.close()
