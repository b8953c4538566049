"""Work that takes longer than a page may: one thread, one piece after the other, each watched until it ends.

Jobs live in memory: a restart forgets them, and whatever they had stored by then stays.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import structlog

from stagesync.connector import Clock
from stagesync.errors import StagesyncError, Stopped

log = structlog.get_logger()

KEPT_S = 3_600.0
"""How long a job that ended can be looked at: its result may tell of people."""

MOST_WAITING = 20
"""Jobs that may wait or run at a time."""


class Cancelled(Exception):
    """Somebody wants the job to end; raised in its own thread, where it tells how far it is."""


class TooManyJobs(StagesyncError):
    """So many wait already that one more is refused."""


class State(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(slots=True)
class Job:
    """One piece of work, and its `Progress`: what it tells is what people see.

    Attributes:
        name: what it works on; of two that bear the same name the second is the first, while that is not over.
        by: who asked for it, as the log names them.
        title: heads its page.
        shown: the template that shows its result, given the job as `job`; empty: that it is done is all there is.
        doing, done, total: the phase in hand, in its own units; `total` is None where nobody knows it.
        result: what the work gave back, once it is done.
        error: why it failed; None when it did not.
        ended_s: by the clock of this machine; None while it is not over.
    """

    id: str
    name: str
    by: str
    title: str = ""
    shown: str = ""
    state: State = State.WAITING
    doing: str = ""
    done: int = 0
    total: int | None = None
    result: Any = field(default=None, repr=False)
    error: StagesyncError | None = None
    ended_s: float | None = None
    _unwanted: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether it is done, failed or was cancelled."""
        return self.ended_s is not None

    @property
    def percent(self) -> int | None:
        """How much of the phase is done; None where nobody knows."""
        return None if not self.total else min(100, 100 * self.done // self.total)

    def phase(self, name: str, total: int | None = None) -> None:
        """A phase begins.

        Raises:
            Cancelled: the job shall end.
        """
        self.check()
        self.doing, self.done, self.total = name, 0, total

    def advance(self, count: int) -> None:
        """So many more units are done.

        Raises:
            Cancelled: the job shall end.
        """
        self.check()
        self.done += count

    def check(self) -> None:
        """Go on, unless somebody wants the job to end.

        Raises:
            Cancelled: somebody does.
        """
        if self._unwanted.is_set():
            raise Cancelled

    def cancel(self) -> None:
        """Have it end where it next tells how far it is, or before it begins."""
        self._unwanted.set()


Work = Callable[[Job], Any]
"""What a job does; it takes the job to tell how far it is, and gives back the result."""


class Jobs:
    """All jobs of a server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._turn = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="job")

    def start(self, name: str, work: Work, *, by: str, title: str = "", shown: str = "") -> Job:
        """Have work done when all that was asked for before is; the one of that name that is not over, if any.

        Raises:
            TooManyJobs: so many wait already.
        """
        with self._turn:
            self._forget_old()
            open_ = [each for each in self._jobs.values() if not each.is_over]
            if same := next((each for each in open_ if each.name == name), None):
                return same
            if len(open_) >= MOST_WAITING:
                raise TooManyJobs(
                    f"{len(open_)} jobs wait already", hint="wait for them, or cancel one"
                )
            job = Job(secrets.token_urlsafe(12), name, by, title, shown)
            self._jobs[job.id] = job
            self._thread.submit(self._do, job, work)
            return job

    def get(self, job_id: str) -> Job | None:
        """One job; None where there is none of that id, or no more."""
        with self._turn:
            self._forget_old()
            return self._jobs.get(job_id)

    def named(self, name: str) -> Job | None:
        """The newest job of a name."""
        with self._turn:
            self._forget_old()
            found = [each for each in self._jobs.values() if each.name == name]
            return found[-1] if found else None

    def close(self) -> None:
        """End what can be ended, and wait for what has begun."""
        with self._turn:
            for each in self._jobs.values():
                each.cancel()
        self._thread.shutdown(cancel_futures=True)

    def _forget_old(self) -> None:
        before_s = self._clock.monotonic_s() - KEPT_S
        for each in [*self._jobs.values()]:
            if each.ended_s is not None and each.ended_s < before_s:
                del self._jobs[each.id]

    def _do(self, job: Job, work: Work) -> None:
        try:
            job.check()
            job.state = State.RUNNING
            job.result = work(job)
            job.state = State.DONE
        except (Cancelled, Stopped):
            job.state = State.CANCELLED
        except StagesyncError as error:
            job.error, job.state = error, State.FAILED
        except Exception as error:  # noqa: BLE001  the thread goes on; what broke may hold personal data
            job.error = StagesyncError(f"it broke off: {type(error).__name__}")
            job.state = State.FAILED
        finally:
            job.ended_s = self._clock.monotonic_s()
        log.info("job ended", job=job.name, outcome=str(job.state), by=job.by)
