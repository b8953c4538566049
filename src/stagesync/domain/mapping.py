"""What one CRM record says, read by its mapping.

Reading never fails: a value that cannot be read is missing, and is listed in `Reading.unmapped`.
The rules themselves stand in `domain.mapping_rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from stagesync.domain.facts import Value
from stagesync.domain.mapping_rules import (
    ActivityRule,
    CompanyOf,
    CrmMapping,
    DealRule,
    FactRule,
    Identity,
    ObjectMapping,
    Raw,
    Scope,
    When,
    WriteRule,
    as_it_is,
    same_text,
)
from stagesync.domain.text import fold_name
from stagesync.domain.transforms import (
    TRANSFORMS,
    NotUnderstood,
    as_text,
    domain_of_company,
    read_email,
    read_instant,
    read_number,
)

__all__ = [
    "ActivityRule",
    "CrmMapping",
    "DealRule",
    "FactRule",
    "Identity",
    "ObjectMapping",
    "Raw",
    "ReadActivity",
    "ReadDeal",
    "Reading",
    "Scope",
    "WriteRule",
    "in_scope",
    "is_frozen",
    "opened_at",
    "read_record",
]

_T = TypeVar("_T")
_NOBODY_WROTE: Mapping[str, Raw] = {}


@dataclass(frozen=True, slots=True)
class ReadActivity:
    """An activity that a record tells.

    Attributes:
        at_s: Unix seconds.
        key: tells activities of one record apart: `site_visit@1760000000000`; empty when the
            record itself is the activity.
    """

    type: str
    at_s: float
    key: str = ""
    took_place: bool = True


@dataclass(frozen=True, slots=True)
class ReadDeal:
    """A deal as a record tells it.

    Attributes:
        status: one of `facts.DEAL_STATUSES`.
        at_s: Unix seconds; None when the field is empty or cannot be read.
    """

    status: str
    at_s: float | None = None
    amount: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one record says.

    Attributes:
        person, account: fact name without prefix -> value; a missing fact is an absent key.
        people: facts of every person of this account, without prefix.
        email: lower case; empty when there is none or none is valid.
        aliases: further addresses, in lower case, sorted.
        name: first and last name as `text.fold_name` compares them; of a company ("", its name).
        domain: of an account's company; empty when there is none.
        mail_domain: of the company of `email`; empty for free mail.
        unmapped: (field, value) that could not be read. May hold personal data: not for logs.
    """

    person: Mapping[str, Value] = field(default_factory=dict, repr=False)
    account: Mapping[str, Value] = field(default_factory=dict, repr=False)
    people: Mapping[str, Value] = field(default_factory=dict, repr=False)
    activities: tuple[ReadActivity, ...] = ()
    deal: ReadDeal | None = None
    email: str = field(default="", repr=False)
    aliases: tuple[str, ...] = field(default=(), repr=False)
    name: tuple[str, str] = field(default=("", ""), repr=False)
    domain: str = field(default="", repr=False)
    mail_domain: str = field(default="", repr=False)
    unmapped: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class _Record:
    """The filled fields of a record, and what could not be read of them, in the order found."""

    filled: Mapping[str, Value] = field(repr=False)
    unmapped: dict[tuple[str, str], None] = field(default_factory=dict, repr=False)
    company_of: CompanyOf = as_it_is

    def read(self, name: str, transform: Callable[[Value], _T]) -> _T | None:
        """A field through a transform; None when it is empty, says nothing or is unmapped."""
        value = self.filled.get(name)
        if value is None:
            return None
        try:
            return transform(value)
        except NotUnderstood:
            self.unmapped[name, as_text(value)] = None
            return None

    def first(self, names: Iterable[str], transform: Callable[[Value], _T | None]) -> _T | None:
        """The first of several fields that can be read."""
        for name in names:
            found = self.read(name, transform)
            if found is not None:
                return found
        return None

    def domain(self, value: Value) -> str | None:
        """The company's domain of a web address or e-mail."""
        return domain_of_company(value, self.company_of)

    def text(self, name: str) -> str:
        """A field as conditions compare it; empty text for an empty field."""
        value = self.filled.get(name)
        return "" if value is None else same_text(as_text(value))

    def fits(self, when: When) -> bool:
        """Whether every condition fits."""
        return all(self.text(name) in allowed for name, allowed in when.items())

    def fits_any(self, when: When) -> bool:
        """Whether one condition fits."""
        return any(self.text(name) in allowed for name, allowed in when.items())


def read_record(
    mapping: ObjectMapping, fields: Mapping[str, Raw], ours: Mapping[str, Raw] = _NOBODY_WROTE
) -> Reading:
    """Facts, activities, deal and identity of one record.

    Args:
        mapping: of the record's object.
        fields: as the CRM holds them; fields that the mapping does not name are not looked at.
        ours: field -> the value that stagesync last wrote there and that was not seen changed
            since. Such a value is nobody's word: no fact `set_by: people` comes of it.
    """
    record = _Record(_filled(mapping, fields), company_of=mapping.company_of)
    identity = mapping.identity
    email = record.first(identity.emails, read_email) or ""
    facts = _read_facts(mapping.facts, record, ours)
    return Reading(
        person=_with_prefix(facts, "person."),
        account=_with_prefix(facts, "account."),
        people=_with_prefix(_read_facts(mapping.people, record, ours), "person."),
        activities=_read_activities(mapping, record),
        deal=_read_deal(mapping.deal, record) if mapping.deal else None,
        email=email,
        aliases=_aliases(record, identity.aliases, email),
        name=(_name(record, identity.first_name), _name(record, identity.last_name))
        if mapping.is_person
        else ("", fold_name(as_text(facts.get("account.name", "")))),
        domain=record.first(identity.domains, record.domain) or "",
        mail_domain=_mail_domain(record, email),
        unmapped=tuple(record.unmapped),
    )


def is_frozen(mapping: ObjectMapping, fields: Mapping[str, Raw]) -> bool:
    """Whether the vendor holds the record read-only, so that nothing is written to it."""
    return bool(mapping.frozen_when) and _Record(_filled(mapping, fields)).fits(mapping.frozen_when)


def in_scope(
    mapping: ObjectMapping,
    fields: Mapping[str, Raw],
    *,
    domain: str,
    created_at_s: float | None,
    lists: Collection[str] | None = (),
) -> bool:
    """Whether the mapping's scope lets the record be written.

    Args:
        domain: of its address or of the account; empty when it has none.
        created_at_s: Unix seconds; a record of unknown age is not after anything.
        lists: those that the record is on; None when not all that the scope names are known.
    """
    scope = mapping.scope
    if scope is None:
        return True
    if scope.named_lists and not _is_listed(scope, lists):
        return False
    record = _Record(_filled(mapping, fields))
    after_s = scope.created_after_s
    return (
        record.fits(scope.where)
        and not record.fits_any(scope.unless)
        and (not scope.domains or _lies_in(domain, scope.domains))
        and not _lies_in(domain, scope.not_domains)
        and (after_s is None or (created_at_s is not None and created_at_s >= after_s))
    )


def _is_listed(scope: Scope, lists: Collection[str] | None) -> bool:
    if lists is None:
        return False
    is_on_one = not scope.lists or any(each in lists for each in scope.lists)
    return is_on_one and not any(each in lists for each in scope.not_lists)


def _lies_in(domain: str, among: Iterable[str]) -> bool:
    return any(domain == each or domain.endswith(f".{each}") for each in among)


def _filled(mapping: ObjectMapping, fields: Mapping[str, Raw]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name in mapping.fields:
        value = fields.get(name)
        if isinstance(value, str):
            value = value.strip()
            if not value or same_text(value) in mapping.empty_values:
                continue
        if value is not None:
            found[name] = value
    return found


def _read_facts(
    rules: Iterable[FactRule], record: _Record, ours: Mapping[str, Raw]
) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for rule in rules:
        if rule.fact in found or (rule.set_by and _is_ours(record, rule.field, ours)):
            continue
        value = record.read(rule.field, partial(_read_fact, rule, record.domain))
        if value is not None and (value is not False or rule.false_counts):
            found[rule.fact] = value
    return found


def _is_ours(record: _Record, name: str, ours: Mapping[str, Raw]) -> bool:
    value = ours.get(name)
    return value is not None and record.text(name) == same_text(as_text(value))


def _read_fact(rule: FactRule, domain: Callable[[Value], str | None], value: Value) -> Value | None:
    if rule.is_values is not None:
        return same_text(as_text(value)) in rule.is_values
    key = same_text(as_text(value))
    if rule.values is not None and key in rule.values:
        return rule.values[key]
    if not rule.transform:
        raise NotUnderstood
    if rule.transform == "domain":
        return domain(value)
    return TRANSFORMS[rule.transform].read(value)


def _with_prefix(facts: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    return {
        name.removeprefix(prefix): value for name, value in facts.items() if name.startswith(prefix)
    }


def _read_activities(mapping: ObjectMapping, record: _Record) -> tuple[ReadActivity, ...]:
    fitting = [rule for rule in mapping.activities if record.fits(rule.when)]
    if not mapping.is_person:
        read = _read_activity(fitting[0], record) if fitting else None
        return (read,) if read else ()
    found = (_read_activity(rule, record, derived=True) for rule in fitting)
    return tuple(activity for activity in found if activity)


def _read_activity(
    rule: ActivityRule, record: _Record, *, derived: bool = False
) -> ReadActivity | None:
    at_s = record.first(rule.at, read_instant)
    if at_s is None or (rule.counter and record.read(rule.counter, read_number) == 0):
        return None
    return ReadActivity(
        type=rule.type,
        at_s=at_s,
        key=f"{rule.type}@{round(at_s * 1000)}" if derived else "",
        took_place=not record.fits_any(rule.cancelled),
    )


def _read_deal(rule: DealRule, record: _Record) -> ReadDeal | None:
    if not any(record.text(name) for name in (*rule.won, *rule.lost)):
        return None
    is_won = record.fits(rule.won)
    status = "won" if is_won else "lost" if record.fits(rule.lost) else "open"
    dated = rule.opened_at if status == "open" else rule.closed_at
    return ReadDeal(
        status=status,
        at_s=record.read(dated, read_instant),
        amount=record.read(rule.amount, read_number) if rule.amount else None,
    )


def opened_at(mapping: ObjectMapping, fields: Mapping[str, Raw]) -> float | None:
    """When the deal of a record was opened, whatever became of it since; None when it does not say."""
    if mapping.deal is None:
        return None
    return _Record(_filled(mapping, fields)).read(mapping.deal.opened_at, read_instant)


def _aliases(record: _Record, names: Iterable[str], email: str) -> tuple[str, ...]:
    """Several addresses in one field stand apart by semicolons, commas or blanks; what is none is passed over."""
    found = set()
    for text in (record.text(name) for name in names):
        for each in text.replace(";", " ").replace(",", " ").split():
            try:
                found.add(read_email(each))
            except NotUnderstood:
                continue
    return tuple(sorted(found - {email}))


def _mail_domain(record: _Record, email: str) -> str:
    """Blank also for a host that cannot be a company's, such as one of a single label."""
    try:
        return (record.domain(email) if email else None) or ""
    except NotUnderstood:
        return ""


def _name(record: _Record, name: str) -> str:
    value = record.filled.get(name)
    return "" if value is None else fold_name(as_text(value))
