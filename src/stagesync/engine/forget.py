"""Forgets somebody: erases what is known of them here, and does not take their records in again.

The CRMs are not touched. A record that a CRM still has would come back with the next pull, so a keyed digest
of its id is kept: whoever is erased here stays out until the CRM no longer has them, or somebody says otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Connection

from stagesync.connector import Role
from stagesync.engine import audit
from stagesync.engine.deployment import Deployment
from stagesync.engine.find import find, find_in_log, records_named
from stagesync.engine.whose import ids_of
from stagesync.errors import ArgumentError
from stagesync.store import aliases, forgotten, links, people, records, state
from stagesync.store.erasing import erase, merged_into
from stagesync.store.forgotten import Traces
from stagesync.store.people import kind_of
from stagesync.store.personal import rows_of
from stagesync.store.records import Ref, StoredRecord

log = structlog.get_logger()

ASKED_FOR = "asked for"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was erased.

    Attributes:
        people: ids of ours.
        records: connection -> how many of its records.
        rows: table -> how many of its rows.
        entries: how many entries of the log were blanked.
    """

    people: tuple[str, ...]
    records: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    entries: int = 0


def traces_named(tx: Connection, deployment: Deployment, who: str) -> Traces:
    """All that a person is known by: also records that their CRM deleted, and ids that ended.

    Raises:
        ArgumentError: nobody, several, or an account.
    """
    kind, person, own = "person", "", list[StoredRecord]()
    try:
        kind, person = find(tx, who)
    except ArgumentError:
        own = [each for each in records_named(tx, who) if _is_nobodys(deployment, each)]
        if not own:
            # Somebody whose records are all gone; it says so where that is not so.
            person = find_in_log(tx, who)
            kind = kind_of(person)
    if kind == "account":
        raise ArgumentError(f"{person} is an account, not a person")
    own += records.records_where(tx, "person", [person] if person else [])
    own += _left_behind(tx, deployment, own)
    return traces_of(tx, deployment, own, ids_of(tx, person) if person else set())


def _is_nobodys(deployment: Deployment, record: StoredRecord) -> bool:
    """Whether it is a person's record that makes nobody up: deleted in its CRM, or never placed."""
    role = deployment.role(record.connection, record.object)
    return record.person is None and record.account is None and role in (Role.PERSON, None)


def _left_behind(
    tx: Connection, deployment: Deployment, own: Sequence[StoredRecord]
) -> list[StoredRecord]:
    """Records with one of the same addresses that make nobody up."""
    mails = {each.email for each in own} - {""}
    further = aliases.aliases_of(tx, [each.pk for each in own])
    mails |= {mail for mails_ in further.values() for mail in mails_}
    found = records.records_where(tx, "email", sorted(mails))
    return [each for each in found if _is_nobodys(deployment, each) and each.gone]


def traces_of(
    tx: Connection, deployment: Deployment, own: Iterable[StoredRecord], ids: Collection[str]
) -> Traces:
    """These records, what became part of them, and what was told of them alone."""
    pks = {each.pk for each in own}
    refs = {_ref(each) for each in records.records_where(tx, "pk", pks)}
    pks |= merged_into(tx, refs)
    pks |= _told_of_alone(tx, deployment, pks)
    refs = {_ref(each) for each in records.records_where(tx, "pk", pks)}
    return Traces(frozenset(ids), frozenset(pks), frozenset(refs))


def _ref(record: StoredRecord) -> Ref:
    return (record.connection, record.object, record.id)


def _told_of_alone(tx: Connection, deployment: Deployment, pks: Collection[int]) -> set[int]:
    """Activities, and joins to deals, that name these people and nobody else."""
    naming = {near for pks_ in links.links_to(tx, pks).values() for near in pks_}
    told = records.records_where(tx, "pk", naming)
    wanted = [
        each.pk
        for each in told
        if deployment.role(each.connection, each.object) in (Role.ACTIVITY, Role.LINK)
    ]
    named = links.links_from(tx, wanted)
    others = {far for pk in wanted for far in named[pk]} - set(pks)
    people_ = {
        each.pk
        for each in records.records_where(tx, "pk", others)
        if deployment.role(each.connection, each.object) is Role.PERSON
    }
    return {pk for pk in wanted if people_.isdisjoint(named[pk])}


def forget(deployment: Deployment, who: str, *, by: str, now_s: float) -> Forgotten:
    """Erase a person here. The CRMs are not touched; their records are not taken in again.

    Raises:
        ArgumentError: nobody, several, or an account.
    """
    with deployment.store.begin(fenced=False) as tx:
        traces = traces_named(tx, deployment, who)
        found = erase_all(tx, deployment, traces, actor=by, why=ASKED_FOR, now_s=now_s)
    deployment.store.forget_traces()
    log.info("forgotten", records=sum(found.records.values()))
    return found


def preview(deployment: Deployment, who: str, *, now_s: float) -> Forgotten:
    """What `forget` would erase; nothing of it is done.

    Raises:
        ArgumentError: nobody, several, or an account.
    """
    found = Forgotten(())
    with suppress(_Back), deployment.store.begin(fenced=False) as tx:
        traces = traces_named(tx, deployment, who)
        found = erase_all(tx, deployment, traces, actor="", why=ASKED_FOR, now_s=now_s)
        raise _Back
    return found


class _Back(Exception):
    """Takes a transaction back."""


def forget_records(
    tx: Connection,
    deployment: Deployment,
    refs: Iterable[Ref],
    *,
    actor: str,
    why: str,
    now_s: float,
) -> Forgotten:
    """Erase these records, and whoever is made of them alone; call `Store.forget_traces` afterwards."""
    wanted = set(refs)
    own = [each for ref in wanted for each in records.records_of(tx, *ref[:2], [ref[2]]).values()]
    traces = traces_of(tx, deployment, own, ())
    traces = Traces(frozenset(), traces.pks, traces.refs | wanted)
    return erase_all(tx, deployment, traces, actor=actor, why=why, now_s=now_s)


def erase_all(
    tx: Connection,
    deployment: Deployment,
    traces: Traces,
    *,
    actor: str,
    why: str,
    now_s: float,
    for_good: bool = True,
) -> Forgotten:
    """Erase whatever these traces lead to; people who have no record left go with them.

    Args:
        for_good: the records are not taken in again, and the log names them no longer.
    """
    own = records.records_where(tx, "pk", traces.pks)
    holders = {each.person for each in own if each.person}
    left = [
        each for each in records.records_where(tx, "person", holders) if each.pk not in traces.pks
    ]
    vanished = holders - {each.person for each in left if each.person}
    ids = {old for who in vanished for old in ids_of(tx, who)} | traces.people
    traces = Traces(frozenset(ids), traces.pks, traces.refs)
    placed = people.placed(tx, "person", ids)
    entries = 0
    if for_good:
        near = {
            who for row in rows_of(tx, "held_join", traces) for who in (row["one"], row["other"])
        }
        entries = audit.forget(
            tx, people=ids, refs=traces.refs, near=near, actor=actor, why=why, now_s=now_s
        )
        forgotten.remember(tx, traces.refs, at_s=now_s)
        forgotten.look_again(tx, traces, at_s=now_s)
    rows = erase(tx, traces)
    state.mark_dirty(tx, "record", [each.pk for each in left])
    accounts = {each.account for each in placed.values() if each.account}
    state.mark_dirty(tx, "account", sorted(people.placed(tx, "account", accounts)))
    per_crm: dict[str, int] = {}
    for each in own:
        if deployment.role(each.connection, each.object) in (Role.PERSON, None):
            per_crm[each.connection] = per_crm.get(each.connection, 0) + 1
    return Forgotten(tuple(sorted(ids)), per_crm, rows, entries)


def finish(deployment: Deployment, *, now_s: float) -> None:
    """Erase once more what was forgotten while a run may have been under way; call it before the next one works."""
    with deployment.store.begin() as tx:
        found = forgotten.to_look_for(tx)
        for traces in found:
            # Whoever was let in again meanwhile is welcome.
            refs = forgotten.forgotten_among(tx, traces.refs)
            own = [r for c, o, i in refs for r in records.records_of(tx, c, o, [i]).values()]
            pks = traces.pks | {each.pk for each in own}
            again = Traces(traces.people, pks, frozenset(refs))
            erase_all(tx, deployment, again, actor="stagesync", why=ASKED_FOR, now_s=now_s)
        if found:
            forgotten.looked(tx)
    if found:
        deployment.store.forget_traces()
