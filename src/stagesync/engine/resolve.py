"""Finds out whose facts changed: records into people and accounts, the rest through its links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from stagesync.connector import Role
from stagesync.domain.identity import Joined, Known, name_groups
from stagesync.engine.around import look_around
from stagesync.engine.deployment import Deployment
from stagesync.engine.joins import hold_back
from stagesync.engine.moves import Teller, tell_moves
from stagesync.store import holds, links, people, records, state, stood
from stagesync.store.people import Kind
from stagesync.store.records import StoredRecord


@dataclass(frozen=True, slots=True)
class Resolved:
    """What resolving found.

    Attributes:
        shared_marks: addresses and domains that joined nobody because several share them.
        too_large: groups that were not believed.
    """

    shared_marks: int
    too_large: int


def resolve(
    tx: Connection, deployment: Deployment, *, run: str, now_s: float, actor: str = "stagesync"
) -> Resolved:
    """Join the changed records, and mark the people and accounts to evaluate.

    Args:
        run: empty when somebody's verdict asks for it between two runs.
        actor: who the log says did it.
    """
    pks = [int(key) for key in state.dirty_keys(tx, "record")]
    changed = records.records_where(tx, "pk", pks)
    by_role: dict[Role | None, list[StoredRecord]] = {}
    for each in changed:
        by_role.setdefault(deployment.role(each.connection, each.object), []).append(each)
    teller = Teller(deployment.policy.label, run, now_s, actor)
    companies, accounts = _regroup(
        tx, deployment, by_role.get(Role.ACCOUNT, []), kind="account", teller=teller
    )
    humans, _ = _regroup(tx, deployment, by_role.get(Role.PERSON, []), kind="person", teller=teller)
    _settle_accounts(tx, deployment, by_role.get(Role.ACCOUNT, []), accounts)
    _mark_deals(tx, [*by_role.get(Role.DEAL, []), *by_role.get(Role.LINK, [])])
    _mark_owners(tx, by_role.get(Role.ACTIVITY, []))
    state.clean(tx, "record", pks)
    return Resolved(
        shared_marks=len(companies.shared) + len(humans.shared),
        too_large=len(companies.too_large) + len(humans.too_large),
    )


def _regroup(
    tx: Connection,
    deployment: Deployment,
    changed: Sequence[StoredRecord],
    *,
    kind: Kind,
    teller: Teller,
) -> tuple[Joined, set[str]]:
    """Join the changed records with those around them; also who gained, lost or changed a record."""
    if not changed:
        return Joined((), {}, ()), set()
    around = look_around(tx, deployment, changed, kind=kind)
    joined = around.joined
    if kind == "person":
        joined = hold_back(tx, deployment, joined, around.known)
    named = _name(tx, joined, around.known, kind=kind)
    people.ensure(tx, kind, named)
    moves = [
        (key, around.known[key].held_by, name)
        for name, keys in named.items()
        for key in keys
        if around.known[key].held_by != name
    ]
    tell_moves(tx, kind, moves, around=around, staying=set(named), teller=teller)
    held_by = {name for _, before, after in moves for name in (before, after) if name}
    touched = {each.pk for each in changed}
    held_by |= {name for name, keys in named.items() if not touched.isdisjoint(keys)}
    leaving = [each for each in around.gone if getattr(each, kind)]
    left = {getattr(each, kind) for each in leaving}
    people.assign(tx, kind, [(key, name) for key, _, name in moves])
    people.unassign(tx, kind, [each.pk for each in leaving])
    if kind == "person":
        _mark_accounts_left(tx, left | {before for _, before, _ in moves if before})
    removed = set(people.remove_empty(tx, kind, sorted(held_by | left)))
    stood.note_gone(tx, sorted(removed), at_s=teller.now_s)
    state.mark_dirty(tx, kind, sorted((held_by | left) - removed))
    holds.move(tx, [(before, after) for _, before, after in moves if before in removed])
    # What waited to be written for them is given up.
    state.mark_dirty(tx, "plan", sorted(removed))
    return joined, held_by | left


def _name(
    tx: Connection, joined: Joined, known: Mapping[int, Known], *, kind: Kind
) -> dict[str, tuple[int, ...]]:
    """The groups by id; a new one never gets the id of somebody elsewhere."""
    near = {each.held_by for each in known.values()}
    taken: set[str] = set()
    while True:
        named = name_groups(joined, known, prefix=people.PREFIXES[kind], taken=taken)
        strangers = people.placed(tx, kind, sorted(set(named) - near))
        if not strangers:
            return named
        taken |= set(strangers)


def _mark_accounts_left(tx: Connection, losing: set[str]) -> None:
    """Place the accounts of people who lose a record anew: it may have been their last."""
    left = {each.account for each in people.placed(tx, "person", losing).values()} - {None}
    state.mark_dirty(tx, "account", sorted(left, key=str))


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
    hosts = {each.employer for each in own} - {""} - deployment.free_mail
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
        if each.person and each.employer in by_domain:
            found.setdefault(each.person, by_domain[each.employer])
    return found


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
