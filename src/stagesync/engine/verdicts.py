"""People's word on who is one human: heeded before everything else, and taken back by its id.

A verdict names records, because people come and go and records stay: a record that its CRM merges into
another one takes the verdict along. It acts at once here; the CRMs get the new stages in the next run.
Undoing it gives the records back the ids and the places that they had before, as far as no other verdict
and nothing that happened since says otherwise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy import Connection

from stagesync.connector import Role
from stagesync.engine import audit
from stagesync.engine.around import Around, look_around
from stagesync.engine.deployment import Deployment
from stagesync.engine.find import find, records_named
from stagesync.engine.instants import iso
from stagesync.engine.resolve import resolve
from stagesync.engine.restore import give_back_ids, give_back_places, undone_since
from stagesync.engine.spoken import document, name_of, people_of
from stagesync.errors import ArgumentError
from stagesync.store import people, records, state, verdicts
from stagesync.store.records import StoredRecord
from stagesync.store.verdicts import StoredVerdict

log = structlog.get_logger()


def join(deployment: Deployment, who: str, other: str, *, by: str, now_s: float) -> dict[str, Any]:
    """Say that two people are one human.

    Args:
        who, other: each an e-mail, a record or a person id.

    Raises:
        ArgumentError: one of them names nobody, several, or an account; or they are one already.
    """
    with deployment.store.begin(fenced=False) as tx:
        one, two = _person(tx, who), _person(tx, other)
        if one == two:
            raise ArgumentError(f"both are {one} already")
        sides = [[each.pk for each in records.records_where(tx, "person", [p])] for p in (one, two)]
        said = _say(tx, deployment, sides, together=True, by=by, now_s=now_s)
        return document(tx, said, [one, two])


def split(deployment: Deployment, record: str, *, by: str, now_s: float) -> dict[str, Any]:
    """Say that a record is another human than the others of its person.

    Args:
        record: its id, or `connection/object/id`.

    Raises:
        ArgumentError: no person's live record, or several, or one that stands alone.
    """
    with deployment.store.begin(fenced=False) as tx:
        leaving = _record(tx, deployment, record)
        person = str(leaving.person)
        around = look_around(tx, deployment, [leaving], kind="person")
        own = [pk for pk, each in around.live.items() if each.person == person]
        along = {leaving.pk} | {pk for pk in own if _became(around, pk) == leaving.pk}
        left = sorted(set(own) - along)
        if not left:
            raise ArgumentError(
                f"{name_of(leaving)} is alone in {person}: there is nobody to part from"
            )
        said = _say(tx, deployment, [sorted(along), left], together=False, by=by, now_s=now_s)
        return document(tx, said, [person])


def undo(deployment: Deployment, verdict_id: str, *, by: str, now_s: float) -> dict[str, Any]:
    """Take a verdict back, and put everybody where they were before it.

    Raises:
        ArgumentError: no verdict of that id stands.
    """
    with deployment.store.begin(fenced=False) as tx:
        everything = verdicts.all_verdicts(tx)
        said = next((v for v in everything if v.id == verdict_id and v.stands), None)
        if said is None:
            raise ArgumentError(
                f"no verdict `{verdict_id}` stands",
                hint="stagesync people list shows those that do",
            )
        people_before = sorted(people_of(tx, said))
        verdicts.undo(tx, verdict_id, by=by, at_s=now_s)
        _tell(tx, deployment, replace(said, undone_by=by), people_before, by=by, now_s=now_s)
        past = undone_since(said, everything)
        give_back_ids(tx, deployment, said, past, now_s=now_s)
        _apply(tx, deployment, [*said.records, *said.before], by=by, now_s=now_s)
        give_back_places(tx, deployment, past, now_s=now_s)
        return document(tx, replace(said, undone_by=by, undone_at_s=now_s), people_before)


def listed(deployment: Deployment, *, undone: bool = False) -> list[dict[str, Any]]:
    """The verdicts that stand, oldest first.

    Args:
        undone: also those that were taken back.
    """
    with deployment.store.begin() as tx:
        found = verdicts.all_verdicts(tx) if undone else verdicts.standing(tx)
        return [document(tx, each, sorted(people_of(tx, each))) for each in found]


def _say(
    tx: Connection,
    deployment: Deployment,
    sides: Sequence[Sequence[int]],
    *,
    together: bool,
    by: str,
    now_s: float,
) -> StoredVerdict:
    """Keep a verdict with how things stand, log it, and act on it."""
    one, other = (tuple(sorted(side)) for side in sides)
    named = records.records_where(tx, "pk", [*one, *other])
    near = look_around(tx, deployment, named, kind="person").live
    before = {pk: each.person for pk, each in near.items() if each.person}
    seq = verdicts.next_seq(tx)
    said = StoredVerdict(
        id="v_" + hashlib.blake2s(f"{seq}/{one}/{other}".encode(), digest_size=4).hexdigest(),
        seq=seq,
        together=together,
        one=one,
        other=other,
        said_by=by,
        said_at_s=now_s,
        before=before,
        placed=people.placed(tx, "person", sorted(set(before.values()))),
    )
    verdicts.add(tx, said)
    _tell(tx, deployment, said, sorted(people_of(tx, said)), by=by, now_s=now_s)
    _apply(tx, deployment, said.records, by=by, now_s=now_s)
    return said


def _apply(
    tx: Connection, deployment: Deployment, pks: Iterable[int], *, by: str, now_s: float
) -> None:
    state.mark_dirty(tx, "record", sorted(set(pks)))
    resolve(tx, deployment, run="", now_s=now_s, actor=by)


def _tell(
    tx: Connection,
    deployment: Deployment,
    said: StoredVerdict,
    concerned: Sequence[str],
    *,
    by: str,
    now_s: float,
) -> None:
    """One entry for each person concerned: who said what, of whom."""
    word = "undone" if said.undone_by else said.word
    names = [name_of(each) for each in records.records_where(tx, "pk", said.records)]
    entries = [
        {
            "at": iso(now_s),
            "run": "",
            "actor": by,
            "person": who,
            "policy": deployment.policy.label,
            "result": {"verdict": said.id, "says": word, "records": sorted(names)},
        }
        for who in concerned
    ]
    audit.append(tx, entries)
    log.info("verdict", verdict=said.id, says=word, people=list(concerned))


def _person(tx: Connection, who: str) -> str:
    kind, found = find(tx, who)
    if kind != "person":
        raise ArgumentError(f"{found} is an account, not a person")
    return found


def _record(tx: Connection, deployment: Deployment, record: str) -> StoredRecord:
    found = [
        each
        for each in records_named(tx, record)
        if each.person
        and not each.gone
        and deployment.role(each.connection, each.object) is Role.PERSON
    ]
    if not found:
        raise ArgumentError(
            "no person's record has that id", hint="stagesync explain shows somebody's records"
        )
    if len(found) > 1:
        names = ", ".join(sorted(name_of(each) for each in found))
        raise ArgumentError(f"that names several: {names}", hint="ask for one of these")
    return found[0]


def _became(around: Around, pk: int) -> int:
    """The record that a merged one is part of; itself when it was not merged."""
    known = around.known[pk]
    return known.same_as[0] if known.merged else pk
