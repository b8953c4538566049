"""The Salesforce org in the making: rows, the ids to give out, and the anchor of its stamps."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from stagesync.sandbox.seeds import SalesforceSeed
from stagesync.sandbox.world.ids import salesforce_ids
from stagesync.sandbox.world.owners import Owner

OBJECTS = (
    "Account",
    "Contact",
    "Lead",
    "Opportunity",
    "OpportunityContactRole",
    "Task",
    "Event",
    "Campaign",
    "CampaignMember",
)
_WITHOUT_OWNER = frozenset({"OpportunityContactRole", "CampaignMember"})

Row = dict[str, object]


@dataclass(slots=True)
class Book:
    """The org while it is written.

    Attributes:
        accounts: account ids by the domain of their firm.
        campaigns: campaign ids by (type, how many months ago it began).
    """

    rng: Random
    anchor: int
    owners: tuple[Owner, ...]
    ids: dict[str, Iterator[str]]
    seed: SalesforceSeed
    accounts: dict[str, str] = field(default_factory=dict)
    campaigns: dict[tuple[str, int], str] = field(default_factory=dict)


def open_book(rng: Random, *, anchor: int, owners: tuple[Owner, ...]) -> Book:
    """An empty org."""
    return Book(
        rng=rng,
        anchor=anchor,
        owners=owners,
        ids={name: salesforce_ids(rng, kind=name) for name in OBJECTS},
        seed=SalesforceSeed(rows={name: [] for name in OBJECTS}),
    )


def add(book: Book, name: str, *, created: int, modified: int, values: Row) -> str:
    """Puts one row in, with its id, owner and stamps; returns its id.

    Stamps are whole seconds. Users move LastModifiedDate; the system may move SystemModstamp on.
    """
    record_id = next(book.ids[name])
    modified = max(modified, created)
    settled = modified
    if book.rng.random() < 0.25:
        settled = min(modified + book.rng.randrange(1, 900), max(modified, 0))
    owner = book.rng.choice(book.owners).salesforce_id
    row: Row = {
        "Id": record_id,
        "IsDeleted": False,
        "CreatedDate": float(book.anchor + created),
        "CreatedById": owner,
        "LastModifiedDate": float(book.anchor + modified),
        "LastModifiedById": owner,
        "SystemModstamp": float(book.anchor + settled),
        **values,
    }
    if name not in _WITHOUT_OWNER:
        row["OwnerId"] = owner
    book.seed.rows[name].append(row)
    return record_id


def clean(text: str) -> str | None:
    """None for a field that was left empty: Salesforce keeps no empty text."""
    return text or None
