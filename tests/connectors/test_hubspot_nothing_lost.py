"""A hard week: what the engine's store holds equals what the account holds, field by field."""

import random
import time
from contextlib import closing
from pathlib import Path

import pytest

from sandbox_clock import SandboxClock
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.progress import Quiet
from stagesync.engine.pull import pull_all
from stagesync.engine.standing import give_memory
from stagesync.loading.definitions import load_definitions, shipped_mappings
from stagesync.loading.mapping import load_mapping
from stagesync.store import alerts, connections, open_store, records

from .hubspot_account import MONTH_S, account, rows

DEFINITIONS = load_definitions(shipped_mappings())
FIELDS = ("email", "firstname", "lifecyclestage", "hs_lead_status", "jobtitle")
CLIMATE = {"429": 0.02, "502": 0.01, "503": 0.01, "500_html": 0.005, "cut_after": 0.005}


class SkewedClock(SandboxClock):
    """A clock of ours that differs from HubSpot's."""

    def __init__(self, simulated, skew_s):
        super().__init__(simulated)
        self._skew_s = skew_s

    def now_s(self):
        return super().now_s() + self._skew_s


class Keeping:
    """The engine's pull, with a store of its own, and people who work meanwhile."""

    def __init__(self, crm, store, *, between):
        self.crm, self.store = crm, store
        connector = crm.connect_app()
        give_memory(connector, store)
        mapping = load_mapping(
            Path(__file__).with_name("hubspot_contacts.yaml"),
            vocabularies=DEFINITIONS.vocabularies,
            policy=DEFINITIONS.policy,
        )
        self.deployment = Deployment(
            store=store,
            policy=DEFINITIONS.policy,
            vocabularies=DEFINITIONS.vocabularies,
            connections={"crm": Connected("crm", connector, mapping)},
            clock=crm.clock,
        )
        self.progress = Interrupted(between)
        with store.begin() as tx:
            connections.meet_connection(tx, "crm", "observe")

    def pull(self, *, undisturbed=False):
        """One pull, however often it breaks."""
        progress = Quiet() if undisturbed else self.progress
        while True:
            now_s = self.deployment.clock.now_s()
            trouble = pull_all(self.deployment, now_s=now_s, progress=progress)["crm"].trouble
            if trouble is None:
                return
            self.crm.clock.sleep(trouble.retry_after_s or 1.0)

    def held(self):
        """The live records of the store."""
        with self.store.begin() as tx:
            found = list(records.all_records(tx, [("crm", "contact")]))
        return {
            one.id: {name: one.fields.get(name) or None for name in FIELDS}
            for one in found
            if not one.gone
        }

    def alerts(self):
        with self.store.begin() as tx:
            return [each.key for each in alerts.standing(tx, "crm")]


class Interrupted(Quiet):
    """Lets somebody edit between two pages."""

    def __init__(self, between):
        self.between = between

    def advance(self, count):
        self.between()


class People:
    """Everybody who works in the account, at random but the same each time."""

    def __init__(self, crm):
        self.crm = crm
        self.random = random.Random(11)
        self.archived = []

    def some(self, count):
        return self.random.sample(sorted(self.crm.stored("contacts")), count)

    def work(self):
        self.crm.edit("contact", self.some(40), hs_lead_status=self.random.choice(["NEW", "OPEN"]))
        for one in self.some(5):
            self.crm.control("delete", object="contact", id=one)
            self.archived.append(one)
        if len(self.archived) > 12:
            self.crm.control("restore", object="contact", id=self.archived.pop(0))
        one, two = self.some(2)
        self.crm.control("merge", object="contact", primary_id=one, merged_id=two)
        new = [{"email": f"new{self.random.random()}@x.example"} for _ in range(20)]
        self.crm.control("import", object="contact", rows=[{"properties": each} for each in new])

    def edit_one(self):
        self.crm.edit("contact", self.some(1), jobtitle=self.random.choice(["CEO", "CFO", "CTO"]))


@pytest.mark.parametrize(
    ("count", "skew_s"),
    [
        (2_500, 3600.0),
        pytest.param(25_000, -3600.0, marks=pytest.mark.slow),
        pytest.param(25_000, 3600.0, marks=pytest.mark.slow),
    ],
)
def test_nothing_is_lost_in_a_hard_week(count, skew_s, tmp_path):
    """All records on one millisecond, an index 300 s late, clocks an hour apart, one request in
    twenty failing, tokens that expire, mass changes, archiving, restoring, merging and edits during
    pulls: after a full pull and ten incremental ones the engine's store holds what the account
    holds, field by field, and no count ever had to call for pulling it anew."""
    at = time.time() - MONTH_S
    seed = rows(count, at=at, email="p{n}@x.example", firstname="P{n}", lifecyclestage="lead")
    store = open_store(f"sqlite:///{tmp_path / 'stagesync.db'}")
    with account(contacts=seed) as crm, closing(store):
        crm.clock = SkewedClock(crm.sim.clock, skew_s)
        late = {"index_lag_create_s": 300.0, "index_lag_update_s": 300.0, "search_disorder_s": 60.0}
        crm.sim.switches.update({**late, "rotate_refresh_token": True})
        people = People(crm)
        kept = Keeping(crm, store, between=people.edit_one)
        crm.sim.faults._climate = CLIMATE
        kept.pull()
        alerted = kept.alerts()
        for turn in range(9):
            people.work()
            if turn in (2, 6):
                ids = "all" if turn == 2 else people.some(count * 44 // 100)
                title = {"jobtitle": f"Turn {turn}"}
                crm.control("import", object="contact", ids=ids, properties=title)
            crm.clock.sleep(people.random.choice([60.0, 240.0, 1700.0, 7300.0]))
            crm.sim.faults.add("expired_token", 1)
            kept.pull()
            alerted += kept.alerts()
        crm.clock.sleep(7 * 3600.0)
        kept.pull(undisturbed=True)
        held = {
            key: {name: one.get(name) or None for name in FIELDS}
            for key, one in crm.stored("contacts").items()
        }
        searched = sum(1 for name, _ in crm.paths() if name == "search")
        renewed = sum(1 for name, _ in crm.paths() if name == "token")
        assert (held, [], True, True) == (kept.held(), alerted, searched > 20, renewed > 9)
