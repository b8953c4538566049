"""The shapes that pass between stagesync and a connector.

Glossary
    connection   one configured CRM account; a connector serves it
    object       a kind of record by the connector's own short name: `contact`, `deal`, `lead`
    record       one row that the CRM holds, with the fields that were asked for
    link         the ids of other records that a record names
    cursor       opaque text by which a pull goes on; only its connector reads it
    own field    a field that stagesync made in the CRM and alone writes
    refusal      the CRM's no to one record; a value, not an error
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from stagesync.domain.text import held

FieldValue = str | float | int | bool | None
"""A value as the CRM's API holds it. Instants are ISO 8601 text with zone; None is empty.

Text comes in as every database holds it: a NUL in a record, a change or an answer becomes U+FFFD.
"""

Link = Mapping[str, tuple[str, ...]]
"""Object name -> ids of that object."""


def held_value(value: FieldValue) -> FieldValue:
    """A value as every database holds it."""
    return held(value) if isinstance(value, str) else value


def held_values(values: Mapping[str, FieldValue]) -> Mapping[str, FieldValue]:
    """The same mapping where nothing in it is strange."""
    strange = {name: held_value(value) for name, value in values.items()}
    return values if strange == values else strange


class Role(StrEnum):
    """What records of an object are to stagesync."""

    PERSON = "person"
    ACCOUNT = "account"
    DEAL = "deal"
    ACTIVITY = "activity"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """One kind of record that a connector can pull.

    Attributes:
        name: short and singular, such as `contact`.
        role: `link` is for records that only join others (a contact's role in a deal).
        writable: whether stages can be written to it.
        links: names of the objects that its records may name.
    """

    name: str
    role: Role
    writable: bool = False
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the CRM holds it.

    Attributes:
        object: name of its `ObjectKind`.
        id: the CRM's id.
        fields: the fields asked for that exist; an empty one is None.
        changed_at_s: the CRM's modification stamp; Unix seconds.
        created_at_s: Unix seconds; None when the CRM does not tell.
        links: what it names; None means that the answer did not say: ask `Connector.links`.
            A person record that names another person record is the same human (a converted lead).
        gone: deleted or archived in the CRM.
        merged_into: id of the record that it became part of; empty otherwise.
    """

    object: str
    id: str
    fields: Mapping[str, FieldValue] = field(repr=False)
    changed_at_s: float
    created_at_s: float | None = None
    links: Link | None = None
    gone: bool = False
    merged_into: str = ""

    def __post_init__(self) -> None:
        """Let no text in that a database refuses."""
        object.__setattr__(self, "fields", held_values(self.fields))


@dataclass(frozen=True, slots=True)
class Pull:
    """What to pull of one object.

    Attributes:
        fields: names to ask for; never a message body, a note text or a subject.
        cursor: from the last stored page; None means everything from the start.
    """

    object: str
    fields: tuple[str, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some records and the place from which a pull can go on after them.

    Attributes:
        cursor: stored in one transaction with the records.
        last: true when the object is complete up to the moment the pull began.
    """

    object: str
    records: tuple[Record, ...]
    cursor: str
    last: bool


class FieldType(StrEnum):
    """What a CRM field holds."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    INSTANT = "instant"
    DATE = "date"
    CHOICE = "choice"
    CHOICES = "choices"
    REFERENCE = "reference"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a choice field.

    Attributes:
        value: what the API takes.
        label: what people see.
        rank: place in the CRM's order, lowest 0.
        terminal: set only by an act that the API does not offer us (a lead's `converted` status):
            never written.
    """

    value: str
    label: str
    rank: int
    terminal: bool = False


@dataclass(frozen=True, slots=True)
class FieldDescription:
    """A field as the CRM describes it now.

    Attributes:
        writable: by our credentials.
        forward_only: the CRM itself refuses to move it to a lower rank.
        options: in rank order; empty unless a choice.
    """

    name: str
    type: FieldType
    writable: bool
    forward_only: bool = False
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectDescription:
    """The fields of one object, by name."""

    object: str
    fields: Mapping[str, FieldDescription]


@dataclass(frozen=True, slots=True)
class Write:
    """The values to set on one record; a record appears once in a call.

    Attributes:
        together: records with the same non-empty value are written in the same request where
            possible, and never by two requests at a time (Salesforce: the account's id).
        clear: fields of `values` that the CRM lets go back only once they are empty: they are
            emptied in a request of their own and then set. Broken off in between they stay empty;
            sending the write again heals that, so its caller writes it down first.
    """

    object: str
    id: str
    values: Mapping[str, FieldValue]
    together: str = ""
    clear: tuple[str, ...] = ()


class Refusal(StrEnum):
    """Why a CRM did not take a value."""

    NOT_FORWARD = "not_forward"
    CONVERTED = "converted"
    GONE = "gone"
    INVALID = "invalid"
    FORBIDDEN = "forbidden"
    LOCKED = "locked"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of one write, in the order of the writes.

    Attributes:
        write: the write it answers.
        refusal: None means taken, as read back where the CRM can stay silent.
        fields: the fields concerned by the refusal; empty means all.
        code: the vendor's code; empty when none.
        message: the vendor's words; empty when taken.
        now: the values the CRM says the record holds, where it says so.
    """

    write: Write
    refusal: Refusal | None = None
    fields: tuple[str, ...] = ()
    code: str = ""
    message: str = ""
    now: Mapping[str, FieldValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Let no text in that a database refuses."""
        object.__setattr__(self, "code", held(self.code))
        object.__setattr__(self, "message", held(self.message))
        object.__setattr__(self, "now", held_values(self.now))


@dataclass(frozen=True, slots=True)
class OwnField:
    """A field that stagesync wants to have in a CRM.

    Attributes:
        object: where.
        name: API name.
        label: what people see.
        type: text, number, instant or choice.
        options: (value, label) in order, for a choice.
        decimals: for a number.
    """

    object: str
    name: str
    label: str
    type: FieldType
    options: tuple[tuple[str, str], ...] = ()
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One thing that setup will make in the CRM.

    Attributes:
        key: names the step to its connector.
        what: a sentence for people, such as `property stagesync_stage on contacts (12 options)`.
    """

    key: str
    what: str


@dataclass(frozen=True, slots=True)
class Quota:
    """How much of the vendor's daily allowance is used.

    Attributes:
        used_by_all: calls that the vendor counts, of every program of the account; None when it does not say.
        limit: the vendor's allowance; None when it does not say.
        used_by_us: calls of this connector in the vendor's present window.
        budget: calls that this connector allows itself; None means all that the limit leaves.
        resets_at_s: when the vendor counts from nothing again; Unix seconds; None when unknown.
    """

    used_by_all: int | None
    limit: int | None
    used_by_us: int
    budget: int | None
    resets_at_s: float | None
