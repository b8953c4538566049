"""Where people must stand by what the CRMs hold now, worked out by the slow oracle of the domain's tests.

Only what activities and deals say is compared: interest, need, loyalty, and sales as far as deals and talks
decide it. The rest depends on who set a flag, on points that faded, and on which CRM is preferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.domain import oracle

from stagesync.domain.facts import Activity, Deal, Facts
from stagesync.store import people, records

from .crms import PLURALS, Crms
from .journal import Place
from .world import World

HUBSPOT_STAGES = {"closedwon": "won", "closedlost": "lost"}
SALESFORCE_STAGES = {"Closed Won": "won", "Closed Lost": "lost"}

Forms = Mapping[Place, Iterable[str]]
"""Contact -> when it filled forms in, those included of records that it took over by merges."""


def wrong_positions(world: World, forms: Forms) -> dict[str, Any]:
    """Person -> how the store has them (left) and where they must stand (right); empty when all is well."""
    with world.deployment.store.begin() as tx:
        placed = people.placed(tx, "person", people.all_ids(tx, "person"))
        held = records.records_where(tx, "person", list(placed))
    nameless = _won_by_nobody(world.crms)
    found = {}
    for who, each in placed.items():
        own = [(r.connection, r.object, r.id) for r in held if r.person == who and not r.gone]
        facts = Facts(
            id=who,
            activities=tuple(_activities(world.crms, own, forms)),
            deals=tuple(_deals(world.crms, own)),
        )
        # A moment later than the run, so that what the run saw counts.
        due = oracle.position(facts, world.crms.now_s + 1)
        has = each.position or {}
        axes = [axis for axis in ("interest", "need", "loyalty") if has.get(axis) != due[axis]]
        if not _sales_fit(has.get("sales", ""), due["sales"]):
            axes.append("sales")
        if nameless:
            # A won deal that names nobody counts for everybody of its account.
            axes = [axis for axis in axes if axis not in ("sales", "loyalty")]
        if axes:
            found[who] = {axis: (has.get(axis), due[axis]) for axis in axes}
    return found


def _sales_fit(has: str, due: str) -> bool:
    """Whoever sales accepted is above mere contact; deals say more than that."""
    if {has, due} & {"won", "opportunity"}:
        return has == due
    return has in {due, "accepted"}


def _activities(crms: Crms, own: Iterable[Place], forms: Forms) -> Iterable[Activity]:
    for place in own:
        connection, name, record_id = place
        if connection == "salesforce":
            for _, row in _rows(crms, "event"):
                if row.get("WhoId") == record_id:
                    yield Activity("meeting", row["StartDateTime"], connection=connection)
            continue
        for at in forms.get(place, ()):
            yield Activity("contact_form", _instant(at), connection=connection)
        for kind, type_ in (("meeting", "meeting"), ("call", "inbound_call")):
            for key in crms.links(record_id, name, kind):
                found = crms.hubspot.portal.stores[PLURALS[kind]].find(int(key))
                if found is not None:
                    at = _instant(found.values["hs_timestamp"])
                    yield Activity(type_, at, connection=connection)


def _deals(crms: Crms, own: Iterable[Place]) -> Iterable[Deal]:
    """All of them are in the past."""
    opportunities = dict(_rows(crms, "opportunity"))
    for connection, name, record_id in own:
        if connection == "hubspot":
            for key in crms.links(record_id, name, "deal"):
                found = crms.hubspot.portal.stores["deals"].find(int(key))
                if found is not None:
                    stage = HUBSPOT_STAGES.get(found.values["dealstage"], "open")
                    yield Deal(stage, None, id=f"hubspot/{key}")
        for _, role in _rows(crms, "opportunity_contact_role"):
            deal = opportunities.get(role["OpportunityId"])
            if role["ContactId"] == record_id and deal is not None:
                stage = SALESFORCE_STAGES.get(deal["StageName"], "open")
                yield Deal(stage, None, id=f"salesforce/{role['OpportunityId']}")


def _won_by_nobody(crms: Crms) -> bool:
    named = {role["OpportunityId"] for _, role in _rows(crms, "opportunity_contact_role")}
    return any(
        row["StageName"] == "Closed Won" and key not in named
        for key, row in _rows(crms, "opportunity")
    )


def _rows(crms: Crms, name: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    found = crms.everything([("salesforce", name)])
    return [(place[2], values) for place, values in found.items()]


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()
