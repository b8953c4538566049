"""What connectors know of themselves outlives them: their memory, and how their slow work stands."""

from collections.abc import Iterator

import pytest

from stagesync.connector import Round, Unavailable
from stagesync.connector.memory import MemoryConnector
from stagesync.engine.standing import give_memory
from stagesync.engine.status import status
from stagesync.errors import StoreError
from stagesync.store import Store, connections, open_store

from .bench import DAY_S, NOON_S, Bench, make_bench

HOUR_S = 3_600.0


@pytest.fixture
def filed(store_url: str) -> Iterator[Bench]:
    """A bench whose store others can open, as a daemon's is."""
    made = make_bench(store=open_store(store_url))
    yield made
    made.store.close()


def remembered(bench: Bench, name: str) -> str | None:
    """What the store holds, read over another connection to the same file, as after a kill."""
    other = open_store(bench.store._engine.url.render_as_string(hide_password=False))
    with other.begin() as tx:
        told = connections.remembered(tx, name)
    other.close()
    return told


def test_what_is_kept_in_the_middle_of_a_pull_is_durable(filed: Bench) -> None:
    """A pull that breaks at its second request has kept what the connector knew after its first."""
    for number in range(250):
        filed.contact(f"p{number}@firm.example", last="Ng")
    filed.sync()
    used = filed.connectors["north"]._used
    seen = []
    filed.north.fail(Unavailable("down", retry_after_s=None))
    request = filed.connectors["north"]._request

    def watched() -> None:
        seen.append(remembered(filed, "north"))
        request()

    filed.connectors["north"]._request = watched
    outcome = filed.sync()
    assert ["north"] == list(outcome.troubles)
    assert [f"requests of all lives: {used}"] == seen[:1]
    assert f"requests of all lives: {used + len(seen)}" == remembered(filed, "north")


def test_what_is_kept_in_the_middle_of_a_write_is_durable(filed: Bench) -> None:
    """What a connector keeps while a batch is on its way is there although its answer never came."""
    contact = filed.contact("ann@firm.example", last="Ng")
    filed.form(contact, count=3)
    filed.north.lose_answer(Unavailable("down", retry_after_s=None))
    outcome = filed.sync()
    assert ["north"] == list(outcome.troubles)
    used = filed.connectors["north"]._used
    assert f"requests of all lives: {used}" == remembered(filed, "north")


def test_next_life_is_given_what_the_last_one_kept(filed: Bench) -> None:
    """A connector made anew over the same store goes on counting where the killed one stood."""
    filed.north.daily_limit = 1_000
    filed.sync()
    used = filed.connectors["north"].quota().used_by_us
    following = MemoryConnector("north", filed.north)
    give_memory(following, filed.store)
    following.check()
    assert used + 1 == following.quota().used_by_us


def test_connections_do_not_share_a_memory(filed: Bench) -> None:
    """Each connection is given its own text."""
    filed.sync()
    texts = {name: remembered(filed, name) for name in ("north", "south", "east")}
    expected = {name: f"requests of all lives: {c._used}" for name, c in filed.connectors.items()}
    assert {**expected, "east": None} == texts


def test_no_crm_is_asked_inside_a_transaction(filed: Bench) -> None:
    """A request made while its thread holds a transaction would lock the store: it is refused."""
    with filed.store.begin(), pytest.raises(RuntimeError, match="open in this thread"):
        filed.connectors["north"].check()
    filed.connectors["north"].check()


def test_store_that_fails_says_nothing_of_what_was_to_be_kept(store_gone: Store) -> None:
    """Neither the error nor what caused it shows the text."""
    with pytest.raises(StoreError) as failed, store_gone.begin() as tx:
        connections.remember(tx, "north", "hush-hush")
    cause = failed.value.__cause__
    assert "hush-hush" not in f"{failed.value} {failed.value!r} {cause} {cause!r}"


@pytest.fixture
def store_gone(store_url: str) -> Iterator[Store]:
    """A store without its table."""
    made = open_store(store_url)
    with made.begin() as tx:
        tx.exec_driver_sql("DROP TABLE remembered")
    yield made
    made.close()


class Sweeping(MemoryConnector):
    """Sweeps contacts daily, and tells so."""

    def rounds(self, cursors):
        return [
            Round(name, "archive walked", NOON_S, NOON_S + DAY_S, under_way=name == "contact")
            for name in cursors
        ]


def test_slow_work_stands_in_the_status(bench: Bench) -> None:
    """The status tells, from the store alone, when each kind was done, is due, and what is under way."""
    bench.connectors["north"].__class__ = Sweeping
    bench.sync()
    at_s = bench.clock.now_s()
    told = status(bench.deployment, now_s=at_s)["connections"][0]["rounds"]
    of_contacts = [each for each in told if each["object"] in ("contact", None)]
    assert [
        ("archive walked", "2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z", True),
        ("fields described", "2026-11-20T12:02:00Z", "2026-11-21T12:02:00Z", False),
        ("records counted", "2026-11-20T12:02:00Z", "2026-11-21T12:02:00Z", False),
    ] == [
        (each["what"], each["done_at"], each["due_at"], each["under_way"]) for each in of_contacts
    ]


def test_difference_of_counts_stands_in_the_status(bench: Bench) -> None:
    """A count that came out different says since when, and is due again within the hour."""
    bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    hidden = bench.contact("bob@firm.example", last="Li")
    bench.north.rows["contact", hidden].changed_at_s = 1.0
    bench.clock.advance(seconds=DAY_S)
    bench.sync()
    told = status(bench.deployment, now_s=bench.clock.now_s())["connections"][0]
    count = told["counts"]["contact"]
    due = [
        each["due_at"]
        for each in told["rounds"]
        if (each["object"], each["what"]) == ("contact", "records counted")
    ]
    assert (2, 1, count["at"]) == (count["crm"], count["here"], count["differs_since"])
    assert [count["at"].replace("T12:", "T13:")] == due
