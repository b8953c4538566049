"""An account of the in-memory CRM, as the contract suite wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stagesync.connector import (
    Connector,
    FieldDescription,
    FieldType,
    FieldValue,
    Link,
    ObjectKind,
    Option,
    Role,
)
from stagesync.connector.memory import MemoryConnector, MemoryCrm, MemoryObject
from still_clock import StillClock

NOON_S = 1_795_000_000.0
Make = Callable[[str, MemoryCrm], Connector]


def _field(name: str, kind: FieldType = FieldType.TEXT) -> FieldDescription:
    return FieldDescription(name, kind, writable=True)


def _choice(name: str, *values: str, forward_only: bool = False) -> FieldDescription:
    options = tuple(Option(each, each.title(), rank) for rank, each in enumerate(values))
    return FieldDescription(name, FieldType.CHOICE, True, forward_only, options)


OBJECTS = (
    MemoryObject(ObjectKind("company", Role.ACCOUNT, writable=True), (_field("name"),)),
    MemoryObject(
        ObjectKind("contact", Role.PERSON, writable=True, links=("company",)),
        (
            _field("note"),
            _choice("status", "new", "open", "done"),
            _choice("lifecycle", "lead", "client", "advocate", forward_only=True),
            _field("score", FieldType.NUMBER),
            _field("opted_out", FieldType.FLAG),
            _field("seen_at", FieldType.INSTANT),
            _field("born_on", FieldType.DATE),
        ),
    ),
    MemoryObject(ObjectKind("deal", Role.DEAL, links=("contact", "company")), (_field("title"),)),
)


class MemoryAccount:
    """Seven companies, 45 contacts and five deals, made ten minutes apart.

    Args:
        connect: what makes the connector, so that a broken one can take its place.
    """

    own_field = "own_stage"
    refused = ("status", "nonsense")
    secrets = ()

    def __init__(self, make: Make = MemoryConnector, *, links_inline: bool = True) -> None:
        self._make, self._clock = make, StillClock(NOON_S)
        self.crm = MemoryCrm(
            OBJECTS,
            self._clock,
            links_inline=links_inline,
            page_size=10,
            overlap_s=60.0,
            daily_limit=100_000,
            hook_secret="hush",
        )
        self.fields = {each.kind.name: tuple(f.name for f in each.fields) for each in OBJECTS}
        companies = [self._add("company", {"name": f"Firm {n}"}) for n in range(7)]
        contacts = [
            self._add(
                "contact",
                {
                    "note": f"note {n}",
                    "status": "new",
                    "score": n / 2,
                    "opted_out": n % 2 == 0,
                    "seen_at": "2026-11-01T08:00:00+01:00",
                    "born_on": "1970-01-31",
                },
                company=companies[n % 7],
            )
            for n in range(45)
        ]
        for n in range(5):
            self._add("deal", {"title": f"Deal {n}"}, contact=contacts[n])

    def _add(self, name: str, values: Mapping[str, FieldValue], **links: str) -> str:
        self._clock.at_s += 600
        return self.crm.add(name, values, links={key: (each,) for key, each in links.items()})

    def connect(self, *, wrong: bool = False) -> Connector:
        assert not wrong, "this CRM has no credentials"
        return self._make("memory", self.crm)

    def held(self, object_name: str) -> dict[str, dict[str, FieldValue]]:
        return {
            record_id: dict(row.fields)
            for (name, record_id), row in self.crm.rows.items()
            if name == object_name and not row.gone
        }

    def links(self, object_name: str) -> dict[str, Link]:
        return {each: self.crm.rows[object_name, each].links for each in self.held(object_name)}

    def create(
        self, object_name: str, values: Mapping[str, FieldValue], *, links: Mapping[str, tuple]
    ) -> str:
        return self.crm.add(object_name, values, links=links)

    def edit(self, object_name: str, record_id: str, values: Mapping[str, FieldValue]) -> None:
        self.crm.edit(object_name, record_id, values)

    def delete(self, object_name: str, record_id: str) -> None:
        self.crm.delete(object_name, record_id)

    def merge(self, object_name: str, loser: str, *, into: str) -> str:
        self.crm.merge(object_name, loser, into=into)
        return into

    def settle(self) -> None:
        self._clock.at_s += 3600
