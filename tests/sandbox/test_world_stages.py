"""What a world can show: people for every stage of the standard vocabulary, read off the records."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from stagesync.sandbox.seeds import HubSpotRecord
from stagesync.sandbox.world import World, make_world
from stagesync.sandbox.world.places import COUNTRIES
from stagesync.sandbox.world.spelling import without_accents
from stagesync.sandbox.world.trades import INDUSTRIES, SENIOR_TITLES

NOW = 1_793_000_000.25
DAY = 86_400
# Points and half-life in days of the requests that the records show.
WORTH = {"form": (30, 30), "meeting": (25, 30), "call": (30, 30), "reply": (25, 30), "webinar": (20, 45), "content": (15, 45)}  # fmt: skip
STAGES = (
    "former_client",
    "advocate",
    "loyal",
    "client",
    "opportunity",
    "accepted",
    "qualified",
    "lead",
    "engaged",
    "visitor",
    "target",
    "contact",
)
TARGET_TRADES = {
    value
    for trade in INDUSTRIES
    if trade.in_target
    for value in (*trade.hubspot, *trade.salesforce)
}
TARGET_COUNTRIES = {
    spelling for country in COUNTRIES if country.in_target for spelling in country.spellings
}
SENIOR = {title for titles in SENIOR_TITLES.values() for title in titles}


@dataclass
class Seen:
    """What the records of one human say, gathered without the generator's help."""

    requests: list[tuple[str, float]] = field(default_factory=list)
    gesture: bool = False
    passive: bool = False
    won: int = 0
    open: int = 0
    lost: int = 0
    converted: bool = False
    churned: bool = False
    advocate: bool = False
    excluded: bool = False
    disqualified: bool = False
    employees: int = 0
    trades: set[object] = field(default_factory=set)
    countries: set[object] = field(default_factory=set)
    titles: set[object] = field(default_factory=set)


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def ask(seen: Seen, kind: str, at: float) -> None:
    if at <= NOW:
        seen.requests.append((kind, (NOW - at) / DAY))


def read_contact(seen: Seen, record: HubSpotRecord) -> None:
    own = record.properties
    for name, kind in (("recent_conversion_date", "form"), ("hs_email_last_reply_date", "reply")):
        if name in own:
            ask(seen, kind, seconds(own[name]))
    seen.gesture |= "hs_email_last_click_date" in own
    seen.passive |= own["hs_analytics_num_visits"] != "0" or "hs_email_open" in own
    seen.excluded |= own.get("relationship_type") in {"competitor", "student", "supplier"}
    seen.disqualified |= own.get("hs_lead_status") == "UNQUALIFIED"
    seen.titles.add(own.get("jobtitle"))
    seen.countries.add(own.get("country"))


def read_hubspot(world: World, seen: dict[str, Seen]) -> None:
    by_id = {r.id: r for records in world.hubspot.objects.values() for r in records}
    for record in world.hubspot.objects["contacts"]:
        read_contact(seen[record.id], record)
    for kind, record_id, to_kind, to_id in world.hubspot.associations:
        own = by_id[record_id].properties
        if kind == "meetings" and own["hs_meeting_outcome"] == "COMPLETED":
            ask(seen[to_id], "meeting", seconds(own["hs_timestamp"]))
        elif kind == "calls" and own["hs_call_direction"] == "INBOUND":
            ask(seen[to_id], "call", seconds(own["hs_timestamp"]))
        elif kind == "deals" and to_kind == "contacts":
            seen[to_id].open += own["hs_is_closed"] == "false"
            seen[to_id].won += own["hs_is_closed_won"] == "true"
            seen[to_id].lost += own["dealstage"] == "closedlost"
        elif kind == "contacts" and to_kind == "companies":
            firm = by_id[to_id].properties
            seen[record_id].churned |= firm.get("churned") == "true"
            seen[record_id].employees = int(firm.get("numberofemployees", 0))
            seen[record_id].trades.add(firm.get("industry"))


def read_people(world: World, seen: dict[str, Seen]) -> None:
    accounts = {row["Id"]: row for row in world.salesforce.rows["Account"]}
    for name in ("Lead", "Contact"):
        for row in world.salesforce.rows[name]:
            firm = accounts.get(row.get("AccountId"), row)
            own = seen[str(row["Id"])]
            own.converted |= bool(row.get("IsConverted"))
            own.disqualified |= row.get("Status") == "Closed - Not Converted"
            own.excluded |= row["Relationship__c"] in {"competitor", "student", "supplier"}
            own.churned |= bool(firm.get("Churned__c"))
            own.employees = int(str(firm.get("NumberOfEmployees") or 0))
            own.trades.add(firm.get("Industry"))
            own.titles.add(row["Title"])
            own.countries.add(row.get("Country") or row.get("MailingCountry"))


def read_salesforce(world: World, seen: dict[str, Seen]) -> None:
    read_people(world, seen)
    deals = {row["Id"]: row for row in world.salesforce.rows["Opportunity"]}
    for row in world.salesforce.rows["OpportunityContactRole"]:
        deal, own = deals[row["OpportunityId"]], seen[str(row["ContactId"])]
        own.open += not deal["IsClosed"]
        own.won += bool(deal["IsWon"])
        own.lost += bool(deal["IsClosed"] and not deal["IsWon"])
    for row in world.salesforce.rows["Event"]:
        ask(seen[str(row["WhoId"])], "meeting", row["StartDateTime"])
    for row in world.salesforce.rows["Task"]:
        if row["CallType"] == "Inbound":
            ask(seen[str(row["WhoId"])], "call", row["CompletedDateTime"])
    kinds = {row["Id"]: row["Type"] for row in world.salesforce.rows["Campaign"]}
    for row in world.salesforce.rows["CampaignMember"]:
        kind, own = kinds[row["CampaignId"]], seen[str(row["LeadOrContactId"])]
        if row["HasResponded"]:
            own.advocate |= kind == "Referral Program"
            own.gesture |= kind in {"Trade Show", "Conference"}
            if kind in {"Webinar", "Content"}:
                ask(own, str(kind).lower(), seconds(f"{row['FirstRespondedDate']}T00:00:00Z"))


def together(parts: list[Seen]) -> Seen:
    """One human out of what each of their records says."""
    one = Seen()
    for part in parts:
        one.requests += part.requests
        for name in ("gesture", "passive", "converted", "churned", "advocate", "excluded", "disqualified"):  # fmt: skip
            setattr(one, name, getattr(one, name) or getattr(part, name))
        for name in ("won", "open", "lost"):
            setattr(one, name, getattr(one, name) + getattr(part, name))
        for name in ("trades", "countries", "titles"):
            getattr(one, name).update(getattr(part, name))
        one.employees = max(one.employees, part.employees)
    return one


def fits(seen: Seen) -> bool:
    points = 30 * (50 <= seen.employees <= 5000) + 25 * bool(seen.trades & TARGET_TRADES)
    points += 25 * bool(seen.titles & SENIOR) + 20 * bool(seen.countries & TARGET_COUNTRIES)
    return points >= 60 and not seen.excluded


def interest(seen: Seen) -> float:
    return sum(WORTH[kind][0] * 0.5 ** (age / WORTH[kind][1]) for kind, age in seen.requests)


def stage(seen: Seen) -> str:
    """About the stage of the standard vocabulary: good enough to count who is where."""
    if seen.won:
        bought = "advocate" if seen.advocate else "loyal" if seen.won > 1 else "client"
        return "former_client" if seen.churned else bought
    if seen.open or seen.converted:
        return "opportunity" if seen.open else "accepted"
    if seen.requests:
        ready = fits(seen) and interest(seen) >= 60 and not seen.disqualified
        return "qualified" if ready else "lead"
    if seen.gesture or seen.passive:
        return "engaged" if seen.gesture else "visitor"
    return "target" if fits(seen) else "contact"


def stages_of(world: World) -> dict[str, tuple[str, Seen]]:
    seen: dict[str, Seen] = defaultdict(Seen)
    read_hubspot(world, seen)
    read_salesforce(world, seen)
    people = {
        human.key: together([seen[r] for r in (*human.hubspot_contacts, *human.salesforce_records)])
        for human in world.humans
    }
    return {key: (stage(person), person) for key, person in people.items()}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_every_stage_has_people(seed: int) -> None:
    """In a world of 500 at least four people stand at each stage of the standard vocabulary."""
    counted = Counter(
        at for at, _ in stages_of(make_world(contacts=500, seed=seed, now=NOW)).values()
    )
    assert set(STAGES) == set(counted)
    assert min(counted.values()) >= 4, counted


def test_every_disposition_has_people() -> None:
    """Some people are lost, disqualified or excluded, and some gave no sign at all."""
    people = [person for _, person in stages_of(make_world(contacts=500, seed=1, now=NOW)).values()]
    assert sum(person.lost > 0 and not person.won + person.open for person in people) >= 10
    assert sum(person.disqualified for person in people) >= 10
    assert sum(person.excluded for person in people) >= 15
    assert sum(not (p.requests or p.gesture or p.passive or p.won or p.open) for p in people) >= 20


def test_crms_disagree_from_the_start() -> None:
    """People of one and the same stage bear many different values in either CRM."""
    world = make_world(contacts=500, seed=1, now=NOW)
    placed = stages_of(world)
    own = {record.id: record for record in world.hubspot.objects["contacts"]}
    leads = {str(row["Id"]): row for row in world.salesforce.rows["Lead"]}
    lifecycles, statuses = defaultdict(set), defaultdict(set)
    for human in world.humans:
        at = placed[human.key][0]
        lifecycles[at].update(
            own[r].properties.get("lifecyclestage") for r in human.hubspot_contacts
        )
        statuses[at].update(leads[r]["Status"] for r in human.salesforce_records if r in leads)
    assert {"customer", "lead"} <= lifecycles["client"]
    assert {"subscriber", "lead", "marketingqualifiedlead"} <= lifecycles["lead"]
    assert {"lead", "opportunity"} <= lifecycles["opportunity"]
    assert {"Open - Not Contacted", "Working - Contacted"} <= statuses["lead"]
    assert {"Open - Not Contacted", "Working - Contacted"} <= statuses["contact"]


def test_accents_are_dropped_and_nothing_else() -> None:
    """A name without accents keeps every letter."""
    assert without_accents("François-Xavier O'Neill") == "Francois-Xavier O'Neill"
