"""After one pass both CRMs hold the same stage for everybody; read back through the vendors' own endpoints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

import pytest

from stagesync.store import differences, people, records
from stagesync.store.differences import StoredDifference
from stagesync.store.people import Placed
from stagesync.store.records import StoredRecord

from .conftest import World, open_world
from .deployments import set_up

pytestmark = pytest.mark.xdist_group("agreement")
"""One worker makes the world that these tests share."""

REASONS = {"not forward", "converted", "held", "refused", "unmapped", "not in may_replace"}
OWN = ("stagesync_", "Lifecycle_")
"""How the names of our own fields begin."""
STAMPS = {
    "contacts": "lastmodifieddate",
    "companies": "hs_lastmodifieddate",
    "deals": "hs_lastmodifieddate",
    "meetings": "hs_lastmodifieddate",
    "calls": "hs_lastmodifieddate",
}
OVERLAP_S = 300.0
"""How far HubSpot's pulls go back; the default of the connection."""

# Definitions, section 9, written out once more. None: leave it as it is.
LIFECYCLE = {
    "advocate": "evangelist",
    "loyal": "customer",
    "client": "customer",
    "former_client": "customer",
    "opportunity": "opportunity",
    "accepted": "salesqualifiedlead",
    "qualified": "marketingqualifiedlead",
    "lead": "lead",
}
ACCOUNT_TYPE = {
    **dict.fromkeys(("advocate", "loyal", "client"), "Customer - Direct"),
    **dict.fromkeys(
        ("target", "visitor", "engaged", "lead", "qualified", "accepted", "opportunity"), "Prospect"
    ),
}


def lead_status_of_hubspot(position: Mapping[str, str]) -> str | None:
    if position["disposition"] in {"disqualified", "nurture"}:
        return {"disqualified": "UNQUALIFIED", "nurture": "BAD_TIMING"}[position["disposition"]]
    return "OPEN_DEAL" if position["sales"] == "opportunity" else None


def lead_status_of_salesforce(position: Mapping[str, str]) -> str | None:
    """In the classic value set, which has no word for nurturing."""
    if position["disposition"] in {"disqualified", "nurture"}:
        return {"disqualified": "Closed - Not Converted", "nurture": None}[position["disposition"]]
    if position["sales"] != "none":
        sales = {"contacted": "Working - Contacted", "accepted": "Working - Contacted"}
        return sales.get(position["sales"])
    if position["interest"] != "none" or position["fit"] == "inside":
        return "Open - Not Contacted"
    return None


@dataclass(frozen=True, slots=True)
class Synced:
    """A world after its first pass.

    Attributes:
        began_s: the simulators' time when that pass began.
        summary: what `sync --json` said of it.
    """

    world: World
    began_s: float
    summary: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What the store holds."""

    records: list[StoredRecord]
    placed: Mapping[str, Placed]
    differences: Mapping[int, list[StoredDifference]]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synced]:
    with ExitStack() as closing:
        world = open_world(tmp_path_factory.mktemp("agreement"), closing, contacts=200)
        set_up(world.place)
        began_s = world.vendors.now_s("hubspot")
        ran = world.place.run("sync", "--json")
        assert ran.code == 0, ran.err
        world.vendors.settle()
        yield Synced(world, began_s, ran.json)


@pytest.fixture(scope="module")
def stages(synced: Synced) -> Mapping[tuple[str, str, str], tuple[str | None, str]]:
    """(CRM, object, id) -> our stage and the e-mail, as the vendors' endpoints give them."""
    ask = synced.world.vendors
    found: dict[tuple[str, str, str], tuple[str | None, str]] = {}
    for id_, one in ask.hubspot("contacts", ["email", "stagesync_stage"]).items():
        found["hubspot", "contact", id_] = (one["stagesync_stage"], one["email"] or "")
    for object_name, only in (("Contact", ""), ("Lead", " WHERE IsConverted = false")):
        rows = ask.salesforce(f"SELECT Id, Email, Lifecycle_Stage__c FROM {object_name}{only}")
        for id_, one in rows.items():
            place = ("salesforce", object_name.lower(), id_)
            found[place] = (one["Lifecycle_Stage__c"], one["Email"] or "")
    return found


@pytest.fixture(scope="module")
def known(synced: Synced) -> Known:
    objects = [
        ("hubspot", "contact"),
        ("hubspot", "company"),
        ("salesforce", "contact"),
        ("salesforce", "lead"),
        ("salesforce", "account"),
    ]
    with synced.world.place.open() as found, found.deployment.store.begin() as tx:
        held = list(records.all_records(tx, objects))
        placed = people.placed(tx, "person", people.all_ids(tx, "person"))
        placed |= people.placed(tx, "account", people.all_ids(tx, "account"))
        return Known(held, placed, differences.differences_of(tx, [each.pk for each in held]))


def test_the_first_pass_writes_to_both_crms(synced):
    """A first pass over a world that never saw stagesync writes values to each CRM, none refused."""
    assert min(synced.summary["written"].values()) > 0
    assert {"hubspot": 0, "salesforce": 0} == synced.summary["refused"]


def test_everybody_in_both_crms_has_one_stage(stages, known):
    """Whoever the store holds in both CRMs bears the stored stage on every record, in every CRM."""
    by_person: dict[str, dict[tuple[str, str, str], str | None]] = {}
    for each in known.records:
        place = (each.connection, each.object, each.id)
        if each.person and place in stages:
            by_person.setdefault(each.person, {})[place] = stages[place][0]
    shared = {who: told for who, told in by_person.items() if len({crm for crm, _, _ in told}) == 2}
    wrong = {
        who: told
        for who, told in shared.items()
        if set(told.values()) != {known.placed[who].stages["standard"]}
    }
    assert {} == wrong
    assert len(shared) > 80


def test_every_address_that_both_crms_hold_once_has_one_stage(stages):
    """An e-mail that stands once in each CRM bears the same stage there, whatever the store believes."""
    by_email: dict[str, list[tuple[str, str | None]]] = {}
    for (crm, _, _), (stage, email) in stages.items():
        if email.strip():
            by_email.setdefault(email.strip().lower(), []).append((crm, stage))
    once = {
        email: told
        for email, told in by_email.items()
        if sorted(crm for crm, _ in told) == ["hubspot", "salesforce"]
    }
    assert {} == {email: told for email, told in once.items() if told[0][1] != told[1][1]}
    assert not [email for email, told in once.items() if told[0][1] in {None, ""}]
    assert len(once) > 60


def test_every_record_that_can_be_written_bears_a_stage(stages):
    """No contact and no open lead is left without our stage."""
    assert [] == [place for place, (stage, _) in stages.items() if not stage]


def differing(ask: Any, known: Known) -> set[tuple[str, str, str, str]]:
    """(CRM, object, id, field) whose vendor value is not the one that section 9 wants."""
    fields = ["lifecyclestage", "hs_lead_status"]
    hubspot = ask.hubspot("contacts", fields)
    leads = ask.salesforce("SELECT Id, Status FROM Lead")
    accounts = ask.salesforce("SELECT Id, Type FROM Account")
    found = set()
    for each in known.records:
        subject = known.placed[each.person or each.account]
        standard = subject.stages["standard"]
        wanted: dict[str, tuple[str | None, str | None]] = {}
        if (each.connection, each.object) == ("hubspot", "contact"):
            held = hubspot[each.id]
            status = lead_status_of_hubspot(subject.position)
            wanted["lifecyclestage"] = (LIFECYCLE.get(standard), held["lifecyclestage"])
            wanted["hs_lead_status"] = (status, held["hs_lead_status"])
        elif each.object == "lead":
            status = lead_status_of_salesforce(subject.position)
            wanted["Status"] = (status, leads[each.id]["Status"])
        elif each.object == "account":
            wanted["Type"] = (ACCOUNT_TYPE.get(standard), accounts[each.id]["Type"])
        for field, (value, there) in wanted.items():
            if value is not None and value != there:
                found.add((each.connection, each.object, each.id, field))
    return found


def test_every_difference_on_vendor_fields_is_counted_under_its_reason(synced, known):
    """The vendor fields that differ from what section 9 wants are exactly those that are counted, each with a known reason; on our own fields only converted leads differ."""
    noted = {
        (each.connection, each.object, each.id, one.field): one.reason
        for each in known.records
        for one in known.differences.get(each.pk, ())
    }
    vendor = {place for place in noted if not place[3].startswith(OWN)}
    assert differing(synced.world.vendors, known) == vendor
    assert set(noted.values()) <= REASONS
    assert {"converted"} >= {noted[place] for place in noted.keys() - vendor}
    assert {"lead"} >= {place[1] for place in noted.keys() - vendor}
    counted = synced.world.place.run("status", "--json").json["differences"]
    by_reason = Counter((place[0], reason) for place, reason in noted.items())
    assert by_reason == {
        (crm, reason): count for crm, of in counted.items() for reason, count in of.items()
    }


def test_a_pass_twenty_minutes_later_writes_nothing_with_the_fewest_calls(synced):
    """Twenty minutes on, a pass writes 0 values, sends no write, and needs at most a tenth more calls than the least."""
    ask, place = synced.world.vendors, synced.world.place
    began_s = ask.now_s("hubspot")
    place.run("sync")  # looks once into the history of what was written
    ask.advance(1200)
    since_s = began_s - OVERLAP_S
    least = {"hubspot": 0, "salesforce": 2}
    for plural, stamp in STAMPS.items():
        held = ask.hubspot(plural, [stamp]).values()
        moved = sum(datetime.fromisoformat(one[stamp]).timestamp() >= since_s for one in held)
        least["hubspot"] += max(1, ceil(moved / 200))
    ask.forget_log()
    ran = place.run("sync", "--json")
    assert (0, {"hubspot": 0, "salesforce": 0}, 0) == (
        ran.code,
        ran.json["written"],
        ran.json["held"],
    )
    assert ([], []) == (ask.writes("hubspot"), ask.writes("salesforce"))
    for crm, calls in least.items():
        assert len(ask.log(crm)) <= calls * 1.1
        assert ran.json["calls"][crm] == len(ask.log(crm))
