"""What people and other apps do to the two CRMs; `machine.py` has those who operate stagesync, and fate.

To add something that happens, write a `@rule` in which somebody acts on `self.crms`, and `touch` the records
concerned, or say `edited`; `_one` picks a record by a number that Hypothesis draws.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from stagesync.engine.outcome import Outcome

from .crms import DAY_S, Crms
from .journal import Place
from .ledger import Ledger
from .rules import OWN_STAGE
from .world import World

numbers = st.integers(0, 11)
crms = st.sampled_from(["hubspot", "salesforce"])
actors = st.sampled_from(["human", "human", "other_app"])

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
    def tried(self: People, **given: Any) -> None:
        try:
            act(self, **given)
        except (ValueError, LookupError):
            return
        HAPPENED.add(act.__name__)

    return tried


class People(RuleBasedStateMachine):
    """Everybody who works with the CRMs and does not know of stagesync."""

    world: World | None
    crms: Crms
    ledger: Ledger
    deleted: list[Place]

    def _run(self) -> Outcome | None:
        raise AssertionError("what a run is, the machine says")

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

    @rule(
        kind=st.sampled_from(sorted(OWN_STAGE)),
        numbers=st.sets(numbers, min_size=2, max_size=4),
        value=OWN,
    )
    @may_fail
    def import_our_stage(self, kind: tuple[str, str], numbers: set[int], value: str) -> None:
        """A bulk import sets one stage for many."""
        places = {self._one(*kind, number=each) for each in numbers}
        name = OWN_STAGE[kind]
        self.crms.import_rows(*kind, {key: {name: value} for _, _, key in sorted(places)})
        for each in sorted(places):
            self.ledger.edited(each, name, value, actor="import")

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

    # Help for rules.

    def _one(self, crm: str, *kinds: str, number: int) -> Place:
        """One live record of these kinds."""
        live = sorted(self.crms.everything([(crm, kind) for kind in kinds]))
        if not live:
            raise LookupError("nobody is left")
        return live[number % len(live)]

    def _held(self, place: Place) -> dict[str, Any]:
        return self.crms.everything([place[:2]])[place]

    def _edit(
        self, place: Place, name: str, value: Any, actor: str, *, in_flight: bool = False
    ) -> None:
        self.crms.edit(place, {name: value}, actor=actor)
        self.ledger.edited(place, name, value, actor=actor, in_flight=in_flight)
