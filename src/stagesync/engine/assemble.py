"""Gathers what is known of people and accounts from the store, and remembers who told it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from stagesync.connector import Role
from stagesync.domain.facts import Activity, Deal, Facts
from stagesync.domain.mapping import Reading, read_record
from stagesync.domain.merge import SUPPRESSING, Chosen, Told, merge_facts
from stagesync.domain.policy import CountsFor
from stagesync.engine.deployment import Deployment
from stagesync.engine.since import dates_of_flags
from stagesync.store import baselines, links, people, records
from stagesync.store.activities import StoredActivity, activities_of
from stagesync.store.deals import StoredDeal, deals_naming
from stagesync.store.people import Placed
from stagesync.store.records import StoredRecord

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
    """What a batch of people or accounts shares, read once.

    Attributes:
        all_of: person -> their records, those included that were merged into a live one.
        merged: person -> those that were merged: of them only the wish not to be contacted counts.
    """

    companies: dict[str, list[StoredRecord]] = field(default_factory=dict)
    deals: dict[int, dict[int, StoredDeal]] = field(default_factory=dict)
    contactless: dict[str, list[StoredDeal]] = field(default_factory=dict)
    ours: dict[int, dict[str, Any]] = field(default_factory=dict)
    told: dict[int, list[tuple[StoredActivity, str, str]]] = field(default_factory=dict)
    since: dict[int, dict[str, float]] = field(default_factory=dict)
    all_of: dict[str, list[int]] = field(default_factory=dict)
    merged: dict[str, list[StoredRecord]] = field(default_factory=dict)


def assemble_people(
    tx: Connection,
    deployment: Deployment,
    ids: Sequence[str],
    *,
    now_s: float,
    with_history: bool = True,
) -> dict[str, Assembled]:
    """The people of these ids that exist, with all their facts.

    Args:
        with_history: also activities and deals.
    """
    placed = people.placed(tx, "person", ids)
    theirs = records.records_where(tx, "person", list(placed))
    own, pks = _grouped(theirs, "person"), [each.pk for each in theirs]
    sources = _sources(tx, deployment, {each.account for each in placed.values()})
    for each in theirs:
        sources.all_of.setdefault(str(each.person), []).append(each.pk)
        if each.gone and each.merged_into:
            sources.merged.setdefault(str(each.person), []).append(each)
    sources.ours |= baselines.baselines_of(tx, pks)
    sources.since |= records.since_of(tx, pks)
    if with_history:
        windows = {
            name: None if days is None else days * DAY_S
            for name, days in deployment.compiled.windows.items()
        }
        sources.deals |= deals_naming(tx, pks)
        from_s = min([now_s, *(_placed_at_s(each) for each in placed.values())])
        sources.told |= activities_of(tx, pks, windows, from_s=from_s)
    return {who: _person(deployment, placed[who], own.get(who, []), sources) for who in placed}


def _placed_at_s(who: Placed) -> float:
    """The instant from which an evaluation goes on; before everything for a newcomer."""
    return float("-inf") if who.evaluated_at_s is None else who.evaluated_at_s


def assemble_accounts(
    tx: Connection, deployment: Deployment, ids: Sequence[str]
) -> dict[str, Assembled]:
    """The accounts of these ids that exist, with their own facts and deals."""
    found = people.placed(tx, "account", ids)
    sources = _sources(tx, deployment, set(found))
    pks = [each.pk for company in sources.companies.values() for each in company]
    sources.deals |= deals_naming(tx, pks)
    assembled = {}
    for name in found:
        companies = sources.companies.get(name, [])
        told = [each for _, each in _company_facts(deployment, companies, sources)]
        chosen = merge_facts(told, prefer=deployment.prefer)
        deals = _deals([each.pk for each in companies], sources, [])
        facts = Facts(id=name, account=_values(chosen, "account."), deals=deals)
        assembled[name] = Assembled(facts, chosen, tuple(companies), None)
    return assembled


def _sources(tx: Connection, deployment: Deployment, accounts: Iterable[str | None]) -> _Sources:
    wanted = sorted(filter(None, set(accounts)))
    companies = _grouped(records.records_where(tx, "account", wanted), "account")
    pks = [each.pk for found in companies.values() for each in found]
    sources = _Sources(
        companies=companies,
        ours=baselines.baselines_of(tx, pks),
        since=records.since_of(tx, pks),
    )
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
    by_record = deals_naming(tx, pks) if counting else {}
    candidates = {
        deal.pk
        for found in by_record.values()
        for deal in found.values()
        if deal.status in counting
    }
    named = deals_with_people(tx, deployment, candidates)
    return {
        account: [
            deal
            for each in found
            for deal in by_record.get(each.pk, {}).values()
            if deal.pk in candidates and deal.pk not in named
        ]
        for account, found in companies.items()
    }


def deals_with_people(tx: Connection, deployment: Deployment, deals: set[int]) -> set[int]:
    """Those of the deals that name a person, themselves or through a joining record."""
    direct = links.links_from(tx, deals)
    joins = links.links_to(tx, deals)
    through = links.links_from(tx, {pk for found in joins.values() for pk in found})
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
) -> list[tuple[int, Told]]:
    """What each company record tells, with the store's number of the record."""
    told = []
    for each in companies:
        reading = _read(deployment, each, sources)
        if reading is not None:
            facts = {f"account.{name}": value for name, value in reading.account.items()}
            facts |= {f"person.{name}": value for name, value in reading.people.items()}
            one = Told(each.connection, each.object, each.id, each.told_at_s, facts)
            told.append((each.pk, one))
    return told


def _person(
    deployment: Deployment, who: Placed, own: Sequence[StoredRecord], sources: _Sources
) -> Assembled:
    companies = sources.companies.get(who.account or "", [])
    of_company = _company_facts(deployment, companies, sources)
    company = merge_facts([told for _, told in of_company], prefer=deployment.prefer)
    personal: list[tuple[int, Told]] = []
    for each in own:
        reading = _read(deployment, each, sources)
        if reading is not None:
            told = {f"person.{name}": value for name, value in reading.person.items()}
            told |= {f"account.{name}": value for name, value in reading.account.items()}
            one = Told(each.connection, each.object, each.id, each.told_at_s, told)
            personal.append((each.pk, one))
    mine = merge_facts([told for _, told in personal], prefer=deployment.prefer)
    chosen = mine | {name: one for name, one in company.items() if name not in mine}
    chosen |= {name: one for name, one in company.items() if name.startswith("account.")}
    chosen |= _suppression(
        deployment,
        [*(told for _, told in (*personal, *of_company))],
        merged=sources.merged.get(who.id, ()),
        sources=sources,
    )
    chosen |= dates_of_flags(chosen, [*personal, *of_company], sources.since)
    facts = Facts(
        id=who.id,
        person=_values(chosen, "person."),
        account=_values(chosen, "account."),
        activities=_activities(sources.all_of.get(who.id, ()), sources),
        deals=_deals(
            sources.all_of.get(who.id, ()), sources, sources.contactless.get(who.account or "", [])
        ),
    )
    return Assembled(facts, chosen, tuple(own), who.account)


def _suppression(
    deployment: Deployment, told: list[Told], *, merged: Sequence[StoredRecord], sources: _Sources
) -> dict[str, Chosen]:
    """The wish not to be contacted, from whichever record it comes: also one that was merged away."""
    for each in merged:
        reading = _read(deployment, each, sources)
        if reading is not None:
            facts = {f"person.{name}": value for name, value in reading.person.items()}
            told.append(Told(each.connection, each.object, each.id, each.told_at_s, facts))
    limited = [
        replace(one, facts={name: one.facts[name] for name in SUPPRESSING & one.facts.keys()})
        for one in told
    ]
    return merge_facts(limited, prefer=deployment.prefer)


def _activities(pks: Sequence[int], sources: _Sources) -> tuple[Activity, ...]:
    """Each told activity once, also when it names several records of the person."""
    found = {}
    for pk in pks:
        for each, connection, source in sources.told.get(pk, ()):
            name = f"{connection}/{source}/{each.type}/{each.at_s}"
            found[name] = Activity(
                each.type, each.at_s, name, connection=connection, took_place=each.took_place
            )
    return tuple(found.values())


def _deals(pks: Sequence[int], sources: _Sources, also: Sequence[StoredDeal]) -> tuple[Deal, ...]:
    found = {key: deal for pk in pks for key, deal in sources.deals.get(pk, {}).items()}
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
