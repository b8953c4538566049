"""The way back over HTTP, cut at every request: the real connector, store and engine on a clock that waits for nobody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from free_hand import WRITE_OVER
from stagesync.connector import Secret
from stagesync.domain.free_mail import FREE_MAIL
from stagesync.domain.plan import VendorStage
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.outcome import Outcome
from stagesync.engine.run import run_once
from stagesync.engine.setup import own_fields
from stagesync.loading.definitions import load_definitions, shipped_mappings
from stagesync.loading.mapping import load_mapping
from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.hubspot import HubSpotSim, create_app
from stagesync.sandbox.seeds import HubSpotRecord, HubSpotSeed
from stagesync.sandbox.server import serve
from stagesync.store import clearings, log, open_store, records
from stagesync_hubspot import connect

DEFINITIONS = load_definitions(shipped_mappings())
STAGE, ANN, DEAL = "lifecyclestage", "1", "3000"
DAY_S = 86_400.0
DONE = ("customer", "opportunity", {"written": True, "way": "clear"})


@dataclass(frozen=True, slots=True)
class FastClock:
    """The simulator's clock; waiting moves it."""

    simulated: SimClock

    def now_s(self) -> float:
        return self.simulated.now()

    def monotonic_s(self) -> float:
        return self.simulated.now()

    def sleep(self, seconds: float) -> None:
        self.simulated.advance(seconds)


@dataclass(slots=True)
class Bench:
    """A HubSpot account with one customer who has an open deal and no won one, and a deployment."""

    sim: HubSpotSim
    deployment: Deployment

    def sync(self) -> Outcome:
        self.sim.clock.advance(600)
        # As a new process would: nothing is left in memory of the run before.
        self.deployment = replace(self.deployment, stopping=threading.Event())
        return run_once(self.deployment)

    def stage(self) -> str | None:
        live = self.sim.portal.stores["contacts"].live()
        (ann,) = (one for one in live if str(one.id) == ANN)
        return ann.values.get(STAGE)

    def cut(self, kind: str, *, after: int, times: int = 5) -> None:
        """Cut the updates of contacts; five times is more than the connector tries."""
        self.sim.faults.add(kind, times, "contacts/batch/update", after=after)

    def edit(self, stage: str) -> None:
        self.sim.edit("contacts", ANN, properties={STAGE: stage}, actor="human")

    def told(self) -> list[tuple[Any, Any, Any]]:
        with self.deployment.store.begin() as tx:
            entries = list(log.read(tx))
        return [(e["before"], e["after"], e["result"]) for e in entries if e["field"] == STAGE]

    def begun(self) -> int:
        with self.deployment.store.begin() as tx:
            return len(clearings.all_clearings(tx))

    def held(self) -> Any:
        """What the store believes of the field."""
        with self.deployment.store.begin() as tx:
            return records.records_of(tx, "hubspot", "contact", [ANN])[ANN].fields[STAGE]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """The stage follows both ways, and empty is not among the values that may be replaced."""
    with ExitStack() as closing:
        made = closing.enter_context(_bench(tmp_path))
        yield made
    structlog.contextvars.clear_contextvars()


@contextmanager
def _bench(folder: Path) -> Iterator[Bench]:
    sim = HubSpotSim(seed=7)
    at = sim.clock.now() - 30 * DAY_S
    ann = HubSpotRecord(ANN, at, at, {"email": "ann@firm.example", STAGE: "customer"})
    deal = HubSpotRecord(DEAL, at, at, {"dealname": "d", "dealstage": "contractsent"})
    seed = HubSpotSeed({"contacts": [ann], "deals": [deal]}, [("deals", DEAL, "contacts", ANN)])
    sim.load(seed)
    store, clock = open_store("sqlite://"), FastClock(sim.clock)
    with serve(create_app(sim)) as server:
        options = {"token": Secret(sim.token), "url": server.url}
        connector = connect("hubspot", options, clock=clock)
        connected = Connected(
            name="hubspot",
            connector=connector,
            mapping=_follow(folder),
            vendor_stage=VendorStage.FORWARD,
            first_mode="active",
        )
        deployment = Deployment(
            store=store,
            policy=DEFINITIONS.policy,
            vocabularies=DEFINITIONS.vocabularies,
            edits=WRITE_OVER,
            connections={"hubspot": connected},
            clock=clock,
            prefer=("hubspot",),
            free_mail=FREE_MAIL,
        )
        for step in connector.setup(own_fields(deployment, connected)):
            connector.make(step)
        yield Bench(sim, deployment)
        connector.close()
    store.close()


def _follow(folder: Path) -> Any:
    text = (shipped_mappings() / "hubspot.yaml").read_text(encoding="utf-8")
    text = text.replace("mode: forward", "mode: follow").replace('["", subscriber', "[subscriber")
    path = folder / "hubspot.yaml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path, vocabularies=DEFINITIONS.vocabularies, policy=DEFINITIONS.policy)


@pytest.mark.parametrize("times", [1, 5], ids=["once", "for good"])
@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
@pytest.mark.parametrize("request_no", [0, 1], ids=["clear", "set"])
def test_whatever_request_is_cut(bench: Bench, kind: str, request_no: int, times: int) -> None:
    """Whichever request is cut, two runs later HubSpot holds the stage, and the log tells it once."""
    bench.cut(kind, after=request_no, times=times)
    first = bench.sync()
    assert (0 if times == 1 else 4) == first.exit_code
    # While it is not known to be finished, the store holds what HubSpot held before.
    expected = ("opportunity", 0) if times == 1 else ("customer", 1)
    assert expected == (bench.held(), bench.begun())
    for _ in range(2):
        bench.sync()
    assert ("opportunity", "opportunity", [DONE], 0) == (
        bench.stage(),
        bench.held(),
        bench.told(),
        bench.begun(),
    )
    again = bench.sync()
    assert (0, 0) == (again.exit_code, again.written["hubspot"].written if again.written else 0)


def test_a_person_in_between_wins(bench: Bench) -> None:
    """Somebody sets the empty stage before the next run: theirs stands, and nothing is healed over it."""
    bench.cut("cut_before", after=1)
    bench.sync()
    assert bench.stage() is None
    bench.edit("evangelist")
    for _ in range(2):
        assert 0 == bench.sync().exit_code
    assert ("evangelist", "evangelist", [], 0) == (
        bench.stage(),
        bench.held(),
        bench.told(),
        bench.begun(),
    )


def test_a_deal_that_was_won_meanwhile(bench: Bench) -> None:
    """What was to go back is right again by the next run: the empty field gets it, once."""
    bench.cut("cut_before", after=1)
    bench.sync()
    bench.sim.edit("deals", DEAL, properties={"dealstage": "closedwon"}, actor="human")
    for _ in range(2):
        bench.sync()
    assert ("customer", 0) == (bench.stage(), bench.begun())


def test_an_account_that_lets_stages_go_back(bench: Bench) -> None:
    """Where HubSpot refuses no move back, the same two writes end the same way."""
    bench.sim.switches.update({"stage_forward_only": False})
    bench.sync()
    assert ("opportunity", [DONE]) == (bench.stage(), bench.told())
