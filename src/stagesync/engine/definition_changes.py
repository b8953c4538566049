"""What a run does when it works with other definitions than the run before.

Everybody is evaluated and planned anew, and whoever moves by it is held (cause `definition`), however few they
are. A set that somebody adopted in the console is held whole: until its plan is approved or dropped, or turns out
to be empty, nothing of what is planned under it is written, whatever the cause; only what an undo takes back is.
Approvals that were given under earlier definitions let nothing of it through.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Connection

from stagesync.domain.guard import Cause
from stagesync.engine.definition_files import digest_of_texts
from stagesync.engine.deployment import Deployment
from stagesync.store import definitions, guards, people, state
from stagesync.store.definitions import StoredSet
from stagesync.store.people import KINDS

_KNOWN = "definitions"
"""Digest of those that the last run worked with."""

_ADOPTED = "definitions.adopted"
"""Who adopted what, until a run works with it."""

_UNDECIDED = "definitions.undecided"
"""Since when adopted definitions wait for somebody's word, and the plan that shows what they do, once there is one."""


def announce(tx: Connection, digest: str, *, by: str, note: str) -> None:
    """Say that somebody adopts a set; to be told before its files change.

    Args:
        digest: of its texts; empty: it is not adopted after all.
    """
    if not digest:
        state.set_meta(tx, _ADOPTED, "")
        return
    state.set_meta(tx, _ADOPTED, orjson.dumps({"digest": digest, "by": by, "note": note}).decode())


def notice_definitions(tx: Connection, deployment: Deployment, *, now_s: float) -> None:
    """After a change of the policy, a vocabulary or a mapping, evaluate and plan everybody anew."""
    adopted = orjson.loads(state.get_meta(tx, _ADOPTED) or "{}")
    is_adopted = _note_set(tx, deployment, adopted, now_s=now_s)
    known = state.get_meta(tx, _KNOWN)
    is_changed = bool(deployment.definitions) and known != deployment.definitions
    if is_changed:
        state.set_meta(tx, _KNOWN, deployment.definitions)
        guards.forget_approvals(tx, Cause.DEFINITION)
        if known is not None:
            for kind in KINDS:
                state.mark_dirty(tx, kind, people.all_ids(tx, kind), cause=Cause.DEFINITION)
        if adopted:
            state.set_meta(tx, _UNDECIDED, f"{now_s!r} ")
    if adopted and (is_adopted or is_changed):
        state.set_meta(tx, _ADOPTED, "")


def _note_set(
    tx: Connection, deployment: Deployment, adopted: Mapping[str, Any], *, now_s: float
) -> bool:
    """Keep the set that this run works with, if it is another one; whether it is the one that was adopted."""
    if not deployment.texts:
        return False
    digest = digest_of_texts(deployment.texts)
    is_adopted = bool(adopted) and digest == adopted["digest"]
    last = definitions.last_set(tx)
    if last is None or last.digest != digest:
        definitions.add_set(
            tx,
            StoredSet(
                seq=last.seq + 1 if last else 1,
                at_s=now_s,
                digest=digest,
                policy=deployment.policy.label,
                adopted_by=adopted["by"] if is_adopted else "",
                note=adopted["note"] if is_adopted else "",
                files=definitions.keep_texts(tx, deployment.texts),
            ),
        )
    return is_adopted


def undecided_since(tx: Connection) -> float | None:
    """Since when a plan under adopted definitions waits for somebody's word; None: none does."""
    told = state.get_meta(tx, _UNDECIDED)
    return float(told.partition(" ")[0]) if told else None


def wait_with(tx: Connection, plan_id: str) -> None:
    """This is the plan that shows what the undecided definitions do."""
    since = (state.get_meta(tx, _UNDECIDED) or "").partition(" ")[0]
    state.set_meta(tx, _UNDECIDED, f"{since} {plan_id}")


def decided(tx: Connection, plan_id: str) -> None:
    """Somebody has approved or dropped a plan, whole; whether it is the one of the definitions is found here.

    Another one may be decided while the first run under them is on its way.
    """
    if (state.get_meta(tx, _UNDECIDED) or "").partition(" ")[2] == plan_id:
        state.set_meta(tx, _UNDECIDED, "")


def settle_undecided(tx: Connection, *, held: int) -> None:
    """Nothing waits for a word when the whole plan under the definitions in force came to nothing."""
    if not held and undecided_since(tx) is not None and not state.is_dirty(tx, Cause.DEFINITION):
        state.set_meta(tx, _UNDECIDED, "")
