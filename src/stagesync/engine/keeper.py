"""Makes, beside the runs, what takes too long for whoever asks: the funnels of all vocabularies, how far the
CRMs agree, and what waits of plans.

They are made anew after a run that changed what they are made from, and once an hour because time goes on; never
before twenty times as long has passed as the last making took of a processor, so that all of it together stays
below a tenth of one. What stands in them was true at an instant, which they bear.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

import structlog
from sqlalchemy import Connection

from stagesync.engine import waits
from stagesync.engine.agreement import agreement
from stagesync.engine.deployment import Deployment
from stagesync.engine.funnel import funnels
from stagesync.errors import StagesyncError, Stopped
from stagesync.store import kept, totals
from stagesync.store.kept import Kept
from stagesync.store.totals import Of

log = structlog.get_logger()

REST = 20
"""How many times as long as the last making took must pass before the next one."""
OLDEST_S = 3_600.0
"""So old a document becomes when nothing changes."""
BREATH_S = 0.001
"""How long others go first, every few people."""
PERIOD_S = 365 * 86_400.0
"""What the kept funnels tell of: a year."""
MOST_DAYS = 400
"""How long the agreement of each day is kept."""

FUNNELS, AGREEMENT = "funnels", "agreement"

Breathe = Callable[[], None]

Made = tuple[Any, Mapping[str, Any]]
"""A document, and others that are kept beside it under their own names."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How a document is made.

    Attributes:
        counts: totals that grow when what it is made from changes.
        make: called with the last document, None before the first.
    """

    name: str
    counts: tuple[str, ...]
    make: Callable[[Connection, Deployment, Any, float, Breathe], Made]


def make_due(deployment: Deployment, *, breathe: Breathe = lambda: None) -> list[str]:
    """Make what is due; the names of it.

    Args:
        breathe: called every few people, to let others work.
    """
    return [each.name for each in _WAYS if _make(deployment, each, breathe)]


def basis_of(deployment: Deployment, counts: Mapping[str, Mapping[Of, float]], way: str) -> str:
    """What a document is made from, so far as anybody can tell without making it."""
    names = next(each.counts for each in _WAYS if each.name == way)
    told = [sum(counts.get(name, {}).values()) for name in names]
    return "/".join([deployment.definitions, *(f"{each:.0f}" for each in told)])


def _make(deployment: Deployment, way: _Way, breathe: Breathe) -> bool:
    now_s = deployment.clock.now_s()
    with deployment.store.read() as tx:
        last = kept.find(tx, way.name)
        basis = basis_of(deployment, totals.totals(tx), way.name)
        if last and not _is_due(last, basis, now_s):
            return False
        began = time.thread_time()
        made, parts = way.make(tx, deployment, last.document if last else None, now_s, breathe)
        took_s = time.thread_time() - began
    with deployment.store.begin(fenced=False) as tx:
        kept.keep(tx, way.name, Kept(now_s, took_s, basis, made))
        for name, part in parts.items():
            told = Kept(now_s, took_s, deployment.definitions, part)
            kept.keep(tx, f"{way.name}/{name}", told)
    log.debug("made", document=way.name, seconds=took_s)
    return True


def _is_due(last: Kept, basis: str, now_s: float) -> bool:
    age_s = now_s - last.made_at_s
    if age_s < 0:
        return True  # our clock was set back
    return age_s >= last.took_s * REST and (basis != last.basis or age_s >= OLDEST_S)


def _make_funnels(
    tx: Connection, deployment: Deployment, _last: Any, now_s: float, breathe: Breathe
) -> Made:
    made = funnels(
        tx,
        deployment,
        list(deployment.vocabularies),
        at_s=now_s,
        since_s=now_s - PERIOD_S,
        by="week",
        breathe=breathe,
    )
    return sorted(made), made


def _make_agreement(
    tx: Connection, deployment: Deployment, last: Any, now_s: float, breathe: Breathe
) -> Made:
    found = asdict(agreement(tx, deployment, breathe=breathe))
    today = datetime.fromtimestamp(now_s, UTC).date().isoformat()
    days = [each for each in (last["days"] if last else ()) if each["day"] != today]
    return {**found, "days": [*days, {"day": today, **found}][-MOST_DAYS:]}, {}


def _make_waits(
    tx: Connection, _deployment: Deployment, _last: Any, _now_s: float, _breathe: Breathe
) -> Made:
    return waits.count(tx), {}


_WAYS = (
    _Way(waits.NAME, (waits.NAME,), _make_waits),
    _Way(FUNNELS, ("evaluated", "changed"), _make_funnels),
    _Way(AGREEMENT, ("changed", "written"), _make_agreement),
)


class Keeper:
    """Makes what is due in a thread of its own, whenever a run has ended, for as long as the block lasts."""

    def __init__(self, current: Callable[[], Deployment]) -> None:
        self._current = current
        self._called = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="keeper", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_why: object) -> None:
        """End; what is half made is dropped."""
        self._over.set()
        self._called.set()
        self._thread.join()

    def wake(self, _outcome: object = None) -> None:
        """Look what is due."""
        self._called.set()

    def _work(self) -> None:
        while self._called.wait() and not self._over.is_set():
            self._called.clear()
            try:
                make_due(self._current(), breathe=self._breathe)
            except Stopped:
                return
            except StagesyncError as error:
                # A full disk, say: the next run tries again, and tells of it.
                log.warning("not made", error=str(error))

    def _breathe(self) -> None:
        if self._over.wait(BREATH_S):
            raise Stopped
