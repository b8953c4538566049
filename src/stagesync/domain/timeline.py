"""What happened, each thing once.

Three readings keep one event from counting twice, or at all:

- an activity that did not take place counts nowhere;
- activities with the same id are one, at the earliest of their instants;
- a meeting told by two CRMs is one (`SameEvent`), while two told by the same CRM are two. In order
  of time each telling joins the first event that is near enough and that its own CRM has not told yet.

All three look only backwards, so that reading a history up to an instant and cutting a whole
history at that instant give the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from stagesync.domain.facts import Activity, Deal
from stagesync.domain.policy import SameEvent
from stagesync.domain.state import NEVER, NO_DEALS, Instants

NOTHING: Instants = {}


def instants_by_type(activities: Sequence[Activity], same_event: SameEvent) -> Instants:
    """Instants of what took place, each event once; types that are only named have no instant."""
    ids = [activity.id for activity in activities if activity.id]
    if len(set(ids)) < len(ids):
        activities = _once_per_id(activities)
    instants: dict[str, list[float]] = {}
    for activity in activities:
        kind = activity.type
        if not activity.took_place:
            instants.setdefault(kind, [])
        elif kind in instants:
            instants[kind].append(activity.at_s)
        else:
            instants[kind] = [activity.at_s]
    for kind in same_event.types:
        if len(instants.get(kind, ())) > 1:
            instants[kind] = _once_per_event(activities, kind, same_event.within_s)
    return instants


def _once_per_id(activities: Sequence[Activity]) -> list[Activity]:
    kept: list[Activity] = []
    ids: set[str] = set()
    for activity in sorted(activities, key=lambda each: (each.at_s, each.type)):
        if not activity.id or not activity.took_place:
            kept.append(activity)
        elif activity.id not in ids:
            ids.add(activity.id)
            kept.append(activity)
    return kept


def _once_per_event(activities: Sequence[Activity], kind: str, within_s: float) -> list[float]:
    told = [each for each in activities if each.type == kind and each.took_place]
    starts: list[float] = []
    near: list[tuple[float, set[str]]] = []
    for activity in sorted(told, key=lambda each: (each.at_s, each.connection)):
        by = activity.connection
        near = [event for event in near if activity.at_s - event[0] <= within_s]
        tellers = next((by_whom for _, by_whom in near if by not in by_whom), None)
        if by and tellers is not None:
            tellers.add(by)
            continue
        starts.append(activity.at_s)
        if by:
            near.append((activity.at_s, {by}))
    return starts


def deals_at(deals: Sequence[Deal], now: float) -> Mapping[str, int]:
    """Status -> number of deals not dated after `now`; of one id, the latest counts.

    Two records of one deal with the same date: the one further on counts.
    """
    if not deals:
        return NO_DEALS
    chosen: dict[object, tuple[float, int, str]] = {}
    for place, deal in enumerate(deals):
        at_s = NEVER if deal.at_s is None else deal.at_s
        if at_s <= now:
            key = deal.id or place
            told = (at_s, _PROGRESS.get(deal.status, 0), deal.status)
            chosen[key] = max(told, chosen.get(key, told))
    return Counter(status for _, _, status in chosen.values())


_PROGRESS = {"open": 0, "lost": 1, "won": 2}
