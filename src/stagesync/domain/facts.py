"""What is known of one person: the input of every evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Value = str | float | int | bool
"""One known value of a fact. A missing fact is an absent key: None and blank text never get in."""


class Kind(StrEnum):
    """What sort of value a fact holds."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    INSTANT = "instant"


PERSON_FACTS: Mapping[str, Kind] = {
    "email": Kind.TEXT,
    "first_name": Kind.TEXT,
    "last_name": Kind.TEXT,
    "title": Kind.TEXT,
    "seniority": Kind.TEXT,
    "function": Kind.TEXT,
    "country": Kind.TEXT,
    "excluded": Kind.FLAG,
    "need": Kind.TEXT,
    "sales_accepted": Kind.FLAG,
    "churned": Kind.FLAG,
    "disqualified": Kind.FLAG,
    "nurture": Kind.FLAG,
    "nurture_since": Kind.INSTANT,
    "do_not_contact": Kind.FLAG,
    "contactable": Kind.FLAG,
    "origin": Kind.TEXT,
    "referred_by": Kind.TEXT,
}
"""The facts of a person that every policy knows; a policy may declare more."""

ACCOUNT_FACTS: Mapping[str, Kind] = {
    "name": Kind.TEXT,
    "domain": Kind.TEXT,
    "employees": Kind.NUMBER,
    "industry": Kind.TEXT,
    "revenue": Kind.NUMBER,
    "country": Kind.TEXT,
    "excluded": Kind.FLAG,
    "churned": Kind.FLAG,
    "disqualified": Kind.FLAG,
    "nurture": Kind.FLAG,
}
"""The facts of an account that every policy knows; a policy may declare more."""

DEAL_STATUSES = ("open", "won", "lost")


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that happened between a person and us.

    Attributes:
        type: a word of the policy, such as `content_download`.
        at_s: when it happened; Unix seconds, UTC.
        id: two activities of one person with the same id count once; empty means unnamed.
        connection: the CRM that told it; empty offline.
        took_place: false for a meeting that was cancelled or missed; such an activity counts nowhere.
        phase, topic, source: reported, not scored by the standard policy.
    """

    type: str
    at_s: float
    id: str = ""
    connection: str = ""
    took_place: bool = True
    phase: str = ""
    topic: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal that names the person (or, for an account, belongs to it).

    Attributes:
        status: one of `DEAL_STATUSES`.
        at_s: creation while open, closing when won or lost; None means known to be past.
        amount: in the CRM's currency; None when unknown.
        id: two deals with the same id count once; empty means unnamed.
        connection: the CRM that told it; empty offline.
    """

    status: str
    at_s: float | None = None
    amount: float | None = None
    id: str = ""
    connection: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the policy may look at for one person, or for one account.

    Attributes:
        id: the person's (or account's) id; never personal data.
        person: fact name without the `person.` prefix -> value; empty for an account.
        account: fact name without the `account.` prefix -> value.
        activities: any order.
        deals: any order.
    """

    id: str
    person: Mapping[str, Value] = field(default_factory=dict, repr=False)
    account: Mapping[str, Value] = field(default_factory=dict, repr=False)
    activities: tuple[Activity, ...] = ()
    deals: tuple[Deal, ...] = ()
