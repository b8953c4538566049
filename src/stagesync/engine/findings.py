"""What the stored records of a connection say about its data: deals without people, shared mailboxes,
values that the mapping does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from stagesync.connector import Role
from stagesync.domain.said import Said
from stagesync.engine.deployment import Connected
from stagesync.store import links, records, unmapped

SHOWN = 10
"""Unmapped values told of one connection; those of most records."""


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
            Said("deals that name no person: {deals}", deals=lonely),
            Said(
                "add the people to these deals in the CRM; until then `contactless_deals` of the policy"
                " says for whom they count"
            ),
        )
    if shared := records.count_shared_emails(tx, connected.name):
        yield Told(
            Said(
                "e-mail addresses that several people share, and that join nobody: {addresses}",
                addresses=shared,
            ),
            Said("give each person an address of their own in the CRM"),
        )
    for each in unmapped.ranked(tx, [connected.name], most=SHOWN):
        yield Told(
            Said(
                "{field}: `{value}` is not mapped; records: {records}",
                field=f"{each.object}.{each.field}",
                value=each.value,
                records=each.records,
            ),
            Said(
                "say what it means under `values` of {field} in the mapping, or leave it blank there",
                field=f"{each.object}.{each.field}",
            ),
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
