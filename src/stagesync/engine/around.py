"""Finds the records that could be one with those that changed: by address, link, merge, verdict or person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from stagesync.connector import Role
from stagesync.domain.identity import Joined, Known, Word, join_accounts, join_people
from stagesync.engine.deployment import Deployment
from stagesync.store import aliases, links, records, verdicts
from stagesync.store.people import Kind
from stagesync.store.records import StoredRecord
from stagesync.store.verdicts import StoredVerdict

WHOLE_BASE = 5_000
"""Changed records beyond which reading every record beats following keys."""


@dataclass(frozen=True, slots=True)
class Around:
    """Changed records and all that could be joined with them, by number.

    Attributes:
        live: those that somebody is made of, merged ones included.
        gone: the others: nobody is made of them any more.
        known: the live ones as identity looks at them.
        joined: who is one by what CRMs, verdicts and addresses say, before anything is held back.
        words: the verdicts that stand, oldest first.
    """

    live: Mapping[int, StoredRecord]
    gone: Sequence[StoredRecord]
    known: Mapping[int, Known]
    joined: Joined
    words: Sequence[StoredVerdict] = ()


def look_around(
    tx: Connection, deployment: Deployment, changed: Sequence[StoredRecord], *, kind: Kind
) -> Around:
    """The changed records with those around them, joined."""
    words = verdicts.standing(tx) if kind == "person" else []
    role = Role.PERSON if kind == "person" else Role.ACCOUNT
    found = _closure(tx, deployment, changed, role=role, words=words)
    merged = _merged(found)
    live = {pk: each for pk, each in found.items() if pk in merged or (each.held and not each.gone)}
    known = _known(tx, live, merged, kind=kind)
    everybody = list(known.values())
    said = [Word(each.together, each.one, each.other) for each in words]
    joined = join_people(everybody, said) if kind == "person" else join_accounts(everybody)
    return Around(
        live, [each for pk, each in found.items() if pk not in live], known, joined, words
    )


def _merged(around: Mapping[int, StoredRecord]) -> dict[int, int]:
    """Record -> the live record that it became part of, through any number of merges.

    It stays with its person: the person's id, and what the record told before, are the winner's now.
    """
    by_ref = {(each.connection, each.object, each.id): each for each in around.values()}
    found = {}
    for pk, each in around.items():
        winner, seen = each, {""}
        while winner.gone and winner.merged_into not in seen:
            seen.add(winner.merged_into)
            ref = (winner.connection, winner.object, winner.merged_into)
            winner = by_ref.get(ref, winner)
        if each.gone and winner.held and not winner.gone:
            found[pk] = winner.pk
    return found


def _known(
    tx: Connection, live: Mapping[int, StoredRecord], merged: Mapping[int, int], *, kind: Kind
) -> dict[int, Known]:
    """What identity looks at; a merged record has nothing to say but whose part it is."""
    named = links.links_from(tx, live)
    further = aliases.aliases_of(tx, live) if kind == "person" else {}
    return {
        pk: Known(
            key=pk,
            connection=each.connection,
            name=("", "") if pk in merged else each.name,
            mark="" if pk in merged else each.email if kind == "person" else each.domain,
            same_as=(merged[pk],)
            if pk in merged
            else tuple(far for far in named.get(pk, ()) if far in live),
            id_hint=f"{each.connection}/{each.object}/{each.id}",
            held_by=getattr(each, kind) or "",
            merged=pk in merged,
            aliases=() if pk in merged else further.get(pk, ()),
        )
        for pk, each in live.items()
    }


def _closure(
    tx: Connection,
    deployment: Deployment,
    changed: Sequence[StoredRecord],
    *,
    role: Role,
    words: Iterable[StoredVerdict],
) -> dict[int, StoredRecord]:
    """The changed records and all that could be joined with them, by number.

    Args:
        words: verdicts: whoever is named in one is near to the others named.
    """
    tied: dict[int, set[int]] = {}
    for word in words:
        for pk in word.records:
            tied.setdefault(pk, set()).update(word.records)
    objects = [
        (name, each)
        for name, connected in deployment.connections.items()
        for each in connected.objects(role)
    ]
    if len(changed) > WHOLE_BASE:
        return {each.pk: each for each in records.all_records(tx, objects)} | {
            each.pk: each for each in changed
        }
    found = {each.pk: each for each in changed}
    fresh = list(changed)
    while fresh:
        near = _neighbours(tx, fresh, role=role, tied=tied)
        fresh = [
            each
            for each in near
            if each.pk not in found and (each.connection, each.object) in objects
        ]
        found.update({each.pk: each for each in fresh})
    return found


def _neighbours(
    tx: Connection,
    fresh: Sequence[StoredRecord],
    *,
    role: Role,
    tied: Mapping[int, set[int]],
) -> list[StoredRecord]:
    column, mark = ("person", "email") if role is Role.PERSON else ("account", "domain")
    marks = {getattr(each, mark) for each in fresh} - {""}
    holders = {getattr(each, column) for each in fresh} - {None}
    pks = [each.pk for each in fresh]
    if role is Role.PERSON:
        marks |= {each for found in aliases.aliases_of(tx, pks).values() for each in found}
    far = [
        pk
        for found in (links.links_from(tx, pks), links.links_to(tx, pks))
        for pk in {to for targets in found.values() for to in targets}
    ]
    far += {pk for each in pks for pk in tied.get(each, ())}
    far += aliases.bearers_of(tx, sorted(marks)) if role is Role.PERSON else ()
    winners = [
        found
        for each in fresh
        if each.merged_into
        for found in records.records_of(
            tx, each.connection, each.object, [each.merged_into]
        ).values()
    ]
    return [
        *winners,
        *records.records_where(tx, mark, sorted(marks)),
        *records.records_where(tx, column, sorted(holders)),
        *records.records_where(tx, "pk", far),
    ]
