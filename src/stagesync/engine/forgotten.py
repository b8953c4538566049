"""Who was forgotten, after the fact: let in again, listed, and erased again after a backup was put back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stagesync.engine import audit
from stagesync.engine.deployment import Deployment
from stagesync.engine.forget import ASKED_FOR, Forgotten, forget_records
from stagesync.errors import ArgumentError
from stagesync.store import forgotten, inbox, records


def readmit(deployment: Deployment, record: str, *, by: str, now_s: float) -> bool:
    """Let a record be taken in again, with the next run; false when it was not forgotten.

    Args:
        record: `connection/object/id`, as its CRM names it.

    Raises:
        ArgumentError: it is not named so, or names no mapped object.
    """
    connection, _, rest = record.partition("/")
    object_name, slash, record_id = rest.partition("/")
    if not slash or deployment.role(connection, object_name) is None:
        raise ArgumentError(
            f"`{record}` is no record of a connection", hint="name it CONNECTION/OBJECT/ID"
        )
    with deployment.store.begin() as tx:
        found = forgotten.readmit(tx, [(connection, object_name, record_id)])
        if found:
            inbox.note(tx, connection, [(object_name, record_id, False)], at_s=now_s)
            audit.tell(tx, {"readmitted": found}, actor=by, now_s=now_s, connection=connection)
    return bool(found)


def listed(deployment: Deployment) -> list[dict[str, Any]]:
    """The key and the digests, to be kept beside backups; nothing while nobody was forgotten."""
    with deployment.store.begin() as tx:
        key = forgotten.key_of(tx)
        digests = forgotten.all_digests(tx)
    told = [
        {"digest": e.digest, "connection": e.connection, "object": e.object, "at_s": e.at_s}
        for e in digests
    ]
    return [{"key": key}, *told] if key else []


def forget_again(
    deployment: Deployment, lines: Iterable[dict[str, Any]], *, by: str, now_s: float
) -> Forgotten:
    """Erase whom a list of digests names, after an older backup was put back.

    Args:
        lines: as `listed` told them.

    Raises:
        ArgumentError: the list is none, or of another deployment.
    """
    key, digests = _read(lines)
    with deployment.store.begin() as tx:
        if forgotten.key_of(tx) not in ("", key):
            raise ArgumentError(
                "that list was made by another store",
                hint="whoever was forgotten since then is to be forgotten by name again",
            )
        forgotten.set_key(tx, key)
        forgotten.add(tx, digests)
        refs = [
            ref
            for ref in records.all_refs(tx)
            if forgotten.digest_of(key, ref) in {each.digest for each in digests}
        ]
        found = forget_records(tx, deployment, refs, actor=by, why=ASKED_FOR, now_s=now_s)
    deployment.store.forget_traces()
    return found


def _read(lines: Iterable[dict[str, Any]]) -> tuple[str, list[forgotten.Digest]]:
    try:
        first, *rest = lines
        key = str(first["key"])
        bytes.fromhex(key)
        return key, [
            forgotten.Digest(
                str(e["digest"]), str(e["connection"]), str(e["object"]), float(e["at_s"])
            )
            for e in rest
        ]
    except (ValueError, KeyError, TypeError):
        raise ArgumentError("that is no list of `stagesync forget --list`") from None
