"""A job as its page shows it: who asks sees how far it is, what came of it, and may end it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.engine.bench import make_bench

from console import Console, console_on
from stagesync.engine.logins import Role
from stagesync.errors import StagesyncError
from stagesync.web import site
from stagesync.web.ask import Ask
from stagesync.web.jobs import Job
from stagesync.web.rooms import act

LIMIT_S = 10.0
BEGAN, GO = threading.Event(), threading.Event()


def _work(job: Job) -> str:
    job.phase("look", 8)
    job.advance(2)
    BEGAN.set()
    assert GO.wait(LIMIT_S)
    job.advance(6)
    return "ready"


def _start(ask: Ask) -> Any:
    def fail(_: Job) -> None:
        raise StagesyncError("the CRM <b>sleeps</b>", hint="wake it")

    work = fail if ask.text("fails") else _work
    return ask.go(f"/jobs/{ask.jobs.start('try', work, by=ask.actor, title='Try').id}")


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    """With one address more, which starts a job."""
    BEGAN.clear()
    GO.clear()
    more = (*site.rooms(), act("/try", _start, role=Role.VIEWER))
    monkeypatch.setattr(site, "rooms", lambda: more)
    bench = make_bench()
    with console_on(bench) as found:
        yield found
    bench.store.close()


def test_a_job_is_watched_until_it_ends(console: Console) -> None:
    """Its page asks for itself again while it is under way, and no more when it is done."""
    reader = console.reader()
    path = reader.post("/try").url.removeprefix(console.url)
    assert BEGAN.wait(LIMIT_S)
    text = reader.get(path).text
    assert all(
        each in text
        for each in (
            "<h1>Try</h1>",
            'hx-trigger="every 1s"',
            "2 / 8",
            'value="25"',
            "Asks the CRMs",
        )
    )
    GO.set()
    text = reader.after_job(path)
    assert "Done." in text


def test_a_failure_is_shown_with_its_hint(console: Console) -> None:
    """As text, whatever it holds."""
    reader = console.reader(language="fr")
    path = reader.post("/try", {"fails": "1"}).url.removeprefix(console.url)
    text = reader.after_job(path)
    assert "the CRM &lt;b&gt;sleeps&lt;/b&gt;" in text
    assert "wake it" in text


def test_others_may_not_end_it(console: Console) -> None:
    """Who asked for a job may end it, or an approver; another reader is refused."""
    reader, other, approver = (
        console.reader(),
        console.reader(),
        console.reader(Role.APPROVER),
    )
    path = reader.post("/try").url.removeprefix(console.url)
    assert BEGAN.wait(LIMIT_S)
    assert ("End it" in reader.get(path).text, "End it" in other.get(path).text) == (True, False)
    assert 422 == other.post(f"{path}/cancel").status_code
    assert 200 == approver.post(f"{path}/cancel").status_code
    GO.set()
    text = reader.after_job(path)
    assert "It was ended before it was done." in text


def test_an_unknown_job_is_told_so(console: Console) -> None:
    """A restart forgets jobs: nothing breaks."""
    reader = console.reader()
    assert [404, 404] == [
        reader.get("/jobs/none").status_code,
        reader.post("/jobs/none/cancel").status_code,
    ]
