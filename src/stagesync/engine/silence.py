"""Notices what does not come any more, and a night after which everybody stands elsewhere.

Both are held against the deployment's own past days, see `domain.usual`; once a day, and after each run that
moves many.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection

from stagesync.domain.said import Said
from stagesync.domain.usual import DAY_S, day_of, silent_days, unusual_steps
from stagesync.engine.alerts import HERE, Kind, Told, settle
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.failing import STALLED_S
from stagesync.engine.places import count_stages
from stagesync.store import alerts, connections, evidence, people, state

KEPT_DAYS = 70
"""Days of counts that are kept."""

MANY = 0.01
"""Of all people: so many moves in one run are looked at at once, and not the next day."""

_JUDGED = "usual.day"
"""Name under which the store keeps the day that was judged last."""


def notice_unusual(tx: Connection, deployment: Deployment, *, moved: int, now_s: float) -> None:
    """Raise alerts for evidence that stays away, and for stages that filled or emptied overnight.

    Args:
        moved: people whom this run moved.
    """
    today = day_of(now_s)
    is_new_day = state.get_meta(tx, _JUDGED) != str(today)
    if is_new_day or alerts.stands(tx, Kind.SILENCE):
        for connected in deployment.connections.values():
            found = _silent(tx, connected, today, now_s=now_s)
            settle(tx, connected.name, Kind.SILENCE, found, now_s=now_s)
    if is_new_day or moved > max(deployment.limits.never_below, MANY * people.count(tx, "person")):
        _notice_shift(tx, deployment, today, now_s=now_s)
    if is_new_day:
        evidence.drop_before(tx, today - KEPT_DAYS)
        state.set_meta(tx, _JUDGED, str(today))


def _silent(tx: Connection, connected: Connected, today: int, *, now_s: float) -> Told:
    """Activity types that a connection tells no more; nothing while it is not pulled, which says it all."""
    known = connections.connection_state(tx, connected.name)
    cursors = state.cursors_of(tx, connected.name)
    pulled = [cursors[each].pulled_at_s for each in connected.roles if each in cursors]
    fresh = pulled and now_s - min(pulled) <= STALLED_S + connected.poll_s
    if not fresh or (known and (known.paused_by or known.trouble)):
        return _standing(tx, connected.name)
    types = {
        rule.type for name in connected.roles for rule in connected.object_mapping(name).activities
    }
    found: Told = {}
    for kind, counts in evidence.days_of(tx, connected.name, since=today - KEPT_DAYS).items():
        days = silent_days(counts, today)
        if days and kind in types:
            found[kind] = _silence(connected.name, kind, days, today=today)
    return found


def _standing(tx: Connection, connection: str) -> Told:
    """What stood before, as it was: of a connection that is not pulled nothing new is known."""
    prefix = f"{Kind.SILENCE}:"
    return {
        each.key.removeprefix(prefix): (each.what, each.fix)
        for each in alerts.standing(tx, connection)
        if each.key.startswith(prefix)
    }


def _silence(connection: str, kind: str, days: int, *, today: int) -> tuple[str, str]:
    last = datetime.fromtimestamp((today - days - 1) * DAY_S, UTC).date().isoformat()
    what = Said(
        "no {type} came from {connection} since {last}, though it used to come",
        type=kind,
        connection=connection,
        last=last,
    )
    fix = Said(
        "look whether {connection} still records {type}, and whether the mapping reads it: forms,"
        " tracking codes and permissions are changed without a word",
        connection=connection,
        type=kind,
    )
    return what, fix


def _notice_shift(tx: Connection, deployment: Deployment, today: int, *, now_s: float) -> None:
    """Hold the stages of now against those of the morning, or of the day before when this is the morning."""
    now = count_stages(tx, deployment).get(deployment.main_vocabulary, {})
    days = evidence.stages_of(tx, since=today - KEPT_DAYS)
    past = [days[each] for each in sorted(days)]
    steps = unusual_steps([*past, now], never_below=deployment.limits.never_below)
    found = {
        stage: _shift(stage, before=before, after=after, usual=usual)
        for stage, (before, after, usual) in steps.items()
    }
    settle(tx, HERE, Kind.SHIFT, found, now_s=now_s)
    if today not in days:
        evidence.save_stages(tx, today, now)


def _shift(stage: str, *, before: float, after: float, usual: float) -> tuple[str, str]:
    what = Said(
        "`{stage}` went from {before} to {after} of all people within a day; usual are {usual}",
        stage=stage,
        before=_percent(before),
        after=_percent(after),
        usual=_percent(usual),
    )
    fix = Said(
        "stagesync funnel tells who came from where; if the policy, a vocabulary or a mapping was"
        " changed, this is what it did; stagesync undo takes it back"
    )
    return what, fix


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
