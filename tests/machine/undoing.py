"""What an undo must restore or list, worked out from the audit alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from stagesync.engine.undo import undo
from stagesync.engine.whose import ids_of
from stagesync.store import connections, log, records

from .journal import Place
from .rules import alike
from .world import World

Field = tuple[Place, str]


def _holder(tx: Connection, place: tuple[str, str, str], entry: Mapping[str, Any]) -> str:
    """Whom a record belongs to now; of a gone one, whom it belonged to when the entry was written."""
    found = records.records_of(tx, place[0], place[1], [place[2]]).get(place[2])
    return str((found and (found.person or found.account)) or entry["person"])


def expect(world: World, run: str, who: str) -> tuple[str, dict[Field, Any]]:
    """Plan to take a run back; the held plan's id, and field -> what it would set there.

    Args:
        who: only this person or account; empty for everybody.
    """
    first: dict[Field, Any] = {}
    last: dict[Field, Any] = {}
    with world.deployment.store.begin() as tx:
        paused = connections.paused(tx)
        ids = ids_of(tx, who)
        for entry in log.read(tx, run=run):
            place = (entry["connection"], entry["object"], entry["id"])
            if entry["result"].get("written") and (not who or _holder(tx, place, entry) in ids):
                each = (place, entry["field"])
                if each not in last or not alike(last[each], entry["before"]):
                    # Nobody wrote before, or somebody else did in between: theirs comes back.
                    first[each] = entry["before"]
                last[each] = entry["after"]
    found = undo(world.deployment, run=run, who=who, now_s=world.now_s)
    restored = {((e.connection, e.object, e.id), e.field): e for e in found.restored}
    skipped = {((e.connection, e.object, e.id), e.field): e for e in found.skipped}
    assert restored.keys() | skipped.keys() <= first.keys(), "an undo of what was not done"
    there = world.crms.everything(world.objects)
    for each, before in first.items():
        now = there.get(each[0], {}).get(each[1])
        # A CRM that is left alone is not asked what stands there: who edited there is spared before the write.
        is_asked = each[0][0] not in paused
        if each in restored:
            ours = alike(now, last[each]) or not is_asked
            assert ours, f"{each} holds {now!r} of somebody, and would be undone"
            assert alike(restored[each].after, before), f"{each} would become what it was not"
        elif each not in skipped and is_asked:
            assert alike(now, before), f"{each} is neither restored nor listed"
    return found.plan, {each: one.after for each, one in restored.items()}
