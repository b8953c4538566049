"""The console's work in the background: one thread, told how far it is, ended when somebody wants that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stagesync.errors import StagesyncError
from stagesync.web.jobs import KEPT_S, MOST_WAITING, Job, Jobs, State, TooManyJobs
from still_clock import StillClock

LIMIT_S = 10.0


@pytest.fixture
def clock() -> StillClock:
    return StillClock(1_000.0)


@pytest.fixture
def jobs(clock: StillClock) -> Iterator[Jobs]:
    made = Jobs(clock)
    yield made
    made.close()


def _ended(jobs: Jobs, job: Job) -> Job:
    """When it is over: whatever is asked for later is done later."""
    over = threading.Event()
    jobs.start(f"after {job.id}", lambda _: over.set(), by="ann")
    assert over.wait(LIMIT_S)
    return job


def _stuck(go: threading.Event, began: threading.Event) -> Callable[[Job], Any]:
    def work(job: Job) -> str:
        job.phase("wait", 10)
        job.advance(4)
        began.set()
        assert go.wait(LIMIT_S)
        job.advance(6)
        return "ready"

    return work


def test_a_job_tells_how_far_it_is_and_what_came_of_it(jobs: Jobs) -> None:
    """While it works its phase and share are seen; then its result."""
    go, began = threading.Event(), threading.Event()
    job = jobs.start("look", _stuck(go, began), by="ann", shown="_look.html")
    assert began.wait(LIMIT_S)
    assert ("wait", 40, State.RUNNING, False, None) == (
        job.doing,
        job.percent,
        job.state,
        job.is_over,
        job.result,
    )
    go.set()
    _ended(jobs, job)
    assert (State.DONE, 100, "ready", "ann", "_look.html") == (
        job.state,
        job.percent,
        job.result,
        job.by,
        job.shown,
    )
    assert jobs.get(job.id) is job is jobs.named("look")


def test_jobs_are_done_one_after_the_other(jobs: Jobs) -> None:
    """The second one waits for the end of the first."""
    go, began = threading.Event(), threading.Event()
    first = jobs.start("one", _stuck(go, began), by="ann")
    second = jobs.start("two", lambda _: first.state, by="ann")
    assert began.wait(LIMIT_S)
    assert State.WAITING == second.state
    go.set()
    assert State.DONE == _ended(jobs, second).result


def test_what_is_under_way_is_not_begun_twice(jobs: Jobs) -> None:
    """Who asks again for a job that is not over gets that one; when it is over, a new one."""
    go, began = threading.Event(), threading.Event()
    first = jobs.start("same", _stuck(go, began), by="ann")
    assert first is jobs.start("same", lambda _: None, by="bob")
    go.set()
    _ended(jobs, first)
    again = jobs.start("same", lambda _: None, by="bob")
    assert (False, again) == (again is first, jobs.named("same"))


def test_a_job_ends_where_it_next_tells_how_far_it_is(jobs: Jobs) -> None:
    """Cancelled while it works it has no result; cancelled while it waits it never begins."""
    go, began = threading.Event(), threading.Event()
    first = jobs.start("one", _stuck(go, began), by="ann")
    ran = threading.Event()
    second = jobs.start("two", lambda _: ran.set(), by="ann")
    assert began.wait(LIMIT_S)
    first.cancel()
    second.cancel()
    go.set()
    _ended(jobs, second)
    assert (State.CANCELLED, None, State.CANCELLED, False) == (
        first.state,
        first.result,
        second.state,
        ran.is_set(),
    )


def test_a_failure_is_told_with_its_hint(jobs: Jobs) -> None:
    """What we raise on purpose is told whole, and the next job is done all the same."""

    def work(_: Job) -> None:
        raise StagesyncError("no such run", hint="look at the list")

    job = _ended(jobs, jobs.start("undo", work, by="ann"))
    assert job.error is not None
    assert (State.FAILED, "no such run", "look at the list") == (
        job.state,
        str(job.error),
        job.error.hint,
    )


def test_a_mistake_of_ours_says_nothing_of_anybody(jobs: Jobs) -> None:
    """Of an error that nobody foresaw only its kind is told: its words may name people."""

    def work(_: Job) -> None:
        raise ValueError("ann@firm.example")

    job = _ended(jobs, jobs.start("undo", work, by="ann"))
    assert (State.FAILED, "it broke off: ValueError") == (job.state, str(job.error))


def test_results_are_forgotten(jobs: Jobs, clock: StillClock) -> None:
    """An hour after it ended a job is unknown; one that is under way stays."""
    go, began = threading.Event(), threading.Event()
    done = _ended(jobs, jobs.start("done", lambda _: "Ann", by="ann"))
    stuck = jobs.start("stuck", _stuck(go, began), by="ann")
    assert began.wait(LIMIT_S)
    clock.sleep(KEPT_S + 1)
    assert (None, stuck) == (jobs.get(done.id), jobs.get(stuck.id))
    go.set()


def test_so_many_may_wait_and_no_more(jobs: Jobs) -> None:
    """One more is refused with what to do about it, and works once there is room."""
    go, began = threading.Event(), threading.Event()
    first = jobs.start("first", _stuck(go, began), by="ann")
    for number in range(MOST_WAITING - 1):
        jobs.start(f"job {number}", lambda _: None, by="ann")
    with pytest.raises(TooManyJobs, match="20 jobs wait already"):
        jobs.start("too many", lambda _: None, by="ann")
    go.set()
    last = jobs.named(f"job {MOST_WAITING - 2}")
    assert last is not None
    while not last.is_over:
        assert not threading.Event().wait(0.01)
    assert first.state is State.DONE
    assert "too many" == jobs.start("too many", lambda _: None, by="ann").name


def test_the_end_of_the_server_ends_jobs(clock: StillClock) -> None:
    """What waits never begins, and what works ends where it next tells how far it is."""
    jobs, go, began = Jobs(clock), threading.Event(), threading.Event()
    first = jobs.start("one", _stuck(go, began), by="ann")
    ran = threading.Event()
    jobs.start("two", lambda _: ran.set(), by="ann")
    assert began.wait(LIMIT_S)
    closing = threading.Thread(target=jobs.close)
    closing.start()
    while not first._unwanted.is_set():
        pass
    go.set()
    closing.join(LIMIT_S)
    assert (False, State.CANCELLED, False) == (closing.is_alive(), first.state, ran.is_set())
