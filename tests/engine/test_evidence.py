"""The log stands by itself: whatever it says was written or refused, it says why, down to the points."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from free_hand import UNLIMITED
from stagesync.connector import Unavailable
from stagesync.domain.plan import VendorStage
from stagesync.engine import verdicts
from stagesync.engine.audit import verify_store
from stagesync.engine.explain import explain
from stagesync.engine.instants import iso
from stagesync.engine.undo import undo
from stagesync.store import history, people
from stagesync.store.history import Transition
from stores import examples

from .bench import DAY_S, Bench, make_bench

NAMES = ("ann", "bob", "eve")


@dataclass
class World:
    """A bench, and who was made in it."""

    bench: Bench
    contacts: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def one(self, number: int) -> str:
        return self.contacts[number % len(self.contacts)]

    def appear(self, number: int) -> None:
        email = f"{NAMES[number % 3]}@firm.example"
        company = self.bench.north.add("company", {"domain": "firm.example"})
        own = {"company": (company,)} if number % 2 else None
        self.contacts.append(self.bench.contact(email, links=own, last="Ng", title="CEO"))

    def join_sales(self, number: int) -> None:
        kind = ("lead", "contact")[number % 2]
        self.bench.member(f"{NAMES[number % 3]}@firm.example", kind=kind, LastName="Ng")

    def fill_form(self, number: int) -> None:
        self.bench.form(self.one(number), count=1 + number % 4)

    def buy(self, number: int) -> None:
        now_s = self.bench.clock.now_s()
        told = {"won": "true", "closed": "true", "opened": iso(now_s - DAY_S)}
        links = {"contact": (self.one(number),)}
        self.bench.north.add("deal", {**told, "closed_on": iso(now_s)}, links=links)

    def wait(self, number: int) -> None:
        self.bench.clock.advance(days=(1, 20, 90, 200)[number % 4])

    def refuse(self, number: int) -> None:
        self.bench.refuse("north", "contact", self.one(number))

    def say_one(self, number: int) -> None:
        with self.bench.store.begin() as tx:
            found = people.all_ids(tx, "person")
        if len(found) > 1:
            deployment = self.bench.deployment
            said = verdicts.join(deployment, found[0], found[1], by="bea", now_s=self._now_s)
            self.said.append(said["verdict"])

    def take_back(self, number: int) -> None:
        if self.said:
            verdicts.undo(self.bench.deployment, self.said.pop(), by="bea", now_s=self._now_s)

    def sync(self, number: int) -> None:
        self.bench.sync()

    @property
    def _now_s(self) -> float:
        self.bench.clock.advance(seconds=1)
        return self.bench.clock.now_s()


ACTS: tuple[Callable[[World, int], None], ...] = (
    World.appear, World.join_sales, World.fill_form, World.buy, World.wait, World.refuse,
    World.say_one, World.take_back, World.sync, World.sync,
)  # fmt: skip


def _told(entry: Mapping[str, Any]) -> bool:
    """Whether an entry says that a stage was written or refused."""
    return bool({"written", "refused"} & set(entry["result"] or {})) and bool(entry["stage_to"])


def _sums(reasons: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in reasons:
        found[line["score"]] = found.get(line["score"], 0.0) + line["points"]
    return found


def _explains(entry: Mapping[str, Any], change: Transition) -> bool:
    """Whether a change of stage is the one that an entry tells of: its scores are the sums of the reasons."""
    sums = _sums(entry["reasons"])
    scores = {name: pytest.approx(points) for name, points in change.scores.items()}
    return change.stage_to == entry["stage_to"] and scores == {
        name: sums.get(name, 0.0) for name in change.scores
    }


def check_reasons(acts: list[tuple[Callable[[World, int], None], int]]) -> None:
    bench = make_bench(vendor=VendorStage.FORWARD)
    bench.redeploy(limits=UNLIMITED)
    world = World(bench)
    world.appear(1)
    for act, number in (*acts, (World.sync, 0)):
        act(world, number)
    entries = [each for each in bench.audit() if _told(each)]
    with bench.store.begin() as tx:
        changes = {each["person"]: history.transitions_of(tx, each["person"]) for each in entries}
        assert None is verify_store(tx).broken
    bench.store.close()
    assert entries
    for each in entries:
        assert any(_explains(each, change) for change in changes[each["person"]])
        assert bench.deployment.policy.label == each["policy"]


def test_reasons_sum_to_the_score() -> None:
    """Whatever happens: each entry of a stage has reasons whose points sum to the scores of that change, and the chain holds."""
    told = settings(
        max_examples=examples(25),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
    )
    steps = st.tuples(st.sampled_from(ACTS), st.integers(0, 11))
    told(given(st.lists(steps, max_size=20))(check_reasons))()


def test_an_undo_says_what_it_takes_back(bench: Bench) -> None:
    """What an undo restores has the undo for its reason, of no points, and no score behind it."""
    bench.contact("ann@firm.example", last="Ng")
    run = bench.sync().run
    plan = undo(bench.deployment, run=run, by="bea", now_s=bench.clock.now_s()).plan
    outcome = bench.sync()
    assert plan
    bench.decide(replace(outcome, plan=replace(outcome.plan, id=plan)), approve=True)
    again = bench.sync().run
    told = [each["reasons"] for each in bench.audit() if each["run"] == again and _told(each)]
    assert [[{"rule": f"undo of {run}", "points": 0}]] * len(told) == told


def test_an_answer_that_came_late_is_told_under_the_policy_it_was_planned_under(
    bench: Bench,
) -> None:
    """A value that was sent under one policy and seen under another is told with the first."""
    bench.contact("ann@firm.example", last="Ng")
    label = bench.deployment.policy.label
    bench.north.lose_answer(Unavailable("the answer was lost", retry_after_s=5.0))
    bench.sync()
    bench.redeploy(policy=replace(bench.deployment.policy, version="2"))
    bench.sync()
    told = [each["policy"] for each in bench.audit() if _told(each)]
    assert label == told[0]


def test_a_level_without_points_has_a_reason(bench: Bench) -> None:
    """A won deal brings a line of no points that names it, in the log and in `explain`."""
    world = World(bench)
    world.appear(0)
    bench.sync()
    bench.sync()
    world.buy(0)
    bench.sync()
    expected = {
        "score": "",
        "rule": "sales: won",
        "points": 0,
        "axis": "sales",
        "level": "won",
        "because": "a deal is won",
    }
    last = [each for each in bench.audit() if _told(each)][-1]
    assert [expected] == [line for line in last["reasons"] if line["rule"] == "sales: won"]
    assert expected in explain(bench.deployment, world.contacts[0])["reasons"]


def test_every_change_has_a_reason(bench: Bench) -> None:
    """Somebody of whom nothing is known has a reason, too."""
    contact = bench.contact()
    bench.sync()
    person = bench.person("north", "contact", contact)
    with bench.store.begin() as tx:
        changes = history.transitions_of(tx, person or "")
    assert changes
    assert all(each.reasons for each in changes)
