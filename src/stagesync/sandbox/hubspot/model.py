"""The values a HubSpot account is made of. Instants are Unix milliseconds."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Source:
    """Who made a change, as `propertiesWithHistory` names it."""

    kind: str
    id: str = ""
    user_id: int | None = None


IMPORTED = Source("IMPORT", "sandbox-seed")
CALCULATED = Source("CALCULATED")
# Kinds that come in through the API, where a lifecycle stage goes forward only.
THROUGH_API = frozenset({"INTEGRATION", "API"})


@dataclass(frozen=True, slots=True)
class Version:
    """One value a property has held, and since when."""

    value: str
    at_ms: int
    source: Source


@dataclass(slots=True, eq=False)
class Record:
    """One record. `values` is replaced, never changed in place: the search index shares it.

    Attributes:
        parted: associations that an archived record had: (object type, id, primary).
    """

    id: int
    created_ms: int
    updated_ms: int
    values: dict[str, str]
    source: Source
    history: dict[str, list[Version]] = field(default_factory=dict)
    archived_ms: int | None = None
    searchable_ms: int = 0
    parted: list[tuple[str, int, bool]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of an enumeration."""

    value: str
    label: str
    order: int = -1
    hidden: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    """The definition of a property."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    options: tuple[Option, ...] = ()
    description: str = ""
    order: int = -1
    read_only: bool = False
    calculated: bool = False
    external_options: bool = False
    unique: bool = False
    hidden: bool = False
    form_field: bool = False
    own: bool = False
    fixed: bool = False
    archived: bool = False
    created_ms: int = 0
    updated_ms: int = 0
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def writable(self) -> bool:
        """True when the API takes a value for it."""
        return not (self.read_only or self.calculated)


@dataclass(slots=True)
class Group:
    """A heading under which properties are shown."""

    name: str
    label: str
    order: int = -1


@dataclass(frozen=True, slots=True)
class Kind:
    """An object type: its names, and what its records always answer with.

    Attributes:
        name: as in paths and in our code ("contacts").
        one: as in association types ("contact").
        shout: as in error messages ("CONTACT").
        scope: the object whose scopes its calls need.
        created: property that holds the creation date; `modified` the modified date.
        defaults: properties of an answer when none were asked for.
        unique: properties that may serve as idProperty from the start.
        reads: scopes that reading its records needs beside the object's own, one of them.
    """

    name: str
    type_id: str
    one: str
    shout: str
    scope: str
    created: str
    modified: str
    defaults: tuple[str, ...]
    unique: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


def _activity(
    name: str, type_id: str, *, one: str, shout: str, reads: tuple[str, ...] = ()
) -> Kind:
    """An activity: its calls need the scopes of contacts."""
    return Kind(
        name=name,
        type_id=type_id,
        one=one,
        shout=shout,
        scope="contacts",
        created="hs_createdate",
        modified="hs_lastmodifieddate",
        defaults=(),
        required=("hs_timestamp",),
        reads=reads,
    )


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            name="contacts",
            type_id="0-1",
            one="contact",
            shout="CONTACT",
            scope="contacts",
            created="createdate",
            modified="lastmodifieddate",
            defaults=("email", "firstname", "lastname"),
            unique=("email",),
        ),
        Kind(
            name="companies",
            type_id="0-2",
            one="company",
            shout="COMPANY",
            scope="companies",
            created="createdate",
            modified="hs_lastmodifieddate",
            defaults=("domain", "name"),
        ),
        Kind(
            name="deals",
            type_id="0-3",
            one="deal",
            shout="DEAL",
            scope="deals",
            created="createdate",
            modified="hs_lastmodifieddate",
            defaults=("amount", "closedate", "dealname", "dealstage", "pipeline"),
        ),
        Kind(
            name="leads",
            type_id="0-136",
            one="lead",
            shout="LEAD",
            scope="leads",
            created="hs_createdate",
            modified="hs_lastmodifieddate",
            defaults=("hs_lead_name",),
            required=("hs_lead_name",),
        ),
        _activity("meetings", "0-47", one="meeting", shout="MEETING_EVENT"),
        _activity("calls", "0-48", one="call", shout="CALL"),
        _activity("emails", "0-49", one="email", shout="EMAIL", reads=("sales-email-read",)),
        _activity("notes", "0-46", one="note", shout="NOTE"),
        _activity("tasks", "0-27", one="task", shout="TASK"),
    )
}
_BY_ANY_NAME = {
    name: kind for kind in KINDS.values() for name in (kind.name, kind.one, kind.type_id)
}


def kind_named(name: str) -> Kind | None:
    """The object type by plural, singular or type id, in any case; None when there is none."""
    return _BY_ANY_NAME.get(name.casefold())
