"""Many writes through a few connections at a time.

Writes are cut into lanes. The batches of a lane go one after the other, lanes go side by side; no
record is in two lanes, and neither are records that must not be written by two requests at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from stagesync.connector import CrmError, Write, WriteResult, WrongCall
from stagesync_hubspot import api
from stagesync_hubspot.backward import write_clearing
from stagesync_hubspot.links import chunks
from stagesync_hubspot.transport import Transport

Key = tuple[str, str]


def write(transport: Transport, writes: Sequence[Write], *, in_flight: int) -> list[WriteResult]:
    """One result per write, same order.

    Raises:
        ValueError: before anything is sent, for a record that appears twice.
        CrmError: when a request cannot be sent, with what was sent before in `results`.
    """
    _refuse_repeats(writes)
    done: dict[Key, WriteResult] = {}
    stop = threading.Event()

    def run(lane: list[Write]) -> None:
        try:
            for batch in chunks(lane, api.BATCH):
                if stop.is_set():
                    return
                for result in write_clearing(transport, batch):
                    done[_key(result.write)] = result
        except CrmError:
            # The other lanes finish the request they are at and send no further one.
            stop.set()
            raise

    try:
        with ThreadPoolExecutor(in_flight, thread_name_prefix="hubspot-write") as pool:
            list(pool.map(run, lanes(writes)))
    except CrmError as error:
        error.results = [done[_key(one)] for one in writes if _key(one) in done]
        raise
    return [done[_key(one)] for one in writes]


def lanes(writes: Sequence[Write]) -> list[list[Write]]:
    """Writes by object, in lanes of one batch each.

    What must stay together stays in one lane, which is then longer than a batch if it has to be.
    """
    groups: dict[tuple[str, str], list[Write]] = {}
    for place, one in enumerate(writes):
        groups.setdefault((one.object, one.together or f"\0{place}"), []).append(one)
    filled: dict[str, list[list[Write]]] = {}
    for (name, _), group in groups.items():
        of_object = filled.setdefault(name, [[]])
        if of_object[-1] and len(of_object[-1]) + len(group) > api.BATCH:
            of_object.append([])
        of_object[-1].extend(group)
    return [lane for of_object in filled.values() for lane in of_object]


def _refuse_repeats(writes: Sequence[Write]) -> None:
    seen: set[Key] = set()
    for one in writes:
        if _key(one) in seen:
            raise WrongCall(f"{one.object} {one.id} appears twice in one call")
        seen.add(_key(one))


def _key(write: Write) -> Key:
    return write.object, write.id
