"""The state machine: what people, apps, time and bad luck do to two CRMs, and runs in between.

To add something that happens, write a `@rule` in which somebody acts on `self.crms`, and `touch` the records
concerned; `_one` picks a record by a number that Hypothesis draws. What must always hold is in `ledger.py`, what
may be written in `rules.py`, where people stand in `truth.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from stagesync.engine.run import Outcome
from stagesync.store import plans

from .crms import DAY_S, Doors, Place
from .ledger import Ledger
from .rules import OWN_STAGE
from .world import POLICIES, World

DOORS = Doors()
"""The servers of all worlds."""

numbers = st.integers(0, 11)
crms = st.sampled_from(["hubspot", "salesforce"])
actors = st.sampled_from(["human", "other_app"])
faults = st.sampled_from(
    [
        "429",
        "500_html",
        "502",
        "503",
        "cut_before",
        "cut_after",
        "timeout",
        "expired_token",
        "lock_row",
    ]
)
requests = st.sampled_from(["", "/search", "/batch/update", "/composite/sobjects", "/query"])
times = st.integers(1, 6)
waits_s = st.sampled_from([0.0, 1.0, 4.0, 61.0, 3_911.0, 0.9 * DAY_S, 9.1 * DAY_S, 47.3 * DAY_S])

MAPPED = {
    "hubspot": st.sampled_from(
        [
            ("jobtitle", "Marketing Director"),
            ("jobtitle", "Assistant"),
            ("country", "France"),
            ("country", "Japan"),
            ("country", ""),
            ("firstname", "Zoe"),
        ]
    ),
    "salesforce": st.sampled_from(
        [("Title", "VP Sales"), ("Title", "Trainee"), ("Title", ""), ("FirstName", "Zoe")]
    ),
}
FIRM = {
    "hubspot": st.sampled_from(
        [
            ("numberofemployees", "200"),
            ("numberofemployees", "20"),
            ("industry", "COMPUTER_SOFTWARE"),
        ]
    ),
    "salesforce": st.sampled_from(
        [("NumberOfEmployees", 300), ("NumberOfEmployees", 30), ("Industry", "Technology")]
    ),
}
STAGES = st.sampled_from(
    [
        ("hubspot", "contact", "lifecyclestage", "subscriber"),
        ("hubspot", "contact", "lifecyclestage", "salesqualifiedlead"),
        ("hubspot", "contact", "lifecyclestage", "customer"),
        ("hubspot", "contact", "lifecyclestage", "evangelist"),
        ("hubspot", "contact", "lifecyclestage", ""),
        ("hubspot", "contact", "hs_lead_status", "UNQUALIFIED"),
        ("hubspot", "contact", "hs_lead_status", "BAD_TIMING"),
        ("hubspot", "contact", "hs_lead_status", ""),
        ("salesforce", "lead", "Status", "Working - Contacted"),
        ("salesforce", "lead", "Status", "Closed - Not Converted"),
        ("salesforce", "lead", "Status", "Open - Not Contacted"),
        ("salesforce", "account", "Type", "Channel Partner / Reseller"),
        ("salesforce", "account", "Type", "Prospect"),
        ("salesforce", "account", "Type", ""),
    ]
)
OWN = st.sampled_from(["client", "lead", "target", ""])


ACTS: set[str] = set()
"""Rules of people and apps, by name."""

HAPPENED: set[str] = set()
"""Those of them that a CRM did not refuse, in any world so far."""


def may_fail(act: Callable[..., None]) -> Callable[..., None]:
    """The CRM may say no to what its users try; then nothing happened."""
    ACTS.add(act.__name__)

    @wraps(act)
    def tried(self: TwoCrms, **given: Any) -> None:
        try:
            act(self, **given)
        except (ValueError, LookupError):
            return
        HAPPENED.add(act.__name__)

    return tried


class TwoCrms(RuleBasedStateMachine):
    """A world from its first day on."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="machine"))
        self.world: World | None = None

    @initialize(mode=st.sampled_from(["active", "active", "observe"]))
    def begin(self, mode: str) -> None:
        self.world = World(DOORS, self.folder, mode=mode)
        self.crms = self.world.crms
        self.ledger = Ledger(self.world)
        self.deleted: list[Place] = []
        self.runs_since_calm = 0
        self._run()

    def teardown(self) -> None:
        if self.world is not None:
            if not self.ledger.failed:
                self.calm()
            self.world.close()
        shutil.rmtree(self.folder)

    # People and other apps.

    @rule(crm=crms, number=numbers, actor=actors, data=st.data())
    @may_fail
    def edit_a_person(self, crm: str, number: int, actor: str, data: st.DataObject) -> None:
        name, value = data.draw(MAPPED[crm])
        kinds = ("contact",) if crm == "hubspot" else ("contact", "lead")
        self._edit(self._one(crm, *kinds, number=number), name, value, actor)

    @rule(crm=crms, number=numbers, actor=actors, data=st.data())
    @may_fail
    def edit_a_firm(self, crm: str, number: int, actor: str, data: st.DataObject) -> None:
        name, value = data.draw(FIRM[crm])
        kind = "company" if crm == "hubspot" else "account"
        self._edit(self._one(crm, kind, number=number), name, value, actor)

    @rule(stage=STAGES, number=numbers, actor=actors)
    @may_fail
    def edit_a_stage(self, stage: tuple[str, str, str, str], number: int, actor: str) -> None:
        crm, kind, name, value = stage
        self._edit(self._one(crm, kind, number=number), name, value, actor)

    @rule(kind=st.sampled_from(sorted(OWN_STAGE)), number=numbers, value=OWN, actor=actors)
    @may_fail
    def edit_our_stage(self, kind: tuple[str, str], number: int, value: str, actor: str) -> None:
        self._edit(self._one(*kind, number=number), OWN_STAGE[kind], value, actor)

    @rule(crm=crms, numbers=st.sets(numbers, min_size=2, max_size=4), data=st.data())
    @may_fail
    def import_people(self, crm: str, numbers: set[int], data: st.DataObject) -> None:
        name, value = data.draw(MAPPED[crm])
        places = {self._one(crm, "contact", number=each) for each in numbers}
        rows = {key: {name: value} for _, _, key in sorted(places)}
        self.crms.import_rows(crm, "contact", rows)
        self.ledger.touch(*places)

    @rule(crm=crms, number=numbers)
    @may_fail
    def add_a_person(self, crm: str, number: int) -> None:
        """Sometimes somebody whom the other CRM knows already."""
        email = f"p{number}@{('alder', 'birch', 'cedar')[number % 3]}.example"
        if crm == "hubspot":
            made = self.crms.create(crm, "contact", {"email": email, "firstname": f"N{number}"})
        else:
            values = {"Email": email, "FirstName": f"N{number}", "LastName": "North"}
            made = self.crms.create(
                crm, "lead", {**values, "Company": "Dogwood", "Status": "Open - Not Contacted"}
            )
        self.ledger.touch(made)

    @rule(crm=crms, number=numbers, kind=st.sampled_from(["meeting", "call"]))
    @may_fail
    def meet(self, crm: str, number: int, kind: str) -> None:
        at_s = self.crms.now_s - 3_600.0
        at = datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        if crm == "salesforce":
            who = self._one(crm, "contact", "lead", number=number)
            row = {"Subject": "Talk", "WhoId": who[2], "StartDateTime": at, "DurationInMinutes": 30}
            self.ledger.touch(self.crms.create(crm, "event", row))
            return
        who = self._one(crm, "contact", number=number)
        told = {"hs_timestamp": at, "hs_meeting_start_time": at}
        if kind == "call":
            told = {
                "hs_timestamp": at,
                "hs_call_direction": "INBOUND",
                "hs_call_status": "COMPLETED",
            }
        self.crms.happen(kind, told, contact=who[2])

    @rule(number=numbers)
    @may_fail
    def fill_a_form(self, number: int) -> None:
        who = self._one("hubspot", "contact", number=number)
        self.crms.submit_form(who)
        self.ledger.touch(who)

    @rule(
        number=numbers, stage=st.sampled_from(["appointmentscheduled", "closedwon", "closedlost"])
    )
    @may_fail
    def deal_in_hubspot(self, number: int, stage: str) -> None:
        who = self._one("hubspot", "contact", number=number)
        closed = datetime.fromtimestamp(self.crms.now_s - DAY_S, UTC).isoformat()
        told = {"dealname": "Deal", "dealstage": stage, "pipeline": "default", "closedate": closed}
        self.crms.happen("deal", told, contact=who[2])

    @rule(number=numbers, stage=st.sampled_from(["Qualification", "Closed Won", "Closed Lost"]))
    @may_fail
    def deal_in_salesforce(self, number: int, stage: str) -> None:
        who = self._one("salesforce", "contact", number=number)
        day = datetime.fromtimestamp(self.crms.now_s - DAY_S, UTC).strftime("%Y-%m-%d")
        firm = self._held(who).get("AccountId")
        told = {"Name": "Deal", "StageName": stage, "CloseDate": day, "AccountId": firm}
        deal = self.crms.create("salesforce", "opportunity", told)
        self.crms.create(
            "salesforce",
            "opportunity_contact_role",
            {"OpportunityId": deal[2], "ContactId": who[2]},
        )

    @rule(crm=crms, number=numbers, into=numbers)
    @may_fail
    def merge(self, crm: str, number: int, into: int) -> None:
        loser = self._one(crm, "contact", number=number)
        winner = self._one(crm, "contact", number=into)
        self.ledger.became(self.crms.merge(winner, loser), winner, loser)

    @rule(number=numbers)
    @may_fail
    def convert(self, number: int) -> None:
        lead = self._one("salesforce", "lead", number=number)
        self.ledger.touch(lead, self.crms.convert(lead[2]))

    @rule(crm=crms, number=numbers)
    @may_fail
    def delete(self, crm: str, number: int) -> None:
        place = self._one(crm, "contact", number=number)
        self.crms.delete(place)
        self.deleted.append(place)
        self.ledger.touch(place)

    @precondition(lambda self: self.world is not None and self.deleted)
    @rule(number=numbers)
    @may_fail
    def restore(self, number: int) -> None:
        place = self.deleted.pop(number % len(self.deleted))
        self.crms.restore(place)
        self.ledger.touch(place)

    # Whoever operates stagesync, and fate.

    @rule(policy=st.sampled_from(sorted(POLICIES)))
    def change_the_policy(self, policy: str) -> None:
        self.world.adopt(policy)

    @rule(seconds=waits_s)
    def wait(self, seconds: float) -> None:
        if seconds > 10 * DAY_S:
            # Salesforce forgets what was deleted when its bin is emptied, after 15 days.
            self.calm()
        self.crms.advance(seconds)

    @rule(crm=crms, kind=faults, match=requests, times=times)
    def arm_a_fault(self, crm: str, kind: str, match: str, times: int) -> None:
        self.crms.arm(crm, kind, times=times, match=match)

    @rule(
        name=st.sampled_from(["account", "contact", "lead"]),
        stage=st.sampled_from(["contact", "lead", "opportunity", "client"]),
    )
    def forbid_a_stage(self, name: str, stage: str) -> None:
        self.crms.forbid(name, OWN_STAGE["salesforce", name], stage)

    @rule()
    def run(self) -> None:
        self._run()

    @rule()
    def plan(self) -> None:
        """A plan alone writes nothing."""
        before = self.ledger.look()
        self.ledger.see(before)
        self.world.run(write=False)
        assert before == self.ledger.look(), "a plan changed a CRM"

    @rule(crm=crms, left=st.integers(1, 9), after=st.booleans())
    def crash(self, crm: str, left: int, *, after: bool) -> None:
        """The process ends in the middle of a run, and another one begins."""
        fuse = self.world.fuses[crm]
        fuse.left, fuse.after = left, after
        self._run()
        self.world.reopen()

    @rule(approve=st.booleans())
    def decide(self, approve: bool) -> None:
        """Ann decides about whatever is held."""
        self._decide(approve=approve)

    def _decide(self, *, approve: bool) -> None:
        with self.world.deployment.store.begin() as tx:
            held = [each.id for each in plans.plans_in(tx, "held")]
        for each in held:
            self.world.decide(each, approve=approve)

    @precondition(lambda self: self.world is not None and self.runs_since_calm > 2)
    @rule()
    def calm(self) -> None:
        """Faults are over. Two runs bring everything to rest; the next finds nothing to do."""
        self.crms.calm()
        self.crms.advance(60)
        for _ in range(2):
            # Beyond the longest round in which a vendor tells what its feeds do not.
            self.crms.advance(7 * 3_600.0)
            self._settling_run()
        self.crms.advance(60)
        outcome = self._settling_run()
        assert not outcome.plan.go, f"a settled world plans {outcome.summary()}"
        assert not outcome.summary()["held"]
        for crm in ("hubspot", "salesforce"):
            sent = [each for each in self.crms.log(crm) if each["path"].endswith("/batch/update")]
            assert not sent, "a settled world writes"
        self.ledger.settled()
        self.runs_since_calm = 0

    def _settling_run(self) -> Outcome:
        outcome = self._run()
        assert outcome is not None
        assert not outcome.troubles, f"trouble in calm weather: {outcome.troubles}"
        if outcome.plan.held:
            self._decide(approve=True)
            outcome = self._run()
            assert outcome is not None
        return outcome

    def _run(self) -> Outcome | None:
        self.runs_since_calm += 1
        return self.ledger.run()

    # Help for rules.

    def _one(self, crm: str, *kinds: str, number: int) -> Place:
        """One live record of these kinds."""
        live = sorted(self.crms.everything([(crm, kind) for kind in kinds]))
        if not live:
            raise LookupError("nobody is left")
        return live[number % len(live)]

    def _held(self, place: Place) -> dict[str, Any]:
        return self.crms.everything([place[:2]])[place]

    def _edit(self, place: Place, name: str, value: Any, actor: str) -> None:
        self.crms.edit(place, {name: value}, actor=actor)
        self.ledger.touch(place)
