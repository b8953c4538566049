"""The CRM's own count of its records is held against the store."""

from stagesync.connector import Round
from stagesync.connector.memory import MemoryConnector
from stagesync.engine.status import status

from .bench import DAY_S, Bench

HOUR_S = 3_600.0


def told(bench: Bench) -> dict[str, object]:
    """North in the status."""
    return status(bench.deployment, now_s=bench.clock.now_s())["connections"][0]


def keys(bench: Bench) -> list[str]:
    return [each["key"] for each in told(bench)["alerts"]]


def hide(bench: Bench, email: str) -> str:
    """A record that no pull brings: its stamp is older than every cursor's reach."""
    contact = bench.contact(email, last="Ng")
    bench.north.rows["contact", contact].changed_at_s = 1.0
    return contact


def test_records_are_counted_once_a_day(bench: Bench) -> None:
    """An idle run within the day asks nothing for the count's sake; the next day each object is counted."""
    bench.sync()
    quiet = bench.sync()
    bench.clock.advance(seconds=DAY_S)
    later = bench.sync()
    describing, mapped = 1, len(bench.deployment.connections["north"].roles)
    assert (mapped, mapped + describing) == (
        quiet.calls["north"],
        later.calls["north"] - quiet.calls["north"],
    )


def test_the_numbers_stand_in_the_status(bench: Bench) -> None:
    """Live records there and here, those that are gone on neither side."""
    bench.contact("ann@firm.example", last="Ng")
    bench.north.delete("contact", bench.contact("bob@firm.example", last="Li"))
    bench.sync()
    found = told(bench)["counts"]["contact"]
    assert (1, 1) == (found["crm"], found["here"])


def test_a_record_that_no_pull_brought_is_found(bench: Bench) -> None:
    """A difference that lasts an hour is an alert; the object is pulled anew, and the alert ends."""
    bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    lost = hide(bench, "bob@firm.example")
    bench.clock.advance(seconds=DAY_S)
    bench.sync()
    assert ([], None) == (keys(bench), bench.stage(lost))
    bench.clock.advance(seconds=HOUR_S)
    bench.sync()
    assert ["count:contact"] == keys(bench)
    bench.sync()
    assert "contact" == bench.stage(lost)
    bench.clock.advance(seconds=HOUR_S)
    bench.sync()
    assert [] == keys(bench)


def test_what_the_run_itself_brought_may_be_off(bench: Bench) -> None:
    """As many records as changed just now may be missing on one side: the CRM goes on while we count."""
    ann = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    bench.clock.advance(seconds=DAY_S)
    hide(bench, "bob@firm.example")
    bench.form(ann)
    bench.sync()
    bench.clock.advance(seconds=HOUR_S * 2)
    bench.sync()
    assert [] == keys(bench)


def test_a_crm_that_cannot_count_is_not_suspected(bench: Bench) -> None:
    """Without a number there is no alert, and none in the status."""
    bench.north.counts = False
    bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    assert ([], {}) == (keys(bench), told(bench)["counts"])


def test_the_quota_is_told_ours_and_others(bench: Bench) -> None:
    """The status parts the vendor's count into our calls and those of other programs."""
    bench.sync()
    assert told(bench)["quota"] is None
    bench.north.daily_limit, bench.north.calls_of_others = 10_000, 40
    bench.sync()
    assert {
        "used_by_us": bench.north.calls,
        "used_by_others": 40,
        "limit": 10_000,
        "budget": None,
        "resets_at": None,
    } == told(bench)["quota"]


class Sweeping(MemoryConnector):
    """Finds what is gone by sweeps, and values by a slower round."""

    swept_s = 0.0

    def rounds(self, cursors):
        values = Round("contact", "values", 0.0, 1.0, finds_records=False)
        off = Round("contact", "switched off", None, None)
        return [Round("contact", "sweep", self.swept_s, self.swept_s + DAY_S), values, off]


def test_a_difference_waits_for_the_sweep_that_may_explain_it(bench: Bench) -> None:
    """A record that went may be told by the next sweep only: no alert before one was made since."""
    bench.connectors["north"].__class__ = Sweeping
    bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    hide(bench, "bob@firm.example")
    bench.clock.advance(seconds=DAY_S)
    told = []
    for swept in (False, False, False, True):
        bench.connectors["north"].swept_s = bench.clock.now_s() if swept else 0.0
        bench.sync()
        told.append(keys(bench))
        bench.clock.advance(seconds=HOUR_S)
    assert [[], [], [], ["count:contact"]] == told
