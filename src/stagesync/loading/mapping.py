"""A mapping file: what its grammar is, and how its objects are read.

connector: hubspot
version: 1
empty_values: ["N/A", "-"]            texts that count as empty
contact:                              an object of the connector; blank when only its links matter
  identity: {email: email, first_name: firstname, last_name: lastname,
             aliases: F or [..]}                                          of people
            {domain: [domain, website]}                                   of accounts
  facts:      see `mapping_facts`
  people:     facts that an account's record gives to all its people
  activities: TYPE: {at: FIELD or [..], when: {FIELD: value or [..]}, when_changes: FIELD,
                     cancelled: {FIELD: [..]}, optional: yes}, or a list of such rules
  deal:       {won: {FIELD: value}, lost: {FIELD: value}, opened_at: F, closed_at: F, amount: F}
  frozen_when: {FIELD: value}         a record that the vendor holds read-only
  scope:      {where: {FIELD: value or [..]}, unless: {FIELD: ..}, email_domain: D or [..],
               not_email_domain: D or [..], created_after: INSTANT,
               list: L or [..], not_list: L or [..]}                   which records may be written
  writes:     see `mapping_writes`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from stagesync.domain.mapping_rules import (
    ActivityRule,
    CrmMapping,
    DealRule,
    FactRule,
    Identity,
    ObjectMapping,
    Scope,
    same_text,
)
from stagesync.domain.policy import Policy
from stagesync.domain.vocabulary import Vocabulary
from stagesync.errors import DefinitionError
from stagesync.loading.canonical import digest_of
from stagesync.loading.document import Report, Spot, open_document
from stagesync.loading.domains import company_domain
from stagesync.loading.instants import parse_instant
from stagesync.loading.mapping_facts import read_facts
from stagesync.loading.mapping_words import flag, one, read_when, several
from stagesync.loading.mapping_writes import read_writes
from stagesync.loading.names import unknown

_HEAD = ("connector", "version", "empty_values")
_OBJECT = ("identity", "facts", "people", "activities", "deal", "frozen_when", "scope", "writes")
_IDENTITY = ("email", "aliases", "first_name", "last_name", "domain")
_ACTIVITY = ("at", "when", "when_changes", "cancelled", "optional")
_SCOPE = (
    "where", "unless", "email_domain", "not_email_domain", "created_after", "list", "not_list",
)  # fmt: skip
_DEAL = ("won", "lost", "opened_at", "closed_at", "amount")


def load_mapping(
    path: Path, *, vocabularies: Mapping[str, Vocabulary], policy: Policy
) -> CrmMapping:
    """The mapping of a YAML file.

    Args:
        path: the file.
        vocabularies: by name; those whose stages may be written.
        policy: whose facts, activity types and scores the file may name.

    Raises:
        DefinitionError: with every problem of the file, each with its line.
    """
    report = Report(str(path))
    mapping = read_mapping(path, report, vocabularies=vocabularies, policy=policy)
    if report.problems or mapping is None:
        raise DefinitionError(report.problems)
    return mapping


def read_mapping(
    path: Path, report: Report, *, vocabularies: Mapping[str, Vocabulary], policy: Policy
) -> CrmMapping | None:
    """As much of the mapping as can be read; None when there is nothing. Problems are in the report."""
    root = open_document(path, report)
    if root is None:
        return None
    entries = root.entries()
    for key in ("connector", "version"):
        if root.is_mapping and key not in entries:
            root.problem(f"`{key}` is missing")
    empty = frozenset(same_text(text) for text in several(entries.get("empty_values")))
    objects = {
        name: replace(
            _read_object(name, spot, vocabularies=vocabularies, policy=policy),
            empty_values=empty,
            company_of=company_domain,
        )
        for name, spot in entries.items()
        if name not in _HEAD
    }
    if root.is_mapping and not objects:
        root.problem("maps no object")
    mapping = CrmMapping(
        connector=one(entries.get("connector")),
        version=(entries["version"].whole(at_least=1) if "version" in entries else None) or 0,
        objects=objects,
        digest="",
    )
    return replace(mapping, digest=digest_of(mapping))


def _read_object(
    name: str, spot: Spot, *, vocabularies: Mapping[str, Vocabulary], policy: Policy
) -> ObjectMapping:
    if not spot.is_mapping:
        if not spot.is_blank:
            spot.problem(f"must be {', '.join(_HEAD)}, or an object with {', '.join(_OBJECT)}")
        return ObjectMapping(name)
    parts = spot.fields(_OBJECT)
    identity = _read_identity(parts.get("identity"))
    read = ObjectMapping(
        object=name,
        identity=identity,
        facts=read_facts(parts.get("facts"), policy),
        people=read_facts(parts.get("people"), policy),
        activities=_read_activities(parts.get("activities"), policy),
        deal=_read_deal(parts["deal"]) if "deal" in parts else None,
        frozen_when=read_when(parts.get("frozen_when")),
        scope=_read_scope(parts["scope"]) if "scope" in parts else None,
        writes=read_writes(
            parts.get("writes"),
            vocabularies=vocabularies,
            scores=policy.scores if identity.emails else policy.accounts.scores,
            axes=[axis.name for axis in policy.axes],
            accounts=not identity.emails,
        ),
    )
    _check_sides(parts, read)
    _check_feedback(parts, read)
    return read


def _read_identity(spot: Spot | None) -> Identity:
    fields = spot.fields(_IDENTITY) if spot else {}
    identity = Identity(
        emails=several(fields.get("email")),
        first_name=one(fields.get("first_name")),
        last_name=one(fields.get("last_name")),
        domains=several(fields.get("domain")),
        aliases=several(fields.get("aliases")),
    )
    if spot and not identity.emails and not identity.domains:
        spot.problem("name `email` for people or `domain` for accounts")
    return identity


def _read_activities(spot: Spot | None, policy: Policy) -> tuple[ActivityRule, ...]:
    found: list[ActivityRule] = []
    for activity_type, rules in (spot.entries() if spot else {}).items():
        if activity_type not in policy.activities:
            rules.problem(unknown("activity type", activity_type, sorted(policy.activities)))
        listed = rules.items() if rules.is_list else [rules]
        found += [_read_activity(activity_type, rule) for rule in listed]
    return tuple(found)


def _read_activity(activity_type: str, spot: Spot) -> ActivityRule:
    fields = spot.fields(_ACTIVITY, required=("at",))
    return ActivityRule(
        type=activity_type,
        at=several(fields.get("at")),
        when=read_when(fields.get("when")),
        counter=one(fields.get("when_changes")),
        cancelled=read_when(fields.get("cancelled")),
        optional=flag(fields.get("optional")),
    )


def _read_deal(spot: Spot) -> DealRule:
    fields = spot.fields(_DEAL, required=("won", "lost", "opened_at", "closed_at"))
    return DealRule(
        won=read_when(fields.get("won")),
        lost=read_when(fields.get("lost")),
        opened_at=one(fields.get("opened_at")),
        closed_at=one(fields.get("closed_at")),
        amount=one(fields.get("amount")),
    )


def _read_scope(spot: Spot) -> Scope:
    fields = spot.fields(_SCOPE)
    if not fields:
        spot.problem(f"must name one of {', '.join(_SCOPE)}")
    return Scope(
        where=read_when(fields.get("where")),
        unless=read_when(fields.get("unless")),
        domains=_domains(fields.get("email_domain")),
        not_domains=_domains(fields.get("not_email_domain")),
        created_after_s=_instant(fields.get("created_after")),
        lists=several(fields.get("list")),
        not_lists=several(fields.get("not_list")),
    )


def _domains(spot: Spot | None) -> tuple[str, ...]:
    return tuple(same_text(text).removeprefix("@") for text in several(spot))


def _instant(spot: Spot | None) -> float | None:
    letters = spot.text() if spot else None
    if spot is None or letters is None:
        return None
    try:
        return parse_instant(letters)
    except ValueError as error:
        spot.problem(f"`{letters}` {error}")
        return None


def _check_sides(parts: Mapping[str, Spot], read: ObjectMapping) -> None:
    """Facts of a person need a person, and only an account has people."""
    persons = [rule for rule in read.facts if rule.fact.startswith("person.")]
    if persons and not read.is_person:
        parts["facts"].problem(
            f"`{persons[0].fact}` is a fact of a person, but no `identity: {{email: ..}}` says whose"
        )
    if read.people and read.is_person:
        parts["people"].problem("only an account has people; use `facts`")
    if read.scope and not read.writes:
        parts["scope"].problem("says which records may be written, but nothing is written here")
    for rule in read.people:
        if not rule.fact.startswith("person."):
            parts["people"].problem(f"`{rule.fact}` is no fact of a person")
    if read.writes and not read.identity.fields:
        parts["writes"].problem(
            "no `identity` says whether a person's or an account's stage is meant"
        )


def _check_feedback(parts: Mapping[str, Spot], read: ObjectMapping) -> None:
    """What stagesync writes must not come back to it as something that it knows."""
    written = {rule.field for rule in read.writes}
    rules: tuple[tuple[str, tuple[FactRule, ...]], ...] = (
        ("facts", read.facts),
        ("people", read.people),
    )
    for section, facts in rules:
        for rule in facts:
            if rule.field in written and not rule.set_by:
                _fact_spot(parts[section], rule.fact).problem(
                    f"reads `{rule.field}`, which this mapping writes: a computed value would feed"
                    " itself for ever; add `set_by: people`, or read another field"
                )
    bare = replace(read, facts=(), people=(), writes=(), identity=Identity(), frozen_when={})
    for name in sorted(written & set(bare.fields)):
        section = "activities" if "activities" in parts else "deal"
        parts[section].problem(f"reads `{name}`, which this mapping writes: it would feed itself")


def _fact_spot(section: Spot, fact: str) -> Spot:
    return section.entries().get(fact, section)
