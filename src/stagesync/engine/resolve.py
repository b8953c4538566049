"""Finds out whose facts changed: records into people and accounts, the rest through its links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from stagesync.connector import Role
from stagesync.domain.identity import Joined, Known, join_accounts, join_people, name_groups
from stagesync.engine.deployment import Deployment
from stagesync.engine.joins import hold_back
from stagesync.store import holds, links, people, records, state
from stagesync.store.people import Kind
from stagesync.store.records import StoredRecord

WHOLE_BASE = 5_000
"""Changed records beyond which reading every record beats following keys."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What resolving found.

    Attributes:
        shared_marks: addresses and domains that joined nobody because several share them.
        too_large: groups that were not believed.
    """

    shared_marks: int
    too_large: int


def resolve(tx: Connection, deployment: Deployment) -> Resolved:
    """Join the changed records, and mark the people and accounts to evaluate."""
    pks = [int(key) for key in state.dirty_keys(tx, "record")]
    changed = records.records_where(tx, "pk", pks)
    by_role: dict[Role | None, list[StoredRecord]] = {}
    for each in changed:
        by_role.setdefault(deployment.role(each.connection, each.object), []).append(each)
    companies, accounts = _regroup(tx, deployment, by_role.get(Role.ACCOUNT, []), kind="account")
    humans, _ = _regroup(tx, deployment, by_role.get(Role.PERSON, []), kind="person")
    _settle_accounts(tx, deployment, by_role.get(Role.ACCOUNT, []), accounts)
    _mark_deals(tx, [*by_role.get(Role.DEAL, []), *by_role.get(Role.LINK, [])])
    _mark_owners(tx, by_role.get(Role.ACTIVITY, []))
    state.clean(tx, "record", pks)
    return Resolved(
        shared_marks=len(companies.shared) + len(humans.shared),
        too_large=len(companies.too_large) + len(humans.too_large),
    )


def _regroup(
    tx: Connection, deployment: Deployment, changed: Sequence[StoredRecord], *, kind: Kind
) -> tuple[Joined, set[str]]:
    """Join the changed records with those around them; also who gained, lost or changed a record."""
    if not changed:
        return Joined((), {}, ()), set()
    role = Role.PERSON if kind == "person" else Role.ACCOUNT
    around = _closure(tx, deployment, changed, role=role)
    merged = _merged(around)
    live = {
        pk: each for pk, each in around.items() if pk in merged or (each.held and not each.gone)
    }
    known = _known(tx, live, merged, kind=kind)
    joined = (join_people if kind == "person" else join_accounts)(list(known.values()))
    if kind == "person":
        joined = hold_back(tx, deployment, joined, known)
    named = name_groups(joined, known, prefix="p_" if kind == "person" else "a_")
    people.ensure(tx, kind, named)
    moved, touched = [], {each.pk for each in changed}
    absorbed: dict[str, str] = {}
    dirty: set[str] = set()
    losing: set[str | None] = set()
    for name, keys in named.items():
        for key in keys:
            before = getattr(live[key], kind)
            if before != name:
                moved.append((key, name))
                dirty.update(filter(None, (before, name)))
                losing.add(before)
                absorbed[str(before)] = name
            elif key in touched:
                dirty.add(name)
    gone = [each for pk, each in around.items() if pk not in live]
    dirty.update(getattr(each, kind) for each in gone if getattr(each, kind))
    losing.update(getattr(each, kind) for each in gone)
    people.assign(tx, kind, moved)
    people.unassign(tx, kind, [each.pk for each in gone if getattr(each, kind)])
    if kind == "person":
        _mark_accounts_left(tx, {before for before in losing if before})
    removed = set(people.remove_empty(tx, kind, sorted(dirty)))
    state.mark_dirty(tx, kind, sorted(dirty - removed))
    holds.move(tx, [(before, name) for before, name in absorbed.items() if before in removed])
    # What waited to be written for them is given up.
    state.mark_dirty(tx, "plan", sorted(removed))
    return joined, dirty


def _mark_accounts_left(tx: Connection, losing: set[str]) -> None:
    """Place the accounts of people who lose a record anew: it may have been their last."""
    left = {each.account for each in people.placed(tx, "person", losing).values()} - {None}
    state.mark_dirty(tx, "account", sorted(left, key=str))


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


def _closure(
    tx: Connection, deployment: Deployment, changed: Sequence[StoredRecord], *, role: Role
) -> dict[int, StoredRecord]:
    """The changed records and all that could be joined with them."""
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
        near = _neighbours(tx, fresh, role=role)
        fresh = [
            each
            for each in near
            if each.pk not in found and (each.connection, each.object) in objects
        ]
        found.update({each.pk: each for each in fresh})
    return found


def _neighbours(tx: Connection, fresh: Sequence[StoredRecord], *, role: Role) -> list[StoredRecord]:
    column, mark = ("person", "email") if role is Role.PERSON else ("account", "domain")
    marks = {getattr(each, mark) for each in fresh} - {""}
    holders = {getattr(each, column) for each in fresh} - {None}
    pks = [each.pk for each in fresh]
    far = [
        pk
        for found in (links.links_from(tx, pks), links.links_to(tx, pks))
        for pk in {to for targets in found.values() for to in targets}
    ]
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


def _known(
    tx: Connection, live: Mapping[int, StoredRecord], merged: Mapping[int, int], *, kind: Kind
) -> dict[int, Known]:
    """What identity looks at; a merged record has nothing to say but whose part it is."""
    named = links.links_from(tx, live)
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
        )
        for pk, each in live.items()
    }


def _settle_accounts(
    tx: Connection,
    deployment: Deployment,
    changed: Sequence[StoredRecord],
    accounts: set[str],
) -> None:
    """Say which account each concerned person belongs to, and place anew whose account changed.

    By the company record that one of their records names, in the order of `prefer`; else by the web
    domain of their address, unless a free-mail provider serves it.

    Args:
        changed: company records.
        accounts: those that gained, lost or changed a record.
    """
    members = people.people_of_accounts(tx, sorted(accounts))
    touched_people = {who for found in members.values() for who in found}
    companies = [*changed, *records.records_where(tx, "account", sorted(accounts))]
    named_by = links.links_to(tx, {each.pk for each in companies})
    around = records.records_where(tx, "pk", {pk for pks in named_by.values() for pk in pks})
    domains = {each.domain for each in companies} - {""}
    around += records.records_with_mail_at(tx, sorted(domains - deployment.free_mail))
    touched_people.update(each.person for each in around if each.person)
    state.mark_dirty(tx, "person", sorted(touched_people))
    concerned = set(state.dirty_keys(tx, "person"))
    own = records.records_where(tx, "person", sorted(concerned))
    if not own:
        return
    found = _accounts_of(tx, deployment, own)
    before = people.placed(tx, "person", sorted(concerned))
    moved = [
        (who, found.get(who)) for who in sorted(before) if before[who].account != found.get(who)
    ]
    people.set_accounts(tx, moved)
    state.mark_dirty(tx, "person", [who for who, _ in moved])
    touched = {account for _, account in moved} | {before[who].account for who, _ in moved}
    state.mark_dirty(tx, "account", sorted(touched - {None}, key=str))


def _accounts_of(
    tx: Connection, deployment: Deployment, own: Sequence[StoredRecord]
) -> dict[str, str]:
    named = links.links_from(tx, [each.pk for each in own])
    far = {pk for targets in named.values() for pk in targets}
    account_of = {each.pk: each.account for each in records.records_where(tx, "pk", far)}
    hosts = {_host(each.email) for each in own} - {""} - deployment.free_mail
    by_domain = people.accounts_of_domains(tx, sorted(hosts))
    order = {name: place for place, name in enumerate(deployment.prefer)}
    ranked = sorted(own, key=lambda each: (order.get(each.connection, len(order)), each.pk))
    found: dict[str, str] = {}
    for each in ranked:
        account = next(
            (account_of[pk] for pk in named.get(each.pk, ()) if account_of.get(pk)), None
        )
        if each.person and account:
            found.setdefault(each.person, account)
    for each in ranked:
        if each.person and _host(each.email) in by_domain:
            found.setdefault(each.person, by_domain[_host(each.email)])
    return found


def _host(email: str) -> str:
    return email.rpartition("@")[2]


def _mark_deals(tx: Connection, told: Sequence[StoredRecord]) -> None:
    """Everybody whom these deals, or the deals that these joins name, concern."""
    if not told:
        return
    pks = {each.pk for each in told}
    pks |= {far for targets in links.links_from(tx, pks).values() for far in targets}
    pks |= {
        near
        for near_pks in links.links_to(tx, [each.pk for each in told]).values()
        for near in near_pks
    }
    pks |= {far for targets in links.links_from(tx, pks).values() for far in targets}
    around = records.records_where(tx, "pk", sorted(pks))
    accounts = {each.account for each in around} - {None}
    of_people = {each.person for each in around} - {None}
    members = people.people_of_accounts(tx, sorted(filter(None, accounts)))
    of_people |= {who for found in members.values() for who in found}
    state.mark_dirty(tx, "person", sorted(of_people, key=str))
    state.mark_dirty(tx, "account", sorted(accounts, key=str))


def _mark_owners(tx: Connection, told: Iterable[StoredRecord]) -> None:
    named = links.links_from(tx, [each.pk for each in told])
    owners = {pk for targets in named.values() for pk in targets}
    found = {each.person for each in records.records_where(tx, "pk", sorted(owners))} - {None}
    state.mark_dirty(tx, "person", sorted(found, key=str))
