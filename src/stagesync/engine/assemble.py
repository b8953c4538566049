"""Gathers what is known of people and accounts from the store, and remembers who told it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from stagesync.connector import Role
from stagesync.domain.facts import Activity, Deal, Facts
from stagesync.domain.mapping import Reading, read_record
from stagesync.domain.merge import Chosen, Told, merge_facts
from stagesync.domain.policy import CountsFor
from stagesync.engine.deployment import Deployment
from stagesync.store import people, plans, records
from stagesync.store.people import Placed
from stagesync.store.records import StoredActivity, StoredDeal, StoredRecord

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Assembled:
    """One person or account, ready to be evaluated.

    Attributes:
        facts: what the policy sees.
        chosen: full fact name (`person.country`) -> the value taken, and who told what.
        records: the live records it is made of.
        account: the person's account; None when it has none.
    """

    facts: Facts
    chosen: Mapping[str, Chosen]
    records: tuple[StoredRecord, ...]
    account: str | None = None


@dataclass(slots=True)
class _Sources:
    """What a batch of people or accounts shares, read once."""

    companies: dict[str, list[StoredRecord]] = field(default_factory=dict)
    deals: dict[int, dict[int, StoredDeal]] = field(default_factory=dict)
    contactless: dict[str, list[StoredDeal]] = field(default_factory=dict)
    ours: dict[int, dict[str, Any]] = field(default_factory=dict)
    told: dict[int, list[tuple[StoredActivity, str, str]]] = field(default_factory=dict)


def assemble_people(
    tx: Connection, deployment: Deployment, ids: Sequence[str], *, now_s: float
) -> dict[str, Assembled]:
    """The people of these ids that exist, with all their facts."""
    placed = people.placed(tx, "person", ids)
    own = _grouped(records.records_where(tx, "person", list(placed)), "person")
    pks = [each.pk for found in own.values() for each in found]
    sources = _sources(tx, deployment, {each.account for each in placed.values()})
    sources.deals |= records.deals_naming(tx, pks)
    sources.ours |= plans.baselines_of(tx, pks)
    windows = {
        name: None if days is None else days * DAY_S
        for name, days in deployment.compiled.windows.items()
    }
    sources.told |= records.activities_of(tx, pks, windows, now_s=now_s)
    return {who: _person(deployment, placed[who], own.get(who, []), sources) for who in placed}


def assemble_accounts(
    tx: Connection, deployment: Deployment, ids: Sequence[str]
) -> dict[str, Assembled]:
    """The accounts of these ids that exist, with their own facts and deals."""
    found = people.placed(tx, "account", ids)
    sources = _sources(tx, deployment, set(found))
    pks = [each.pk for company in sources.companies.values() for each in company]
    sources.deals |= records.deals_naming(tx, pks)
    assembled = {}
    for name in found:
        companies = sources.companies.get(name, [])
        chosen = merge_facts(
            _company_facts(deployment, companies, sources), prefer=deployment.prefer
        )
        deals = _deals(companies, sources, [])
        facts = Facts(id=name, account=_values(chosen, "account."), deals=deals)
        assembled[name] = Assembled(facts, chosen, tuple(companies), None)
    return assembled


def _sources(tx: Connection, deployment: Deployment, accounts: Iterable[str | None]) -> _Sources:
    wanted = sorted(filter(None, set(accounts)))
    companies = _grouped(records.records_where(tx, "account", wanted), "account")
    pks = [each.pk for found in companies.values() for each in found]
    sources = _Sources(companies=companies, ours=plans.baselines_of(tx, pks))
    sources.contactless = _contactless(tx, deployment, companies)
    return sources


def _contactless(
    tx: Connection, deployment: Deployment, companies: Mapping[str, Sequence[StoredRecord]]
) -> dict[str, list[StoredDeal]]:
    """Account -> its deals that name no person and count for all its people."""
    counting = {
        status
        for status, counts in deployment.policy.contactless_deals.items()
        if counts is CountsFor.ACCOUNT
    }
    pks = [each.pk for found in companies.values() for each in found]
    by_record = records.deals_naming(tx, pks) if counting else {}
    candidates = {
        deal.pk
        for found in by_record.values()
        for deal in found.values()
        if deal.status in counting
    }
    named = _deals_with_people(tx, deployment, candidates)
    return {
        account: [
            deal
            for each in found
            for deal in by_record.get(each.pk, {}).values()
            if deal.pk in candidates and deal.pk not in named
        ]
        for account, found in companies.items()
    }


def _deals_with_people(tx: Connection, deployment: Deployment, deals: set[int]) -> set[int]:
    """Those of the deals that name a person, themselves or through a joining record."""
    direct = records.links_from(tx, deals)
    joins = records.links_to(tx, deals)
    through = records.links_from(tx, {pk for found in joins.values() for pk in found})
    far = {pk for found in (*direct.values(), *through.values()) for pk in found}
    humans = {
        each.pk
        for each in records.records_where(tx, "pk", far)
        if deployment.role(each.connection, each.object) is Role.PERSON
    }
    named = {deal for deal, found in direct.items() if humans.intersection(found)}
    for deal, found in joins.items():
        if any(humans.intersection(through.get(join, ())) for join in found):
            named.add(deal)
    return named


def _grouped(found: Iterable[StoredRecord], column: str) -> dict[str, list[StoredRecord]]:
    groups: dict[str, list[StoredRecord]] = {}
    for each in found:
        if each.held and not each.gone:
            groups.setdefault(getattr(each, column), []).append(each)
    return groups


def _read(deployment: Deployment, each: StoredRecord, sources: _Sources) -> Reading | None:
    connected = deployment.connections.get(each.connection)
    if connected is None or each.object not in connected.roles:
        return None
    mapping = connected.object_mapping(each.object)
    return read_record(mapping, each.fields, sources.ours.get(each.pk, {}))


def _company_facts(
    deployment: Deployment, companies: Sequence[StoredRecord], sources: _Sources
) -> list[Told]:
    told = []
    for each in companies:
        reading = _read(deployment, each, sources)
        if reading is not None:
            facts = {f"account.{name}": value for name, value in reading.account.items()}
            facts |= {f"person.{name}": value for name, value in reading.people.items()}
            told.append(Told(each.connection, each.object, each.id, each.changed_at_s, facts))
    return told


def _person(
    deployment: Deployment, who: Placed, own: Sequence[StoredRecord], sources: _Sources
) -> Assembled:
    companies = sources.companies.get(who.account or "", [])
    company = merge_facts(_company_facts(deployment, companies, sources), prefer=deployment.prefer)
    personal = []
    for each in own:
        reading = _read(deployment, each, sources)
        if reading is not None:
            told = {f"person.{name}": value for name, value in reading.person.items()}
            told |= {f"account.{name}": value for name, value in reading.account.items()}
            personal.append(Told(each.connection, each.object, each.id, each.changed_at_s, told))
    mine = merge_facts(personal, prefer=deployment.prefer)
    chosen = mine | {name: one for name, one in company.items() if name not in mine}
    chosen |= {name: one for name, one in company.items() if name.startswith("account.")}
    facts = Facts(
        id=who.id,
        person=_values(chosen, "person."),
        account=_values(chosen, "account."),
        activities=tuple(
            Activity(
                type=each.type,
                at_s=each.at_s,
                id=f"{connection}/{source}/{each.type}/{each.at_s}",
                connection=connection,
                took_place=each.took_place,
            )
            for record in own
            for each, connection, source in sources.told.get(record.pk, ())
        ),
        deals=_deals(own, sources, sources.contactless.get(who.account or "", [])),
    )
    return Assembled(facts, chosen, tuple(own), who.account)


def _deals(
    own: Sequence[StoredRecord], sources: _Sources, also: Sequence[StoredDeal]
) -> tuple[Deal, ...]:
    found = {pk: deal for each in own for pk, deal in sources.deals.get(each.pk, {}).items()}
    found |= {deal.pk: deal for deal in also}
    return tuple(
        Deal(deal.status, deal.at_s, deal.amount, f"{deal.connection}/{deal.id}", deal.connection)
        for deal in found.values()
    )


def _values(chosen: Mapping[str, Chosen], prefix: str) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): one.value
        for name, one in chosen.items()
        if name.startswith(prefix)
    }
