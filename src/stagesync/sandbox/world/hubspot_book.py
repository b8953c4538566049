"""The HubSpot account in the making: a seed, the ids to give out, and the anchor of its stamps."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from stagesync.sandbox.seeds import HubSpotRecord, HubSpotSeed
from stagesync.sandbox.world.ids import hubspot_ids
from stagesync.sandbox.world.owners import Owner
from stagesync.sandbox.world.timing import iso, stamp

OBJECTS = ("contacts", "companies", "deals", "meetings", "calls")
_CREATED_AT = {"meetings": "hs_createdate", "calls": "hs_createdate"}


@dataclass(slots=True)
class Book:
    """The account while it is written.

    Attributes:
        companies: company ids by the domain of their firm.
    """

    rng: Random
    anchor: int
    owners: tuple[Owner, ...]
    ids: dict[str, Iterator[str]]
    seed: HubSpotSeed
    companies: dict[str, str] = field(default_factory=dict)


def open_book(rng: Random, *, anchor: int, owners: tuple[Owner, ...]) -> Book:
    """An empty account."""
    return Book(
        rng=rng,
        anchor=anchor,
        owners=owners,
        ids={kind: hubspot_ids(rng, kind=kind) for kind in OBJECTS},
        seed=HubSpotSeed(objects={kind: [] for kind in OBJECTS}, associations=[]),
    )


def add(book: Book, kind: str, *, created: int, updated: int, properties: dict[str, str]) -> str:
    """Puts one record in, without its empty values and with its creation date; returns its id."""
    record_id = next(book.ids[kind])
    filled = {name: value for name, value in properties.items() if value}
    filled[_CREATED_AT.get(kind, "createdate")] = iso(book.anchor, created)
    record = HubSpotRecord(
        id=record_id,
        created_at=stamp(book.anchor, created),
        updated_at=stamp(book.anchor, max(updated, created)),
        properties=filled,
    )
    book.seed.objects[kind].append(record)
    return record_id


def link(book: Book, kind: str, record_id: str, *, to: str, other_id: str | None) -> None:
    """Associates two records; nothing happens when the other one is not there."""
    if other_id:
        book.seed.associations.append((kind, record_id, to, other_id))


def any_owner(book: Book) -> str:
    """The HubSpot id of one of the owners; "" for the record that nobody owns."""
    if book.rng.random() < 0.1:
        return ""
    return book.rng.choice(book.owners).hubspot_id
