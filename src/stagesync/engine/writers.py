"""Names who else writes a field that we write too often, where the CRM tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stagesync.connector import Actor, Change
from stagesync.domain.guard import Group, Rule, Trip
from stagesync.domain.life import State
from stagesync.engine.answers import who
from stagesync.engine.deployment import Deployment
from stagesync.engine.guard import group_of
from stagesync.engine.histories import ask
from stagesync.store import guards, plans, records

NOBODY = "nobody that the CRM tells of"

FEW = 5
"""Records of a group that are asked about: another program that writes one writes them all."""


def name_writers(
    deployment: Deployment, plan_id: str, trips: Sequence[Trip], *, now_s: float
) -> list[Trip]:
    """The held groups, busy ones with the other writers of their records; asks the CRMs once per group."""
    unnamed = {t.group for t in trips if t.rule is Rule.BUSY and not t.writers}
    if not unnamed:
        return list(trips)
    limits = deployment.limits
    with deployment.store.begin() as tx:
        since_s = now_s - limits.window_s
        busy = guards.busy_records(tx, since_s=since_s, more_than=limits.writes_of_a_field)
        entries = [e for e in plans.entries_of(tx, plan_id, State.HELD) if e.record_pk in busy]
        asked = {group: [e for e in entries if group_of(e) == group][:FEW] for group in unnamed}
        pks = {each.record_pk for found in asked.values() for each in found}
        held = {each.pk: each for each in records.records_where(tx, "pk", pks)}
    places = {(e.record_pk, e.field) for found in asked.values() for e in found}
    told = ask(deployment, places, held)
    named: dict[Group, str] = {}
    for group, found in asked.items():
        writers = {_other(told.changes.get((each.record_pk, each.field), ())) for each in found}
        # A CRM that does not answer now is asked again by the next run.
        unknown = "" if told.silent else NOBODY
        named[group] = ", ".join(sorted(writers - {""})) or unknown
    known = [replace(t, writers=named[t.group]) if t.group in unnamed else t for t in trips]
    with deployment.store.begin() as tx:
        guards.save_held_groups(tx, plan_id, known, at_s=now_s)
    return known


def _other(changes: Sequence[Change]) -> str:
    """The last one who is not us."""
    return next((who(each) for each in changes if each.actor is not Actor.OURS), "")
