"""Puts people back where they were before a verdict that was undone.

What stood before a verdict may itself have come of another one that was undone meanwhile; so the way
back goes over all that no longer stands, to the oldest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from stagesync.domain.stays import How
from stagesync.engine.around import look_around
from stagesync.engine.deployment import Deployment
from stagesync.engine.lines import lines_back
from stagesync.store import history, people, records, state, stood
from stagesync.store.history import Transition
from stagesync.store.people import Placed
from stagesync.store.stood import Stand
from stagesync.store.verdicts import StoredVerdict


def undone_since(said: StoredVerdict, everything: Sequence[StoredVerdict]) -> list[StoredVerdict]:
    """This verdict and the undone ones before it, newest first."""
    return [said, *(v for v in reversed(everything) if v.seq < said.seq)]


def _id_before(pk: int, past: Sequence[StoredVerdict]) -> str:
    """Whom a record belonged to before the oldest verdict that no longer stands between then and now."""
    found = past[0].before.get(pk, "")
    for each in past[1:]:
        if pk in each.before and each.stands:
            break
        found = each.before.get(pk, found)
    return found


def give_back_ids(
    tx: Connection,
    deployment: Deployment,
    said: StoredVerdict,
    past: Sequence[StoredVerdict],
    *,
    now_s: float,
) -> None:
    """Let records be their former person's again, where that person is not somebody else's by now."""
    named = records.records_where(tx, "pk", [*said.records, *said.before])
    around = look_around(tx, deployment, named, kind="person")
    now = {pk: each.held_by for pk, each in around.known.items()}
    concerned = {now[pk] for pk in said.records if pk in now}
    wanted = {
        pk: _id_before(pk, past) if pk in said.before and now[pk] in concerned else now[pk]
        for pk in now
    }
    group_of = {pk: place for place, keys in enumerate(around.joined.groups) for pk in keys}
    groups_of: dict[str, set[int]] = {}
    for pk, who in wanted.items():
        groups_of.setdefault(who, set()).add(group_of[pk])
    rows = [
        (pk, who)
        for pk, who in wanted.items()
        if who and who != now[pk] and len(groups_of[who]) == 1
    ]
    rows += _newcomers(rows, now, group_of, said)
    people.ensure(tx, "person", {who for _, who in rows})
    people.assign(tx, "person", rows)
    left = {now[pk] for pk, _ in rows if now[pk]}
    state.mark_dirty(tx, "person", sorted(left))
    gone = people.remove_empty(tx, "person", sorted(left))
    stood.note_gone(tx, gone, at_s=now_s)


def _newcomers(
    rows: Sequence[tuple[int, str]],
    now: Mapping[int, str],
    group_of: Mapping[int, int],
    said: StoredVerdict,
) -> list[tuple[int, str]]:
    """Records that came to a person after the verdict, and stay with those who go back."""
    new_id = {(group_of[pk], now[pk]): who for pk, who in rows}
    return [
        (pk, new_id[group_of[pk], who])
        for pk, who in now.items()
        if pk not in said.before and (group_of[pk], who) in new_id
    ]


def give_back_places(
    tx: Connection, deployment: Deployment, past: Sequence[StoredVerdict], *, now_s: float
) -> None:
    """Put those who are made of the same records as before where they stood, and let them go on from there."""
    rows, transitions = [], []
    for who in past[0].placed.keys() | set(past[0].before.values()) | _ids_before(past):
        own = {each.pk for each in records.records_where(tx, "person", [who])}
        then = _place_before(who, own, past)
        if then is None or then.position is None:
            continue
        current = people.placed(tx, "person", [who]).get(who)
        if current is None or current.position == then.position:
            if current is not None:
                rows.append(then)
            continue
        rows.append(then)
        transitions.append(_transition(tx, deployment, current, then, now_s=now_s))
    people.save_placed(tx, "person", rows)
    history.save_transitions(tx, transitions)
    stands = [Stand(one.subject, now_s, one.position_to, How.FOUND) for one in transitions]
    stood.note_stands(tx, stands)
    state.mark_dirty(tx, "person", [each.id for each in rows])


def _ids_before(past: Sequence[StoredVerdict]) -> set[str]:
    return {_id_before(pk, past) for pk in past[0].before}


def _place_before(who: str, own: set[int], past: Sequence[StoredVerdict]) -> Placed | None:
    """Where a person stood when they were last made of these records, before what was undone."""
    found = None
    for each in past:
        if each is not past[0] and each.stands and not own.isdisjoint(each.before):
            break
        if who in each.placed and {pk for pk, held in each.before.items() if held == who} == own:
            found = each.placed[who]
    return found


def _transition(
    tx: Connection, deployment: Deployment, current: Placed, then: Placed, *, now_s: float
) -> Transition:
    """The history tells that somebody is back where they stood, and what had brought them there."""
    main = deployment.main_vocabulary
    scores, left, back = then.scores or {}, current.position or {}, then.position or {}
    past = history.transitions_of(tx, then.id)
    led = next((each for each in reversed(past) if each.position_to == then.position), None)
    return Transition(
        subject=then.id,
        at_s=now_s,
        run="",
        stage_from=(current.stages or {}).get(main, ""),
        stage_to=(then.stages or {}).get(main, ""),
        position_from=left,
        position_to=back,
        policy=then.policy,
        scores=led.scores if led else scores,
        reasons=led.reasons if led else lines_back(scores, left, back),
    )
