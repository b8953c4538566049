"""A mapping as people write it: which CRM field is which of ours. `domain.mapping` reads records by it.

facts        a field of the record is a fact of the person or the account
people       a field of an account's record is a fact of all its people
activities   of a person's record: one for each rule whose date is filled (the last visit, the
             last form); of any other record: the record itself is one, by the first rule that fits
deal         the record is a deal
writes       what stagesync writes into the record
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from stagesync.domain.facts import Value

Raw = str | float | int | bool | None
"""A value as a CRM's API holds it; None and blank text are empty."""

When = Mapping[str, frozenset[str]]
"""Field -> the values that fit, folded by `same_text`; "" stands for an empty field. All must fit."""


PLAIN_VALUES = (
    "accept_by",
    "changed_at",
    "content",
    "do_not_contact",
    "never",
    "next_contact",
    "previous_stage",
    "reason",
)
"""What can be written beside stages, scores and levels."""

CompanyOf = Callable[[str], str | None]
"""Host -> the domain under which its company is registered; None when it is no company's."""


def as_it_is(host: str) -> str | None:
    """The rule where nobody gave another: every host is a company's."""
    return host


def same_text(text: str) -> str:
    """How two values are compared: trimmed, without case."""
    return text.strip().casefold()


@dataclass(frozen=True, slots=True)
class FactRule:
    """How one fact is read from one field.

    Attributes:
        fact: full name, such as `person.country`.
        field: API name.
        transform: a name in `transforms.TRANSFORMS`; empty when only the tables speak.
        values: value, folded by `same_text` -> ours, asked before the transform; a None says that
            the value is known and means nothing. None means no table.
        is_values: values, folded, that make the flag true; any other leaves it missing.
        set_by: `people`: a value that stagesync itself wrote there does not count.
        false_counts: whether a false flag is the fact `false` rather than a missing one.
        optional: the field may not exist in the CRM; the fact is missing then.
    """

    fact: str
    field: str
    transform: str = ""
    values: Mapping[str, Value | None] | None = None
    is_values: frozenset[str] | None = None
    set_by: str = ""
    false_counts: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ActivityRule:
    """How an activity is read.

    Attributes:
        type: a word of the policy.
        at: fields that date it; the first that is filled counts.
        when: what must fit for the rule to hold.
        counter: a counter that must not stand at zero; empty means none.
        cancelled: what means that it did not take place, if any of it fits.
        optional: its fields may not exist in the CRM.
    """

    type: str
    at: tuple[str, ...]
    when: When = field(default_factory=dict)
    counter: str = ""
    cancelled: When = field(default_factory=dict)
    optional: bool = False


@dataclass(frozen=True, slots=True)
class DealRule:
    """How a deal is read: won, else lost, else open.

    Attributes:
        won, lost: what must fit. When all their fields are empty the status is unknown.
        opened_at: dates an open deal; `closed_at` one that is won or lost.
        amount: field; empty means that it is not read.
    """

    won: When
    lost: When
    opened_at: str
    closed_at: str
    amount: str = ""


@dataclass(frozen=True, slots=True)
class WriteRule:
    """What is written into one field.

    Attributes:
        field: API name.
        value: `stage.VOCABULARY`, `score.NAME`, `level.AXIS`, or one of `PLAIN_VALUES`.
        owner: `ours`: stagesync alone writes it; `shared`: people and the vendor do, too.
        vendor: the vendor's own stage field, governed by the connection's `vendor_stage`.
        forward: only to a higher rank of the vocabulary. A vendor's field without it follows the stage
            both ways: asked for, never by default.
        backward: axis -> seconds that a lower stage must have stood before a field that goes forward
            goes back to it, when this axis lowered it; for an axis that is absent it never does.
            None means never, whatever lowered it.
        may_replace: API values that may be overwritten, "" for empty; empty tuple means any.
        only_with: written only together with this field; empty means on its own.
        values: stage id -> API values, of which the first that the CRM offers is written, and none
            means `leave as it is`; None means that the stage id is the value.
        accounts: the value is the account's, not a person's.
    """

    field: str
    value: str
    owner: str = "ours"
    vendor: bool = False
    forward: bool = False
    backward: Mapping[str, float] | None = None
    may_replace: tuple[str, ...] = ()
    only_with: str = ""
    values: Mapping[str, tuple[str, ...]] | None = None
    accounts: bool = False

    @property
    def vocabulary(self) -> str:
        """The vocabulary whose stage is written; empty when it is no stage."""
        return self.value.removeprefix("stage.") if self.value.startswith("stage.") else ""

    def choices(self, stage_id: str) -> tuple[str, ...]:
        """API values that stand for a stage, in order of preference; empty means leave it."""
        return (stage_id,) if self.values is None else self.values.get(stage_id, ())

    def stage_of(self, value: str) -> str | None:
        """The stage that an API value stands for; None when the table does not know it."""
        if not self.values:
            return value
        return next((stage for stage, values in self.values.items() if value in values), None)


@dataclass(frozen=True, slots=True)
class Identity:
    """The fields by which a record is known again.

    Attributes:
        emails: of a person; the first valid one counts.
        aliases: of a person: further addresses, each field one or several.
        first_name, last_name: of a person.
        domains: of an account, web address or e-mail; the first readable one counts.
    """

    emails: tuple[str, ...] = ()
    first_name: str = ""
    last_name: str = ""
    domains: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field named here."""
        names = (*self.emails, *self.aliases, self.first_name, self.last_name, *self.domains)
        return tuple(name for name in names if name)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which records of an object may be written: those for which everything here holds.

    Record types, pipelines and owners are fields like others, and stand in `where`.

    Attributes:
        where: what must fit.
        unless: what must not fit, not even one of it.
        domains: of the address, or of the account, subdomains included; empty means any.
        not_domains: the same, left out.
        created_after_s: Unix seconds; None means whenever.
        lists: of the CRM, by id or name, of which the record must be on one; empty means any.
        not_lists: on which it must not be.
    """

    where: When = field(default_factory=dict)
    unless: When = field(default_factory=dict)
    domains: tuple[str, ...] = ()
    not_domains: tuple[str, ...] = ()
    created_after_s: float | None = None
    lists: tuple[str, ...] = ()
    not_lists: tuple[str, ...] = ()

    @property
    def named_lists(self) -> tuple[str, ...]:
        """Every list named here, once."""
        return tuple(dict.fromkeys((*self.lists, *self.not_lists)))

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field named here."""
        return (*self.where, *self.unless)


@dataclass(frozen=True)
class ObjectMapping:
    """How records of one object are read and written.

    Attributes:
        object: the connector's name for it, such as `contact`.
        facts: in the file's order; of two rules for one fact the first that is not missing counts.
        people: facts that an account's record gives to all its people.
        activities: in the file's order.
        frozen_when: a record that the vendor holds read-only (a converted lead), if all of it fits:
            read, never written.
        scope: the records that may be written; None means all. The others are read all the same.
        empty_values: folded texts that people type to get past a field: they count as empty.
        company_of: host -> the domain under which its company is registered; None when it is no company's.
    """

    object: str
    identity: Identity = Identity()
    facts: tuple[FactRule, ...] = ()
    people: tuple[FactRule, ...] = ()
    activities: tuple[ActivityRule, ...] = ()
    deal: DealRule | None = None
    writes: tuple[WriteRule, ...] = ()
    frozen_when: When = field(default_factory=dict)
    scope: Scope | None = None
    empty_values: frozenset[str] = frozenset()
    company_of: CompanyOf = field(default=as_it_is, compare=False)

    @property
    def is_person(self) -> bool:
        """Whether its records are people."""
        return bool(self.identity.emails)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """Every field to ask the CRM for, sorted, each once."""
        return tuple(sorted({name for name, _ in _asked(self)}))

    @cached_property
    def optional_fields(self) -> tuple[str, ...]:
        """Those of `fields` that may not exist in the CRM, sorted."""
        needed = {name for name, optional in _asked(self) if not optional}
        return tuple(name for name in self.fields if name not in needed)


@dataclass(frozen=True, slots=True)
class CrmMapping:
    """The mapping of one connector.

    Attributes:
        objects: by the connector's object name, in the file's order.
        version: written by its admin.
        digest: of the content, so that a change without a new version shows.
    """

    connector: str
    version: int
    objects: Mapping[str, ObjectMapping]
    digest: str


def _asked(mapping: ObjectMapping) -> Iterable[tuple[str, bool]]:
    for rule in (*mapping.facts, *mapping.people):
        yield rule.field, rule.optional
    for activity in mapping.activities:
        names = (*activity.at, *activity.when, *activity.cancelled, activity.counter)
        yield from ((name, activity.optional) for name in names if name)
    needed = [*mapping.identity.fields, *mapping.frozen_when]
    needed += [write.field for write in mapping.writes]
    needed += mapping.scope.fields if mapping.scope else ()
    if mapping.deal:
        deal = mapping.deal
        needed += [*deal.won, *deal.lost, deal.opened_at, deal.closed_at, deal.amount]
    yield from ((name, False) for name in needed if name)
