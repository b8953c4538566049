"""What the stored records of a connection say about its data: deals without people, shared mailboxes,
values that the mapping does not know.

Values are shown only of fields with a closed list of values, or for which the mapping has a table: what
people type freely may name somebody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from stagesync.connector import FieldType, Role
from stagesync.domain.mapping import read_record
from stagesync.engine.deployment import Connected
from stagesync.engine.describe import stored_descriptions
from stagesync.store import links, people, records

SHOWN = 10
"""Unmapped values told of one connection; those that touch most people."""

ENUMERATIONS = frozenset({FieldType.CHOICE, FieldType.CHOICES})


@dataclass(frozen=True, slots=True)
class Told:
    """One observation; a gap is worth closing, anything else is for information."""

    what: str
    fix: str
    is_gap: bool = False


def stored_findings(tx: Connection, connected: Connected) -> Iterator[Told]:
    """What the store tells of one connection; nothing before its first pull."""
    if lonely := _contactless(tx, connected):
        yield Told(
            f"deals that name no person: {lonely}",
            "add the people to these deals in the CRM; until then `contactless_deals` of the policy"
            " says for whom they count",
        )
    if shared := records.count_shared_emails(tx, connected.name):
        yield Told(
            f"e-mail addresses that several people share, and that join nobody: {shared}",
            "give each person an address of their own in the CRM",
        )
    ranked = _unmapped(tx, connected)
    for (name, value), touched in ranked[:SHOWN]:
        yield Told(
            f"{name}: `{value}` is not mapped; people touched: {touched}",
            f"say what it means under `values` of {name} in the mapping, or leave it blank there",
            is_gap=True,
        )


def _contactless(tx: Connection, connected: Connected) -> int:
    """Live deals that name no person's record, themselves or through a joining record."""
    objects = [(connected.name, each) for each in connected.objects(Role.DEAL)]
    deals = {each.pk for each in records.all_records(tx, objects) if not each.gone}
    near = {pk: [*far] for pk, far in links.links_from(tx, deals).items()}
    joins = links.links_to(tx, deals)
    beyond = links.links_from(tx, {pk for found in joins.values() for pk in found})
    for deal, found in joins.items():
        near.setdefault(deal, []).extend(far for pk in found for far in beyond.get(pk, ()))
    of_people = set(connected.objects(Role.PERSON))
    named = records.records_where(tx, "pk", {pk for found in near.values() for pk in found})
    human = {each.pk for each in named if each.object in of_people}
    return sum(human.isdisjoint(near.get(deal, ())) for deal in deals)


def _unmapped(tx: Connection, connected: Connected) -> list[tuple[tuple[str, str], int]]:
    """(object.field, value) -> people touched, most first."""
    found: Counter[tuple[str, str]] = Counter()
    for name in connected.objects(Role.PERSON, Role.ACCOUNT):
        fields = _closed_fields(tx, connected, name)
        if fields:
            found += _unmapped_of(tx, connected, name, fields=fields)
    return sorted(found.items(), key=lambda each: (-each[1], each[0]))


def _unmapped_of(
    tx: Connection, connected: Connected, name: str, *, fields: set[str]
) -> Counter[tuple[str, str]]:
    mapping = connected.object_mapping(name)
    touched: dict[tuple[str, str], set[str]] = {}
    accounts: dict[tuple[str, str], set[str]] = {}
    for each in records.all_records(tx, [(connected.name, name)]):
        if each.gone:
            continue
        for field, value in read_record(mapping, each.fields).unmapped:
            if field in fields:
                key = f"{name}.{field}", value
                touched.setdefault(key, set()).update(filter(None, [each.person]))
                accounts.setdefault(key, set()).update(filter(None, [each.account]))
    return Counter(
        {key: len(touched[key] | _members(tx, found)) for key, found in accounts.items()}
    )


def _members(tx: Connection, accounts: Iterable[str]) -> set[str]:
    found = people.people_of_accounts(tx, sorted(accounts))
    return {who for several in found.values() for who in several}


def _closed_fields(tx: Connection, connected: Connected, name: str) -> set[str]:
    """Fields of facts whose values come from a list, in the CRM or in the mapping."""
    mapping = connected.object_mapping(name)
    described = stored_descriptions(tx, connected.name).get(name)
    known = described.fields if described else {}
    personal = set(mapping.identity.fields)
    return {
        rule.field
        for rule in (*mapping.facts, *mapping.people)
        if rule.field not in personal
        and (
            rule.values is not None
            or (rule.field in known and known[rule.field].type in ENUMERATIONS)
        )
    }
