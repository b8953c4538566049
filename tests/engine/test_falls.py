"""A vendor's field that goes forward goes back after a while, by the rule of its mapping."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from free_hand import WRITE_OVER
from stagesync.domain.guard import Limits
from stagesync.domain.plan import VendorStage, Way
from stagesync.engine.deployment import Connected
from stagesync.engine.explain import explain
from stagesync.engine.holds import hold, release
from stagesync.engine.outcome import Outcome
from stagesync.loading.mapping import load_mapping
from stagesync.store import plans

from .bench import DAY_S, DEFINITIONS, HERE, Bench, iso, make_bench
from .test_backward import LOST, begun, die_between, lifecycle, told

MODE = """\
      owner: vendor
      mode: forward
      may_replace: ["", """
NORTH = "{sales: after 30 days, qualification: at once, disposition: after 7 days}"
SOUTH = "{sales: after 10 days}"
MINUTE_S = 60.0


def remap(bench: Bench, folder: Path, **backward: str) -> None:
    """The same deployment, each vendor's field of these connections with a rule for going back."""
    connections: dict[str, Connected] = dict(bench.deployment.connections)
    for name, waits in backward.items():
        text = (HERE / f"{name}.yaml").read_text(encoding="utf-8")
        assert MODE in text
        new = MODE.replace("mode: forward", f"backward: {waits}")
        text = text.replace(MODE, f"{new}Customer - Direct, customer, UNQUALIFIED, Closed, ")
        path = folder / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        mapping = load_mapping(
            path, vocabularies=DEFINITIONS.vocabularies, policy=DEFINITIONS.policy
        )
        connections[name] = replace(connections[name], mapping=mapping)
    bench.redeploy(connections=connections)


@pytest.fixture
def back(tmp_path: Path) -> Iterator[Bench]:
    """North's vendor fields go back by their rule, and so does South's type of account."""
    made = make_bench(vendor=VendorStage.FORWARD)
    remap(made, tmp_path, north=NORTH, south=SOUTH)
    yield made
    made.store.close()


def deal_of(bench: Bench, contact: str) -> str:
    """An open deal of the contact."""
    opened = {"won": "false", "closed": "false", "opened": iso(bench.clock.at_s - DAY_S)}
    return bench.north.add("deal", opened, links={"contact": (contact,)})


def close(bench: Bench, deal: str, *, closed: bool = True) -> None:
    """Lose a deal, or open it again."""
    at = iso(bench.clock.at_s)
    bench.north.edit("deal", deal, {"closed": str(closed).lower(), "closed_on": at, "opened": at})


def seller(bench: Bench, name: str = "ann") -> tuple[str, str]:
    """A contact who asked for something, with an open deal; and the deal. Both CRMs know it."""
    contact = bench.contact(f"{name}@{name}.example", last=name)
    bench.form(contact)
    deal = deal_of(bench, contact)
    bench.sync()
    assert "opportunity" == lifecycle(bench, contact)
    return contact, deal


def left(bench: Bench, contact: str) -> dict[str, Any]:
    """What explain says of the lifecycle that stays."""
    (record,) = [
        each
        for each in explain(bench.deployment, contact)["records"]
        if (each["connection"], each["id"]) == ("north", contact)
    ]
    (found,) = [one for one in record["differences"] if one["field"] == "lifecycle"] or [{}]
    return found


def at(bench: Bench, day_s: float) -> Outcome:
    """One run at this instant; `Bench.sync` itself takes two minutes."""
    bench.clock.at_s = day_s - 120
    return bench.sync()


def test_a_field_goes_back_once_the_stage_has_stood(back: Bench) -> None:
    """Not a second before thirty days: then emptied and set, marked, for time alone, and told in the log."""
    contact, deal = seller(back)
    fell_s = back.clock.at_s
    close(back, deal)
    back.sync()
    waiting = {"wanted": "lead", "current": "opportunity", "reason": "not forward yet"}
    assert waiting | {"until": iso(fell_s + 30 * DAY_S)[:19] + "Z"} == {
        key: left(back, contact)[key] for key in (*waiting, "until")
    }
    assert ("lead", "opportunity") == (back.stage(contact), lifecycle(back, contact))
    assert 0 == back.written(at(back, fell_s + 30 * DAY_S - 1))
    outcome = at(back, fell_s + 30 * DAY_S)
    with back.store.begin() as tx:
        (entry,) = plans.entries_of(tx, outcome.plan.id)
    assert ("lifecycle", Way.CLEAR, "time", "opportunity", "lead") == (
        entry.field, entry.way, entry.cause, entry.stage_from, entry.stage_to,
    )  # fmt: skip
    assert ("lead", ("opportunity", "lead", {"written": True, "way": "clear"})) == (
        lifecycle(back, contact),
        told(back)[-1],
    )
    assert ({}, 0, 0) == (left(back, contact), back.written(back.sync()), len(begun(back)))


@pytest.mark.parametrize("runs", [[], [0.001], [3], [29.9], [0.5, 11, 12, 29]])
def test_the_instant_is_that_of_the_fall_and_not_of_a_run(back: Bench, runs: list[float]) -> None:
    """Whenever runs look before and after, the field goes back thirty days after the deal was lost."""
    contact, deal = seller(back)
    back.clock.advance(days=1)
    fell_s = back.clock.at_s
    close(back, deal)
    for days in runs:
        at(back, fell_s + days * DAY_S + 120)
    at(back, fell_s + 30 * DAY_S - 1)
    assert ("opportunity", "not forward yet") == (
        lifecycle(back, contact),
        left(back, contact)["reason"],
    )
    at(back, fell_s + 30 * DAY_S)
    assert "lead" == lifecycle(back, contact)


def test_it_is_planned_again_without_looking_at_anybody_else(back: Bench) -> None:
    """Until the instant comes nobody is planned or evaluated; then who waited, and only they."""
    contact, deal = seller(back)
    others = [seller(back, name)[0] for name in ("bob", "cyd")]
    fell_s = back.clock.at_s
    close(back, deal)
    back.sync()
    idle = at(back, fell_s + 20 * DAY_S)
    assert ([], 0, 0) == (idle.evaluated.people, idle.plan.go, idle.plan.differences)
    due = at(back, fell_s + 30 * DAY_S)
    assert ([], 1) == (due.evaluated.people, due.plan.go)
    assert ["lead", "opportunity", "opportunity"] == [
        lifecycle(back, each) for each in (contact, *others)
    ]


def test_a_rise_in_between_cancels_it(back: Bench) -> None:
    """Who rises again is not moved back; who falls once more waits from then."""
    contact, deal = seller(back)
    fell_s = back.clock.at_s
    close(back, deal)
    back.sync()
    back.clock.at_s = fell_s + 10 * DAY_S
    close(back, deal, closed=False)
    back.sync()
    assert ({}, 0) == (left(back, contact), back.written(at(back, fell_s + 30 * DAY_S)))
    back.clock.at_s = again_s = fell_s + 40 * DAY_S
    close(back, deal)
    back.sync()
    assert iso(again_s + 30 * DAY_S)[:19] + "Z" == left(back, contact)["until"]


def test_an_axis_that_is_left_out_never_goes_back(back: Bench, tmp_path: Path) -> None:
    """The rule names qualification only: a lost deal leaves the field where it is, for good."""
    remap(back, tmp_path, north="{qualification: at once}")
    contact, deal = seller(back)
    close(back, deal)
    back.sync()
    assert ("not forward", None) == (left(back, contact)["reason"], left(back, contact)["until"])
    back.clock.advance(days=400)
    back.sync()
    assert "opportunity" == lifecycle(back, contact)


def test_a_value_that_the_person_never_reached_stays(back: Bench) -> None:
    """What somebody else set higher than the person ever stood is not of our making, and stays."""
    contact = back.contact("ann@ann.example", last="Ng", lifecycle="customer")
    back.form(contact)
    back.sync()
    back.clock.advance(days=400)
    back.form(contact, count=2)
    back.sync()
    assert ("customer", "not forward") == (lifecycle(back, contact), left(back, contact)["reason"])


def test_what_somebody_set_after_the_fall_stays(back: Bench) -> None:
    """The field went back by our hand, and somebody raises it again: their word is no fall."""
    back.redeploy(edits=WRITE_OVER)
    contact, deal = seller(back)
    close(back, deal)
    back.sync()
    back.clock.advance(days=31)
    back.sync()
    assert "lead" == lifecycle(back, contact)
    back.north.edit("contact", contact, {"lifecycle": "opportunity"})
    back.sync()
    back.clock.advance(days=60)
    back.sync()
    assert ("opportunity", "not forward") == (
        lifecycle(back, contact),
        left(back, contact)["reason"],
    )


def qualified(bench: Bench) -> tuple[str, float]:
    """A contact inside the target whose points are enough for now; and the second when they are not."""
    company = bench.north.add(
        "company",
        {"domain": "firm.example", "employees": "200", "industry": "software", "country": "FR"},
    )
    contact = bench.contact(
        "ann@firm.example", last="Ng", title="Marketing Director", country="FR",
        links={"company": (company,)},
    )  # fmt: skip
    for days_ago, count in ((15, 1), (1, 2)):
        bench.form(contact, days_ago=days_ago, count=count)
        bench.sync()
    assert "marketingqualifiedlead" == lifecycle(bench, contact)
    fades_s = bench.placed(bench.person("north", "contact", contact)).recheck_at_s
    assert fades_s is not None
    return contact, fades_s


def test_a_rise_that_no_run_saw_cancels_it_too(back: Bench, tmp_path: Path) -> None:
    """Between two runs somebody was qualified and fell again: the time counts from the second fall."""
    remap(back, tmp_path, north="{qualification: after 40 days}")
    contact, fades_s = qualified(back)
    at(back, fades_s + 5 * DAY_S)
    assert iso(fades_s + 40 * DAY_S)[:19] + "Z" == left(back, contact)["until"]
    back.clock.at_s = again_s = fades_s + 30 * DAY_S
    back.form(contact, count=3)
    back.north.add("meeting", {"starts": iso(again_s)}, links={"contact": (contact,)})
    found = at(back, again_s + 45 * DAY_S)
    assert (0, "lead", "marketingqualifiedlead") == (
        back.written(found),
        back.stage(contact),
        lifecycle(back, contact),
    )
    until, history = left(back, contact)["until"], explain(back.deployment, contact)["history"]
    fell_again = datetime.fromisoformat(history[-1]["since"]).timestamp()
    assert (True, iso(fell_again + 40 * DAY_S)[:19] + "Z") == (
        again_s + 20 * DAY_S < fell_again < again_s + 40 * DAY_S,
        until,
    )


def test_at_once_goes_back_with_the_run_that_finds_the_fall(back: Bench) -> None:
    """Points fade: our own field and the vendor's go back together, as one move of time alone."""
    contact, fades_s = qualified(back)
    outcome = at(back, fades_s)
    with back.store.begin() as tx:
        entries = {e.field: e for e in plans.entries_of(tx, outcome.plan.id) if e.id == contact}
    assert [("time", "qualified", "lead", Way.CLEAR), ("time", "qualified", "lead", Way.PLAIN)] == [
        (e.cause, e.stage_from, e.stage_to, e.way) for e in (entries["lifecycle"], entries["stage"])
    ]
    assert ("lead", "lead") == (lifecycle(back, contact), back.stage(contact))


def test_points_that_faded_long_before_the_run_count_from_then(back: Bench, tmp_path: Path) -> None:
    """A run eleven days late still knows the second of the fall, and that ten days are over."""
    remap(back, tmp_path, north="{qualification: after 10 days}")
    contact, fades_s = qualified(back)
    at(back, fades_s + 4 * DAY_S)
    assert iso(fades_s + 10 * DAY_S)[:19] + "Z" == left(back, contact)["until"]
    back.redeploy()
    at(back, fades_s + 11 * DAY_S)
    assert "lead" == lifecycle(back, contact)


def test_many_that_fall_due_together_are_held(back: Bench) -> None:
    """Going back is weighed as the move that it is, though our own fields told of the fall long ago."""
    back.redeploy(limits=Limits(never_below=2, share=0.1, total_share=0.9, loss=1.0))
    people = [back.contact(f"{n}@{n}{n}.example", last=f"N{n}") for n in range(4)]
    for each in people:
        back.form(each)
    deals = [deal_of(back, each) for each in people]
    back.decide(back.sync(), approve=True)
    back.sync()
    fell_s = back.clock.at_s
    for each in deals:
        close(back, each)
    held = back.sync()
    back.decide(held, approve=True)
    back.sync()
    assert (["lead"] * 4, ["opportunity"] * 4) == (
        [back.stage(each) for each in people],
        [lifecycle(back, each) for each in people],
    )
    due = at(back, fell_s + 30 * DAY_S)
    assert (3, 4, [("time", "opportunity", "lead", 4)]) == (
        due.exit_code,
        due.plan.held,
        [(t.group.cause, t.group.stage_from, t.group.stage_to, t.count) for t in due.plan.trips],
    )
    back.decide(due, approve=True)
    back.sync()
    assert ["lead"] * 4 == [lifecycle(back, each) for each in people]


def test_a_hold_outlasts_the_instant(back: Bench) -> None:
    """Who is held by hand when the time comes stays, and goes back when released."""
    contact, deal = seller(back)
    fell_s = back.clock.at_s
    close(back, deal)
    back.sync()
    hold(back.deployment, contact, for_s=None, by="ann", now_s=back.clock.now_s())
    at(back, fell_s + 30 * DAY_S)
    assert ("opportunity", "held by hand") == (
        lifecycle(back, contact),
        left(back, contact)["reason"],
    )
    release(back.deployment, contact, by="ann", now_s=back.clock.now_s())
    back.sync()
    assert "lead" == lifecycle(back, contact)


def test_a_move_that_was_broken_off_and_is_wanted_no_more_is_taken_back(back: Bench) -> None:
    """The field is empty when the person rises again: it holds what it held before."""
    contact, deal = seller(back)
    fell_s = back.clock.at_s
    close(back, deal)
    back.sync()
    die_between(back, LOST)
    at(back, fell_s + 30 * DAY_S)
    assert (None, 1) == (lifecycle(back, contact), len(begun(back)))
    close(back, deal, closed=False)
    back.sync()
    assert ("opportunity", 0) == (lifecycle(back, contact), len(begun(back)))


def test_a_crm_that_is_down_when_the_time_comes_is_served_later(back: Bench) -> None:
    """The connection fails at the instant: the run after it moves the field."""
    contact, deal = seller(back)
    fell_s = back.clock.at_s
    close(back, deal)
    back.sync()
    back.north.fail(LOST)
    at(back, fell_s + 30 * DAY_S)
    assert "opportunity" == lifecycle(back, contact)
    back.sync()
    assert "lead" == lifecycle(back, contact)


def test_an_account_goes_back_too(back: Bench) -> None:
    """The type of an account follows its own rule, ten days after its only won deal was lost after all."""
    account = back.south.add("account", {"Website": "firm.example", "Name": "Firm"})
    won = {"IsWon": "true", "IsClosed": "true", "Closed": iso(back.clock.at_s - DAY_S)}
    deal = back.south.add("opportunity", won, links={"account": (account,)})
    member = back.member("ann@firm.example", LastName="Ng", links={"account": (account,)})
    back.south.add("event", {"Start": iso(back.clock.at_s - DAY_S)}, links={"contact": (member,)})
    back.sync()
    assert "Customer - Direct" == back.value("south", "account", account, "Type")
    back.clock.advance(days=1)
    fell_s = back.clock.at_s
    back.south.edit("opportunity", deal, {"IsWon": "false", "Closed": iso(fell_s)})
    at(back, fell_s + 3 * DAY_S)
    at(back, fell_s + 10 * DAY_S - 1)
    assert "Customer - Direct" == back.value("south", "account", account, "Type")
    at(back, fell_s + 10 * DAY_S)
    assert "Prospect" == back.value("south", "account", account, "Type")
