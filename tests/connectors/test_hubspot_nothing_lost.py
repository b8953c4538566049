"""A hard week: what was collected equals what the account holds, field by field."""

import random
import time

import pytest

from sandbox_clock import SandboxClock
from stagesync.connector import CrmError, Pull

from .hubspot_account import MONTH_S, account, rows

FIELDS = ("email", "firstname", "lifecyclestage", "hs_lead_status", "city")
CLIMATE = {"429": 0.02, "502": 0.01, "503": 0.01, "500_html": 0.005, "cut_after": 0.005}


class SkewedClock(SandboxClock):
    """A clock of ours that differs from HubSpot's."""

    def __init__(self, simulated, skew_s):
        super().__init__(simulated)
        self._skew_s = skew_s

    def now_s(self):
        return super().now_s() + self._skew_s


class Collector:
    """Keeps what a connector tells, as a store would: the cursor and the records of each page."""

    def __init__(self, crm, connector):
        self.crm = crm
        self.connector = connector
        self.cursor = None
        self.held = {}
        self.failures = 0

    def pull(self, *, between=lambda: None):
        """One pull, however often it breaks."""
        while True:
            try:
                for page in self.connector.pull([Pull("contact", FIELDS, self.cursor)]):
                    self.keep(page)
                    between()
            except CrmError as error:
                self.failures += 1
                self.crm.clock.sleep(error.retry_after_s or 1.0)
            else:
                return

    def keep(self, page):
        self.cursor = page.cursor
        for one in page.records:
            if one.gone:
                self.held.pop(one.id, None)
            else:
                self.held[one.id] = {name: one.fields.get(name) for name in FIELDS}


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
        self.crm.edit("contact", self.some(1), city=self.random.choice(["Paris", "Lyon", "Lille"]))


@pytest.mark.parametrize(
    ("count", "skew_s"),
    [
        (2_500, 3600.0),
        pytest.param(25_000, -3600.0, marks=pytest.mark.slow),
        pytest.param(25_000, 3600.0, marks=pytest.mark.slow),
    ],
)
def test_nothing_is_lost_in_a_hard_week(count, skew_s):
    """All records on one millisecond, an index 300 s late, clocks an hour apart, one request in
    twenty failing, tokens that expire, mass changes, archiving, restoring, merging and edits during
    pulls: after a full pull and ten incremental ones everything is as the account holds it."""
    at = time.time() - MONTH_S
    seed = rows(count, at=at, email="p{n}@x.example", firstname="P{n}", lifecyclestage="lead")
    with account(contacts=seed) as crm:
        crm.clock = SkewedClock(crm.sim.clock, skew_s)
        late = {"index_lag_create_s": 300.0, "index_lag_update_s": 300.0, "search_disorder_s": 60.0}
        crm.sim.switches.update(late)
        collected, people = Collector(crm, crm.connect_app()), People(crm)
        crm.sim.faults._climate = CLIMATE
        collected.pull(between=people.edit_one)
        for turn in range(9):
            people.work()
            if turn in (2, 6):
                ids = "all" if turn == 2 else people.some(count * 44 // 100)
                city = {"city": f"Turn {turn}"}
                crm.control("import", object="contact", ids=ids, properties=city)
            crm.clock.sleep(people.random.choice([60.0, 240.0, 1700.0, 7300.0]))
            crm.sim.faults.add("expired_token", 1)
            collected.pull(between=people.edit_one)
        crm.clock.sleep(7 * 3600.0)
        collected.pull()
        held = {
            key: {name: one.get(name) or None for name in FIELDS}
            for key, one in crm.stored("contacts").items()
        }
        searched = sum(1 for name, _ in crm.paths() if name == "search")
        renewed = sum(1 for name, _ in crm.paths() if name == "token")
        assert (held, True, True) == (collected.held, searched > 20, renewed > 9)
