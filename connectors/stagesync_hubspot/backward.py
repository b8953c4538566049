"""Stages that go back: emptied in a batch of their own, then set in the next one.

HubSpot moves a lifecycle stage forward only, unless it is empty. Both steps cannot stand in one batch:
an id that appears twice refuses the whole of it. Nothing is sent between the two, so that a stage stays
empty for the time of one request; broken off there, it stays empty until the write is sent again.

Source: https://developers.hubspot.com/docs/guides/api/crm/objects/contacts (seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stagesync.connector import FieldValue, Refusal, Write, WriteResult
from stagesync_hubspot.transport import Transport
from stagesync_hubspot.write import write_batch


def write_clearing(transport: Transport, writes: Sequence[Write]) -> Iterator[WriteResult]:
    """The result of each write, in any order; at most a hundred of one object.

    A field that does not let itself be emptied is not set; the other values of its record are.

    Raises:
        CrmError: when a request cannot be sent; the results given before stand.
    """
    asked = {one.id: one for one in writes}
    kept: dict[str, WriteResult] = {}
    emptied = [clear for one in writes if (clear := _clear_of(one)) is not None]
    for result in write_batch(transport, emptied):
        if result.refusal is not None:
            kept[result.write.id] = result
    for one_id, result in list(kept.items()):
        if result.refusal is Refusal.GONE or not _rest_of(asked[one_id]).values:
            yield replace(result, write=asked.pop(one_id))
    going = [_rest_of(one) if one.id in kept else one for one in asked.values()]
    for result in write_batch(transport, going):
        write = asked[result.write.id]
        if refused := kept.get(write.id):
            yield _only_the_rest(write, refused, result)
        else:
            yield _seen_empty(write, result)


def _clear_of(write: Write) -> Write | None:
    """What empties the fields that go back; None when there are none."""
    names = _cleared(write)
    return replace(write, values=dict.fromkeys(names), clear=()) if names else None


def _cleared(write: Write) -> tuple[str, ...]:
    """What is to be empty in the end needs no other value after it."""
    return tuple(name for name in write.clear if write.values.get(name) not in (None, ""))


def _rest_of(write: Write) -> Write:
    names = _cleared(write)
    return replace(
        write, values={name: value for name, value in write.values.items() if name not in names}
    )


def _only_the_rest(write: Write, kept: WriteResult, result: WriteResult) -> WriteResult:
    """Of a record whose stage was not emptied: what became of its other values."""
    if result.refusal is not None:
        return replace(result, write=write, fields=(), now={**result.now, **kept.now})
    return replace(kept, write=write, fields=_cleared(write), now={**result.now, **kept.now})


def _seen_empty(write: Write, result: WriteResult) -> WriteResult:
    """A refusal that came after the clear leaves the field empty, and says so."""
    if result.refusal is None or result.refusal is Refusal.GONE:
        return replace(result, write=write)
    empty: dict[str, FieldValue] = dict.fromkeys(_cleared(write))
    return replace(result, write=write, now={**empty, **result.now})
