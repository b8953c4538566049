"""After a restore the store is older than the CRMs: nothing of that is taken for people's word unsaid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from free_hand import UNLIMITED
from stagesync.connector import Unavailable
from stagesync.domain.guard import Rule
from stagesync.engine.audit import verify_store
from stagesync.engine.recovered import is_restored, note_restore
from stagesync.engine.standing import give_memory
from stagesync.store import open_store
from stagesync.store.backups import Backup, back_up
from stagesync.store.restoring import restore

from .bench import DAY_S, Bench, make_bench

Later = Callable[[], Bench]


@pytest.fixture
def bench(store_url: str) -> Bench:
    """A deployment whose store can be opened by others."""
    made = make_bench(store=open_store(store_url))
    made.redeploy(limits=UNLIMITED)
    return made


@pytest.fixture
def put_back(bench: Bench, store_url: str, tmp_path: Path) -> Later:
    """Backs the store up now; called, it puts the backup in the place of what the store is then."""
    file = tmp_path / "file"
    back_up(store_url, file, now_s=bench.clock.now_s())

    def act() -> Bench:
        bench.store.close()
        now_s = bench.clock.now_s()

        def finish(tx: object, made: Backup) -> None:
            note_restore(tx, taken_at=made.taken_at, by="ann", now_s=now_s)

        how = {"aside": tmp_path / "aside", "now_s": now_s, "force": True, "finish": finish}
        restore(file, store_url, **how)
        bench.store = open_store(store_url)
        bench.redeploy(store=bench.store)
        for each in bench.connectors.values():
            give_memory(each, bench.store)
        return bench

    return act


def moved_on(bench: Bench) -> str:
    """A contact whose stage we wrote, and wrote again after the backup."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    return contact


def test_what_the_first_run_plans_is_held(bench: Bench, request: pytest.FixtureRequest) -> None:
    """It is shown and waits, with the reason; once approved it is written, and the next runs go on as ever."""
    contact = moved_on(bench)
    put_back: Later = request.getfixturevalue("put_back")
    bench.form(contact)
    put_back()
    held = bench.sync()
    assert (3, 0, {Rule.RESTORED}) == (
        held.exit_code,
        bench.written(held),
        {each.rule for each in held.plan.trips},
    )
    bench.decide(held, approve=True)
    assert 0 < bench.written(bench.sync())
    bench.clock.advance(days=1)
    bench.form(contact, count=3)
    assert 0 == bench.sync().plan.held
    bench.store.close()


def test_our_own_later_writes_are_nobodys_edits(
    bench: Bench, request: pytest.FixtureRequest
) -> None:
    """Stages that we wrote after the backup, and of which no CRM says whose they are, make no hold and no edit."""
    contact = moved_on(bench)
    put_back: Later = request.getfixturevalue("put_back")
    before = bench.stage(contact)
    bench.form(contact, count=3)
    bench.sync()
    bench.sync()
    after = bench.stage(contact)
    assert before != after
    for row in bench.north.rows.values():
        row.history.clear()
    put_back()
    bench.sync()
    assert (after, {}) == (bench.stage(contact), bench.differences())
    assert [] == [each for each in bench.audit() if "edit" in (each["result"] or {})]
    bench.store.close()


def test_it_lasts_until_every_crm_was_read(bench: Bench, request: pytest.FixtureRequest) -> None:
    """A run in which a CRM is away settles nothing; the next whole one does."""
    moved_on(bench)
    request.getfixturevalue("put_back")()
    bench.south.fail(Unavailable("down", retry_after_s=None))
    bench.sync()
    seen = []
    for _ in range(2):
        with bench.store.begin() as tx:
            seen.append(is_restored(tx))
        bench.south.fail(Unavailable("down", retry_after_s=None), times=0)
        bench.sync()
    assert [True, False] == seen
    bench.store.close()


def test_the_log_tells_of_it_and_holds(bench: Bench, request: pytest.FixtureRequest) -> None:
    """Who restored what is the next entry after the backup's last one, and the chain is whole."""
    moved_on(bench)
    put_back: Later = request.getfixturevalue("put_back")
    count = len(bench.audit())
    bench.clock.advance(seconds=DAY_S)
    bench.sync()
    put_back()
    last = bench.audit()[count:]
    assert [("ann", ["restored"])] == [(each["actor"], [*each["result"]]) for each in last]
    with bench.store.begin() as tx:
        assert None is verify_store(tx).broken
    bench.store.close()
