"""What happens around contacts and is no CRM record: events, lists, forms, e-mail events.

Instants are Unix milliseconds, ids of contacts are record ids.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

STATES = ("REGISTERED", "ATTENDED", "CANCELLED", "NO_SHOW", "EMPTY")


@dataclass(frozen=True, slots=True)
class MarketingEvent:
    """A webinar, a fair, a dinner."""

    id: int
    name: str
    type: str
    organizer: str
    external_id: str
    start_ms: int
    end_ms: int
    created_ms: int
    updated_ms: int
    cancelled: bool = False
    completed: bool = False


@dataclass(frozen=True, slots=True)
class Participation:
    """That one contact registered for, attended, missed or cancelled one event."""

    id: int
    event_id: int
    contact_id: int
    email: str
    state: str
    at_ms: int
    duration_s: int | None = None
    percentage: str | None = None


@dataclass(slots=True)
class RecordList:
    """A list (segment) of records.

    Attributes:
        processing: MANUAL, DYNAMIC or SNAPSHOT.
        members: when each record joined, by its id.
    """

    id: int
    name: str
    type_id: str
    processing: str
    created_ms: int
    updated_ms: int
    members: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """A form; those of the type blog_comment give no submissions away."""

    id: str
    name: str
    type: str
    created_ms: int


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody has filled into a form."""

    form_id: str
    conversion_id: str
    at_ms: int
    page_url: str
    values: tuple[tuple[str, str], ...]

    @property
    def email(self) -> str:
        """The address that was given, "" when none was."""
        return dict(self.values).get("email", "").strip().lower()


@dataclass(frozen=True, slots=True)
class EmailEvent:
    """What became of one marketing e-mail to one address."""

    id: str
    type: str
    at_ms: int
    recipient: str
    campaign_id: int


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A page view or another behaviour of a contact."""

    id: str
    type: str
    contact_id: int
    at_ms: int
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Feeds:
    """All of it, each kind in the order in which it came in."""

    events: dict[int, MarketingEvent] = field(default_factory=dict)
    participations: list[Participation] = field(default_factory=list)
    lists: dict[int, RecordList] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    submissions: list[Submission] = field(default_factory=list)
    email_events: list[EmailEvent] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)

    def forget(self, contact_id: int, *, emails: Collection[str]) -> None:
        """Drops every trace of an erased contact."""
        self.participations = [p for p in self.participations if p.contact_id != contact_id]
        self.occurrences = [o for o in self.occurrences if o.contact_id != contact_id]
        self.submissions = [s for s in self.submissions if s.email not in emails]
        self.email_events = [e for e in self.email_events if e.recipient not in emails]
        for known in self.contact_lists():
            known.members.pop(contact_id, None)

    def follow(self, old_id: int, new_id: int) -> None:
        """Gives what a merged contact had to the record it went into."""
        self.participations = [
            replace(p, contact_id=new_id) if p.contact_id == old_id else p
            for p in self.participations
        ]
        self.occurrences = [
            replace(o, contact_id=new_id) if o.contact_id == old_id else o for o in self.occurrences
        ]
        for known in self.contact_lists():
            if old_id in known.members:
                joined_ms = known.members.pop(old_id)
                known.members[new_id] = min(joined_ms, known.members.get(new_id, joined_ms))

    def contact_lists(self) -> list[RecordList]:
        """The lists whose members are contacts."""
        return [known for known in self.lists.values() if known.type_id == "0-1"]
