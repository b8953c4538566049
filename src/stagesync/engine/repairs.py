"""Which planned values put back what a CRM lost: it held them by our hand, and nobody moved since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from stagesync.connector import FieldValue
from stagesync.domain.guard import Cause
from stagesync.engine.compare import same_in
from stagesync.engine.known import Known, Planning
from stagesync.store import guards
from stagesync.store.plans import StoredEntry

OF_THEMSELVES = (Cause.FACTS, Cause.TIME)
"""Causes that no person's decision is behind."""

LAG_S = 3_600.0
"""How long a CRM's index may be behind a write of ours."""


def name_repairs(
    tx: Connection, planning: Planning, known: Known, entries: Sequence[StoredEntry]
) -> list[StoredEntry]:
    """The entries, those of them told as repairs that write again what we last wrote to the same field."""
    standing = {
        each.record_pk
        for each in entries
        if each.cause in OF_THEMSELVES and each.stage_from == each.stage_to
    }
    last = guards.last_written(tx, standing)
    changed_at_s = {each.pk: each.changed_at_s for each in known.own}
    found = []
    for each in entries:
        written = last.get((each.record_pk, each.field))
        is_repair = (
            each.record_pk in standing
            and each.cause in OF_THEMSELVES
            and written is not None
            and not _is_late(changed_at_s[each.record_pk], written.at_s, now_s=planning.now_s)
            and _same(planning, each, written.value)
        )
        found.append(replace(each, cause=str(Cause.REPAIR)) if is_repair else each)
    return found


def _is_late(changed_at_s: float, written_at_s: float, *, now_s: float) -> bool:
    """Whether the CRM may show the record as it was before our write, by an index that is behind."""
    return changed_at_s < written_at_s > now_s - LAG_S


def _same(planning: Planning, each: StoredEntry, value: FieldValue) -> bool:
    described = planning.descriptions[each.connection][each.object]
    return same_in(described, each.field)(value, each.after)
