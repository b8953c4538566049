"""What stays as it is because of a person, and what they say to it: hold, release, retry, pause, resume."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy import Connection

from stagesync.domain.guard import Cause
from stagesync.domain.plan import NOT_OURS, Reason
from stagesync.engine import audit
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.find import find
from stagesync.engine.instants import iso
from stagesync.errors import ArgumentError
from stagesync.store import connections, differences, holds, people, records, state
from stagesync.store.holds import WHOLE, Hold
from stagesync.store.people import KINDS, Kind, Placed
from stagesync.store.plans import StoredEntry
from stagesync.store.records import StoredRecord

log = structlog.get_logger()

REASONS = {"edit": Reason.EDITED, "undo": Reason.UNDONE, "hand": Reason.BY_HAND}

BY_TIME = "time"

PARKED = (Reason.REFUSED, Reason.DROPPED)
"""Why a value waits for somebody's word."""


def hold_id(*parts: object) -> str:
    """The id of a hold, from what it is about."""
    told = "/".join(str(part) for part in parts)
    return "h_" + hashlib.blake2s(told.encode(), digest_size=4).hexdigest()


def hold(
    deployment: Deployment,
    who: str,
    *,
    for_s: float | None,
    by: str,
    now_s: float,
    field: str = "",
    why: str = "",
) -> Hold:
    """Write nothing of somebody to any CRM, for a while or until it is released.

    Args:
        field: `connection/object/id/field` of one of their records: that value alone is left as it is.
        why: in the words of whoever asks for it.

    Raises:
        ArgumentError: nobody, or several; or the field is none of theirs.
    """
    with deployment.store.begin(fenced=False) as tx:
        kind, subject = find(tx, who)
        placed = people.placed(tx, kind, [subject])[subject]
        record, name = _field_of(tx, deployment, kind, subject, field) if field else (None, "")
        made = Hold(
            id=hold_id("hand", record.pk, name) if record else hold_id("hand", subject),
            kind="hand",
            subject=subject,
            record_pk=record.pk if record else WHOLE,
            field=name,
            value=record.fields.get(name) if record else None,
            stage=_stage(deployment, placed),
            policy=deployment.policy.label,
            until_s=None if for_s is None else now_s + for_s,
            made_by=by,
            why=why or "held by hand",
            made_at_s=now_s,
        )
        holds.save(tx, [made])
        state.mark_dirty(tx, "plan", [subject], cause=Cause.BY_HAND)
        _tell(tx, deployment, [made], "hold", by=by, now_s=now_s)
    return made


def _field_of(
    tx: Connection, deployment: Deployment, kind: Kind, subject: str, field: str
) -> tuple[StoredRecord, str]:
    """The record of somebody, and the name of its field, which a mapping writes."""
    *ref, name = field.split("/")
    for each in records.records_where(tx, kind, [subject]):
        connected = deployment.connections.get(each.connection)
        if [each.connection, each.object, each.id] == ref and connected and not each.gone:
            written = {rule.field for rule in connected.object_mapping(each.object).writes}
            if name in written:
                return each, name
    raise ArgumentError(
        f"`{field}` is no field of theirs that stagesync writes",
        hint="name it as connection/object/id/field; stagesync explain lists them",
    )


def release(
    deployment: Deployment, who: str, *, by: str, now_s: float, only: str = ""
) -> list[Hold]:
    """End every hold on somebody; the next run plans them anew.

    Args:
        only: the id of a hold: this one alone.

    Raises:
        ArgumentError: nobody, or several.
    """
    with deployment.store.begin(fenced=False) as tx:
        _, subject = find(tx, who)
        found = holds.standing(tx, [subject]).get(subject, [])
        found = [each for each in found if only in ("", each.id)]
        holds.end(tx, [each.id for each in found], by=by, at_s=now_s)
        _look_again(tx, found, cause=Cause.BY_HAND)
        _tell(tx, deployment, found, "release", by=by, now_s=now_s)
    return found


def retry(deployment: Deployment, who: str | None, *, by: str = "unknown") -> int:
    """Plan those anew to whom a CRM said no, by its fields as they are now; how many people and accounts.

    Args:
        who: only them, also with what was dropped of theirs.
    """
    with deployment.store.begin(fenced=False) as tx:
        if who:
            found = [find(tx, who)[1]]
            found = [each for each in differences.subjects_left(tx, PARKED) if each in found]
        else:
            found = differences.subjects_left(tx, [Reason.REFUSED])
        try_again(tx, deployment, found, by=by)
    return len(found)


def try_again(
    tx: Connection, deployment: Deployment, subjects: Collection[str], *, by: str
) -> None:
    """Plan these people and accounts anew, by the fields of the CRMs as they are now."""
    for name in deployment.connections:
        connections.doubt_description(tx, name)
    state.mark_dirty(tx, "plan", subjects, cause=Cause.BY_HAND)
    audit.tell(tx, {"retried": len(subjects)}, actor=by, now_s=deployment.clock.now_s())


def pause(
    deployment: Deployment, connected: Connected, *, paused: bool, by: str, now_s: float
) -> None:
    """Leave a connection alone from now on, or serve it again."""
    name = connected.name
    with deployment.store.begin() as tx:
        connections.meet_connection(tx, name, connected.first_mode)
        connections.pause(tx, name, by=by if paused else "")
        told = {"connection": "paused" if paused else "resumed"}
        audit.tell(tx, told, actor=by, now_s=now_s, connection=name)


def end_due(tx: Connection, deployment: Deployment, *, run: str, now_s: float) -> None:
    """End what its time has come for, and plan those concerned anew."""
    found = holds.due(tx, now_s=now_s)
    holds.end(tx, [each.id for each in found], by=BY_TIME, at_s=now_s)
    _look_again(tx, found, cause=Cause.TIME)
    _tell(tx, deployment, found, "release", by=BY_TIME, now_s=now_s, run=run)


def _look_again(tx: Connection, ended: Iterable[Hold], *, cause: Cause) -> None:
    """Plan those concerned; and evaluate them, whose levels were fixed."""
    for each in ended:
        kind = "person" if each.kind == "adopt" else "plan"
        state.mark_dirty(tx, kind, [each.subject], cause=cause)


def kept(
    tx: Connection,
    deployment: Deployment,
    placed: Mapping[str, Placed],
    *,
    run: str,
    now_s: float,
) -> tuple[dict[int, dict[str, Reason]], set[str], dict[int, dict[str, Hold]]]:
    """Record -> field -> why it stays; those of whom nothing is written at all; and what we owe.

    Owed is what somebody set and we replaced unseen: record -> field -> its hold.

    An undo holds as long as nothing moves the person: it ends here when their stage or the policy is another one.
    """
    found: dict[int, dict[str, Reason]] = {}
    by_hand: set[str] = set()
    owed: dict[int, dict[str, Hold]] = {}
    void: list[Hold] = []
    for subject, of_subject in holds.standing(tx, placed).items():
        for each in of_subject:
            if each.kind == "hand" and each.record_pk == WHOLE:
                by_hand.add(subject)
            elif each.kind == "undo" and not _holds_on(deployment, each, placed[subject]):
                void.append(each)
            elif each.kind in REASONS and each.record_pk != WHOLE:
                found.setdefault(each.record_pk, {})[each.field] = REASONS[each.kind]
            if each.over is not None:
                owed.setdefault(each.record_pk, {})[each.field] = each
    holds.end(tx, [each.id for each in void], by="another stage", at_s=now_s)
    _tell(tx, deployment, void, "release", by="stagesync", now_s=now_s, run=run)
    return found, by_hand, owed


def held_by_hand(tx: Connection, subjects: Iterable[str]) -> set[str]:
    """Those of whom nothing is written."""
    return {
        subject
        for subject, found in holds.standing(tx, subjects).items()
        if any(each.kind == "hand" and each.record_pk == WHOLE for each in found)
    }


def pin(
    tx: Connection, deployment: Deployment, written: Iterable[StoredEntry], *, now_s: float
) -> None:
    """Keep what an undo restored, until the person moves for another reason."""
    undone = [each for each in written if each.cause == Cause.UNDO]
    # The next plan tells what stays because of it.
    state.mark_dirty(tx, "plan", {each.subject for each in undone})
    placed: dict[str, Placed] = {}
    for kind in KINDS:
        placed |= people.placed(tx, kind, {each.subject for each in undone})
    holds.save(
        tx,
        [
            Hold(
                id=hold_id("undo", each.record_pk, each.field),
                kind="undo",
                subject=each.subject,
                record_pk=each.record_pk,
                field=each.field,
                value=each.after,
                stage=_stage(deployment, placed[each.subject]),
                policy=deployment.policy.label,
                until_s=None,
                made_by="stagesync",
                why=str(each.because[0]["rule"]),
                made_at_s=now_s,
            )
            for each in undone
            if each.subject in placed
        ],
    )


def note_given_back(tx: Connection, written: Iterable[StoredEntry]) -> None:
    """What we had replaced unseen stands again: it is read as the word that it was."""
    back = [(each.record_pk, each.field) for each in written if each.way in NOT_OURS]
    state.mark_dirty(tx, "record", holds.stand_again(tx, back))


def overrides_of(
    tx: Connection, subjects: Iterable[str]
) -> dict[str, tuple[dict[str, str], float]]:
    """Person -> the levels that a person's word fixes, and until when."""
    return {
        subject: (dict(each.value), each.until_s or 0.0)
        for subject, found in holds.standing(tx, subjects).items()
        for each in found
        if each.kind == "adopt"
    }


def document(each: Hold) -> dict[str, Any]:
    """A hold as commands print it."""
    return {
        "hold": each.id,
        "kind": each.kind,
        "person": each.subject,
        "field": each.field or None,
        "since": iso(each.made_at_s),
        "until": None if each.until_s is None else iso(each.until_s),
        "by": each.made_by,
        "why": each.why,
        "ended": None if each.ended_at_s is None else iso(each.ended_at_s),
        "ended_by": each.ended_by or None,
    }


def _holds_on(deployment: Deployment, each: Hold, placed: Placed) -> bool:
    return each.stage == _stage(deployment, placed) and each.policy == deployment.policy.label


def _stage(deployment: Deployment, placed: Placed) -> str:
    return (placed.stages or {}).get(deployment.main_vocabulary, "")


def _tell(
    tx: Connection,
    deployment: Deployment,
    found: Sequence[Hold],
    act: str,
    *,
    by: str,
    now_s: float,
    run: str = "",
) -> None:
    """Every hold and release is in the log, with who said so, and the run in which time or a move did."""
    audit.append(
        tx,
        [
            {
                "at": iso(now_s),
                "run": run,
                "actor": by,
                "person": each.subject,
                "field": each.field or None,
                "after": each.value,
                "policy": deployment.policy.label,
                "reasons": [{"rule": each.why, "points": 0}],
                "result": {act: each.id, "kind": each.kind},
            }
            for each in found
        ],
    )
    for each in found:
        log.info(act, hold=each.id, person=each.subject, kind=each.kind, by=by)
