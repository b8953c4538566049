"""What raises an alert at the end of a run, once while it lasts, and what ends it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stagesync.connector import CredentialsRefused, QuotaExhausted, Refusal, Unavailable
from stagesync.domain.usual import day_of
from stagesync.engine.run import run_once
from stagesync.store import alerts, connections, evidence
from stagesync.store.alerts import Alert

from .bench import DAY_S, Bench, iso


def standing(bench: Bench, connection: str = "north") -> dict[str, Alert]:
    with bench.store.begin() as tx:
        return {each.key: each for each in alerts.standing(tx, connection)}


def ever(bench: Bench, connection: str = "north") -> list[str]:
    with bench.store.begin() as tx:
        return [each.key for each in alerts.all_alerts(tx, connection)]


def test_a_connection_that_fails_again_and_again_is_an_alert(bench: Bench) -> None:
    """The third poll in a row raises it, once, without a word of the CRM's; the first that works ends it."""
    bench.sync()
    bench.north.fail(Unavailable("ann@firm.example is down", retry_after_s=400.0), times=4)
    seen = []
    for _ in range(5):
        bench.sync()
        seen.append("trouble:pull" in standing(bench))
    assert [False, False, True, True, False] == seen
    assert ["trouble:pull"] == ever(bench)
    with bench.store.begin() as tx:
        (alert,) = alerts.all_alerts(tx, "north")
    assert (
        "north cannot be worked with: the CRM cannot be reached or answers with a fault"
        == alert.what
    )


def test_what_will_not_mend_itself_is_told_at_once(bench: Bench) -> None:
    """Refused credentials need a person, and no third try."""
    bench.north.fail(CredentialsRefused("no"))
    bench.sync()
    assert {"trouble:pull"} <= set(standing(bench))


def test_used_up_calls_are_no_trouble(bench: Bench) -> None:
    """They come back by themselves; how they are used is told by an alert of its own."""
    bench.sync()
    for _ in range(4):
        bench.north.fail(QuotaExhausted("used up", retry_after_s=3_600.0))
        bench.sync()
    assert set() == set(standing(bench))


def test_a_run_that_reads_what_was_named_counts_no_failure(bench: Bench) -> None:
    """A connection in trouble is left alone by it, so nothing is known anew."""
    bench.sync()
    bench.north.fail(Unavailable("down", retry_after_s=400.0))
    bench.sync()
    for _ in range(3):
        run_once(bench.deployment, only_heard=True)
    with bench.store.begin() as tx:
        known = connections.connection_state(tx, "north")
    assert (1, {}) == (known.failures if known else None, standing(bench))


def test_a_cursor_that_stands_still_is_an_alert(bench: Bench) -> None:
    """Nothing failed, and yet an object was not pulled for hours; a paused one is somebody's wish."""
    bench.sync()
    bench.clock.advance(seconds=4 * 3_600)
    run_once(bench.deployment, resting={"north"})
    stalled = {key for key in standing(bench) if key.startswith("stalled:")}
    assert {f"stalled:{name}" for name in ("company", "contact", "deal", "meeting")} == stalled
    assert "contact was not pulled for 4 hours, though it is polled every 60 seconds" == (
        standing(bench)["stalled:contact"].what
    )
    with bench.store.begin() as tx:
        connections.pause(tx, "north", by="ann")
    run_once(bench.deployment)
    assert {} == standing(bench)


def test_calls_that_run_out_are_an_alert_until_they_are_counted_anew(bench: Bench) -> None:
    """From four fifths on; who used them is told."""
    bench.north.daily_limit, bench.north.calls_of_others = 1_000, 700
    bench.sync()
    assert {} == standing(bench)
    bench.north.calls_of_others = 900
    bench.sync()
    assert ["quota:account"] == list(standing(bench))
    assert "of the day's 1,000 calls are used" in standing(bench)["quota:account"].what
    bench.north.calls_of_others = 0
    bench.sync()
    assert {} == standing(bench)


def test_refused_values_are_one_alert(bench: Bench) -> None:
    """How many, of which fields: never the CRM's words, which may repeat what people typed."""
    contacts = [bench.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(2)]
    bench.sync()
    for each in contacts:
        words = f"p{each}@firm.example of Ng is locked"
        bench.north.refuse("contact", each, Refusal.LOCKED, message=words)
        bench.form(each)
    bench.sync()
    found = standing(bench)["parked:contact"]
    assert found.what.startswith("contact: values that the CRM refused: ")
    assert "stage" in found.what
    assert not any(word in found.what + found.fix for word in ("example", "Ng"))
    for each in contacts:
        bench.north.accept("contact", each)
    bench.sync()
    assert ({}, ["parked:contact"]) == (standing(bench), ever(bench))


def meet(bench: Bench, *, days: int, count: int = 1, weekends: bool = False) -> None:
    """So many days pass, with meetings on each working day."""
    for _ in range(days):
        bench.clock.advance(days=1)
        if weekends or (day_of(bench.clock.at_s) + 3) % 7 < 5:
            for _n in range(count):
                bench.north.add(
                    "meeting", {"starts": iso(bench.clock.at_s)}, links={"contact": ("1",)}
                )
        bench.sync()


@pytest.fixture
def used(bench: Bench) -> Bench:
    """Six weeks of a meeting on each working day, read at once; it is Friday noon."""
    bench.contact("ann@firm.example", last="Ng")
    for back in range(42, 0, -1):
        at_s = bench.clock.at_s - back * DAY_S
        if (day_of(at_s) + 3) % 7 < 5:
            bench.north.add("meeting", {"starts": iso(at_s)}, links={"contact": ("1",)})
    bench.sync()
    return bench


def test_evidence_that_stays_away_is_missed(used: Bench) -> None:
    """Not over a weekend; after three working days; and the first meeting ends it, in the same run."""
    seen = []
    for _ in range(6):
        used.clock.advance(days=1)
        used.sync()
        seen.append(list(standing(used)))
    assert [[]] * 4 == seen[:4]
    assert [["silence:meeting"]] * 2 == seen[4:]
    assert "no meeting came from north since 2026-11-19, though it used to come" == (
        standing(used)["silence:meeting"].what
    )
    used.sync()
    assert ["silence:meeting"] == ever(used)
    used.north.add("meeting", {"starts": iso(used.clock.at_s)}, links={"contact": ("1",)})
    used.sync()
    assert {} == standing(used)


def test_meetings_that_go_on_are_not_missed(used: Bench) -> None:
    """Working days with one, weekends without: nothing is ever said."""
    meet(used, days=12)
    assert [] == ever(used)


def test_evidence_is_counted_once(used: Bench) -> None:
    """A record that is read again, or edited, is no new evidence; a contact's new visit is."""
    today = day_of(used.clock.at_s)
    meeting = used.north.add("meeting", {"starts": iso(used.clock.at_s)}, links={"contact": ("1",)})
    used.sync()
    used.north.edit("meeting", meeting, {"outcome": "held"})
    used.form("1")
    used.sync()
    used.north.edit("contact", "1", {"title": "CEO"})
    used.sync()
    with used.store.begin() as tx:
        found = evidence.days_of(tx, "north", since=today)
    assert {"meeting": {today: 1}, "contact_form": {today: 1}} == found


def test_a_silent_crm_that_is_not_read_says_nothing_new(used: Bench) -> None:
    """While a connection rests, what it brings no more is its trouble, not a silence."""
    for _ in range(6):
        used.clock.advance(days=1)
        used.clock.advance(seconds=120)
        run_once(used.deployment, resting={"north"})
    assert not any(key.startswith("silence:") for key in ever(used))


def test_a_night_after_which_everybody_stands_elsewhere_is_told(bench: Bench) -> None:
    """Two weeks bring one lead a day; then thirty come at once, and the run itself says so."""
    bench.redeploy(limits=replace(bench.deployment.limits, people=1_000, share=1.0, never_below=20))
    contacts = [bench.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(60)]
    bench.sync()
    for n in range(14):
        bench.clock.advance(days=1)
        bench.form(contacts[n])
        bench.sync()
    assert {} == standing(bench, "")
    for contact in contacts[14:44]:
        bench.form(contact)
    bench.sync()
    found = standing(bench, "")
    assert {"shift:contact", "shift:lead"} <= set(found)
    assert "went from" in found["shift:lead"].what
    bench.clock.advance(days=1)
    bench.sync()
    bench.clock.advance(days=1)
    bench.sync()
    assert {} == standing(bench, "")
