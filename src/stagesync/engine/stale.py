"""What a last look before a batch goes out finds changed since the plan was made."""

from __future__ import annotations

from collections.abc import Container, Sequence

from stagesync.connector import ObjectDescription, Record
from stagesync.domain.guard import Cause
from stagesync.domain.plan import EMPTIES
from stagesync.engine.compare import same_value
from stagesync.store.plans import StoredEntry


def stale(
    entries: Sequence[StoredEntry],
    now: Record,
    described: ObjectDescription,
    *,
    begun: Container[tuple[int, str]],
) -> list[StoredEntry]:
    """The entries of one record that may not be written as they were planned.

    What a record should hold follows from all that it holds, so one change makes all of it stale. What an
    undo restores follows from the log alone: only the fields that changed themselves are left.

    Args:
        begun: (record, field) that we emptied ourselves, on their way back.
    """
    if now.merged_into:
        return list(entries)
    changed = [each for each in entries if _differs(each, now, described, begun=begun)]
    return [each for each in entries if each in changed or (changed and each.cause != Cause.UNDO)]


def _differs(
    each: StoredEntry,
    now: Record,
    described: ObjectDescription,
    *,
    begun: Container[tuple[int, str]],
) -> bool:
    """Whether its field holds neither what the plan saw there nor what it wants there."""
    known = described.fields.get(each.field)
    if known is None:
        return False
    same, found = same_value(known.type), now.fields.get(each.field)
    if found in (None, "") and each.way in EMPTIES and (each.record_pk, each.field) in begun:
        return False
    return not (same(found, each.before) or same(found, each.after))
