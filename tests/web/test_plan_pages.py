"""Plans, runs and undo in the console, over real HTTP."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.bench import FEW, Bench, make_bench
from tests.engine.pairs import is_one, two_people

import stores
from console import Console, Reader, console_on, forms_of, words_of
from stagesync.engine.logins import Role
from stagesync.engine.outcome import Outcome
from stagesync.store import log, open_store


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """In a file, so that pages read on a door of their own."""
    made = make_bench(store=open_store(stores.in_file(tmp_path / "stagesync.db")))
    yield made
    made.store.close()


@pytest.fixture
def console(bench: Bench) -> Iterator[Console]:
    """Twenty settled contacts, and limits of five."""
    for number in range(20):
        bench.contact(f"p{number}@firm.example", last=f"Ng{number}")
    bench.sync()
    bench.clock.advance(days=2)
    bench.redeploy(limits=FEW)
    with console_on(bench) as found:
        yield found


def _hold(bench: Bench, first: int = 1, last: int = 9) -> Outcome:
    for number in range(first, last):
        bench.form(str(number))
    return bench.sync()


def test_a_held_plan_is_shown_with_its_groups_and_cost(console: Console) -> None:
    """The list names it; its page has the moves, why they wait, a picture with the same numbers, and the calls."""
    outcome = _hold(console.bench)
    reader = console.reader()
    assert f"{outcome.plan.held} values wait" in words_of(reader.get("/plans").text)
    page = reader.get(f"/plans/{outcome.plan.id}").text
    words = words_of(page)
    for each in (
        "8 would make this move within the window; the limit is 5",
        "What it takes",
        "Only approvers decide about plans.",
    ):
        assert each in words, words
    assert '<svg class="chart moves" role="img"' in page
    assert [] == [each for each in forms_of(page) if "/plans/" in each[0]]


def test_the_values_of_a_group_are_paged(console: Console) -> None:
    """Each person's records with before and after; the next page goes on where this one ends."""
    outcome = _hold(console.bench, 1, 21)
    reader = console.reader()
    page = reader.get(f"/plans/{outcome.plan.id}").text
    path = html.unescape(re.search(r'href="(/plans/\w+/values\?[^"]+)"', page)[1])  # type: ignore[index]
    seen: list[str] = []
    pages = 0
    while path:
        text = reader.get(path).text
        seen += re.findall(r'<a href="/people/(\w+)"', text)
        following = re.search(r'hx-get="([^"]+)"', text)
        path = html.unescape(following[1]) if following else ""
        pages += 1
    assert (20, 2) == (len(set(seen)), pages)
    assert "<del>contact</del>" in text
    assert "<ins>lead</ins>" in text


def test_a_plan_is_approved_and_the_daemon_is_called(console: Console) -> None:
    """Who said so stands in the log, the next run writes, and the page tells which run that was."""
    bench = console.bench
    outcome = _hold(bench)
    approver = console.reader(Role.APPROVER)
    page = f"/plans/{outcome.plan.id}"
    told = approver.post(*approver.form(page, "/approve"))
    assert (200, True, True) == (
        told.status_code,
        f"{outcome.plan.held} values go out now." in words_of(told.text),
        console.called.is_set(),
    )
    assert 'hx-trigger="every 3s"' in told.text
    written = bench.sync()
    after = approver.get(page).text
    assert "lead" == bench.stage("1")
    assert written.run in after
    assert "every 3s" not in after
    with bench.store.begin() as tx:
        acts = [e for e in log.read(tx) if "approved" in (e["result"] or {})]
    assert ["approver-0 (console)"] == [each["actor"] for each in acts]


def test_a_plan_that_changed_is_not_approved(console: Console) -> None:
    """Between the look and the word the plan grew: both numbers are told and nothing is decided."""
    bench = console.bench
    outcome = _hold(bench)
    approver = console.reader(Role.APPROVER)
    form = approver.form(f"/plans/{outcome.plan.id}", "/approve")
    grown = _hold(bench, 9, 17)
    answer = approver.post(*form)
    words = (
        f"This plan changed since you looked: {outcome.plan.held} values then,"
        f" {grown.plan.held} now. Nothing was decided."
    )
    assert (409, True) == (answer.status_code, words in words_of(answer.text))
    assert not console.called.is_set()
    assert grown.plan.held == bench.sync().plan.held
    assert "contact" == bench.stage("1")


def test_a_word_without_what_was_seen_is_not_taken(console: Console) -> None:
    """A request that does not say what its sender saw decides nothing."""
    outcome = _hold(console.bench)
    approver = console.reader(Role.APPROVER)
    assert 409 == approver.post(f"/plans/{outcome.plan.id}/approve", {}).status_code
    assert 3 == console.bench.sync().exit_code


def test_one_group_of_several_is_approved(console: Console) -> None:
    """The other moves of the plan stay held, under the same id."""
    bench = console.bench
    for number in range(30, 36):
        bench.contact(f"p{number}@firm.example", last=f"Ng{number}")
    outcome = _hold(bench)
    approver = console.reader(Role.APPROVER)
    page = f"/plans/{outcome.plan.id}"
    assert 200 == approver.post(*approver.form(page, "/approve", to="lead")).status_code
    bench.sync()
    assert ("lead", None) == (bench.stage("1"), bench.stage("21"))
    assert "(new) →" in words_of(approver.get(page).text)


def test_a_plan_is_dropped(console: Console) -> None:
    """What was given up is not written, and its page says by whom."""
    bench = console.bench
    outcome = _hold(bench)
    approver = console.reader(Role.APPROVER, language="fr")
    page = f"/plans/{outcome.plan.id}"
    told = approver.post(*approver.form(page, "/drop"))
    assert f"{outcome.plan.held} valeurs sont abandonnées." in words_of(told.text)
    assert 0 == bench.sync().exit_code
    assert ("contact", False) == (bench.stage("1"), console.called.is_set())
    words = words_of(approver.get(page).text)
    assert "abandonné" in words
    assert "approver-0 (console)" in words


def test_runs_are_listed_with_what_they_did(console: Console) -> None:
    """Newest first, with a page of its own that shows the moves and examples of entries."""
    bench = console.bench
    for number in range(1, 4):
        bench.form(str(number))
    outcome = bench.sync()
    reader = console.reader()
    listed = re.findall(r'<a href="/runs/(r_\w+)">', reader.get("/runs").text)
    assert (outcome.run, 2) == (listed[0], len(listed))
    page = reader.get(f"/runs/{outcome.run}").text
    words = words_of(page)
    assert f"3 people and accounts, {bench.written(outcome)} values written" in words
    assert 3 == len(set(re.findall(r'<a href="/people/(\w+)"', page)))
    assert "/audit/" in page
    assert "Undo this run" not in words
    assert 404 == reader.get("/runs/r_none").status_code


def test_a_run_that_broke_off_says_so(console: Console) -> None:
    """A run that never ended, while nobody works on the store, broke off."""
    from stagesync.store import state

    with console.bench.store.begin() as tx:
        state.start_run(tx, "r_cut", seq=99, at_s=console.bench.clock.now_s())
    reader = console.reader()
    assert "broken off" in words_of(reader.get("/runs").text)
    assert "It broke off before it could end" in words_of(reader.get("/runs/r_cut").text)


def _undone(approver: Reader, run: str, query: str = "") -> str:
    """Makes the plan of an undo and waits for it; the page of its job."""
    page = f"/runs/{run}/undo{query}"
    address, fields = approver.form(page, "/undo")
    return approver.after_job(approver.post(address, fields).url.removeprefix(approver.url))


def test_a_run_is_undone_with_its_plan_first(console: Console) -> None:
    """The plan tells what comes back and what lies beyond; approved, the next run puts it back."""
    bench = console.bench
    for number in range(1, 4):
        bench.form(str(number))
    run = bench.sync().run
    approver = console.reader(Role.APPROVER)
    text = _undone(approver, run)
    plan = re.search(r'href="/plans/(pl_\w+)"', text)[1]  # type: ignore[index]
    words = words_of(approver.get(f"/plans/{plan}").text)
    assert f"Undo of {run}" in words
    assert "such as a mail that was sent" in words
    assert "lead" == bench.stage("1")
    approver.post(*approver.form(f"/plans/{plan}", "/approve"))
    bench.sync()
    assert "contact" == bench.stage("1")
    assert "It was taken back by a plan." in words_of(approver.get(f"/runs/{run}").text)


def test_what_an_undo_leaves_is_told_with_its_reason(console: Console) -> None:
    """A value that somebody changed since stays, and both pages say why, in the reader's language."""
    bench = console.bench
    for number in range(1, 4):
        bench.form(str(number))
    run = bench.sync().run
    bench.north.edit("contact", "1", {"stage": "client"})
    approver = console.reader(Role.APPROVER, language="fr")
    text = _undone(approver, run)
    plan = re.search(r'href="/plans/(pl_\w+)"', text)[1]  # type: ignore[index]
    for words in (words_of(text), words_of(approver.get(f"/plans/{plan}").text)):
        assert "1 valeur : elle a été modifiée depuis" in words.replace("\xa0", " ")


def test_one_person_alone_is_undone(console: Console) -> None:
    """The others of the run keep what it wrote."""
    bench = console.bench
    for number in range(1, 4):
        bench.form(str(number))
    run = bench.sync().run
    who = bench.person("north", "contact", "2")
    approver = console.reader(Role.APPROVER)
    text = _undone(approver, run, f"?person={who}")
    plan = re.search(r'href="/plans/(pl_\w+)"', text)[1]  # type: ignore[index]
    approver.post(*approver.form(f"/plans/{plan}", "/approve"))
    bench.sync()
    assert ["lead", "contact", "lead"] == [bench.stage(str(n)) for n in range(1, 4)]


def test_an_undo_of_nothing_fails_with_its_reason(console: Console) -> None:
    """A run that wrote nothing has nothing to take back, and the page of the job says so."""
    run = console.bench.sync().run
    assert "the log has no value written by run" in words_of(
        _undone(console.reader(Role.APPROVER), run)
    )


def test_an_undo_waits_for_the_pass_under_way(console: Console) -> None:
    """While a pass works the CRMs are not asked; it goes on when the pass has ended, and can be ended before."""
    bench = console.bench
    bench.form("1")
    run = bench.sync().run
    approver = console.reader(Role.APPROVER)
    calls = bench.deployment.connections["north"].connector.calls
    with bench.store.passing:
        address, fields = approver.form(f"/runs/{run}/undo", "/undo")
        path = approver.post(address, fields).url.removeprefix(console.url)
        assert "Waits for the run under way" in words_of(approver.get(path).text)
        assert calls == bench.deployment.connections["north"].connector.calls
    assert "values would be put back" in words_of(approver.after_job(path))


def test_what_a_crm_holds_is_shown_as_text(console: Console) -> None:
    """A script in a field of a CRM runs nowhere."""
    bench = console.bench
    bench.north.edit("contact", "1", {"stage": "<script>alert(1)</script>"})
    outcome = _hold(bench)
    reader = console.reader()
    page = reader.get(f"/plans/{outcome.plan.id}").text
    path = html.unescape(re.search(r'href="(/plans/\w+/values\?[^"]+)"', page)[1])  # type: ignore[index]
    for text in (page, reader.get(path).text, reader.get("/audit").text):
        assert "<script>alert" not in text


def test_people_who_may_be_one_are_decided_about_among_the_plans(console: Console) -> None:
    """Both stand there with their stages; a viewer reads it, an approver's word is taken once."""
    bench = console.bench
    ann, member = two_people(bench, form=True)
    path, words = "/plans", ("One person or two", "ann@firm.example", "Lead", "Contact")
    page = console.reader(Role.VIEWER).get(path).text
    assert [] == [each for each in words if each not in words_of(page)]
    assert [] == [each for each in forms_of(page) if "/decide" in each[0]]
    reader = console.reader(Role.APPROVER)
    ((where, join),) = re.findall(
        r'action="(/people/p_\w+/decide)".*?name="join" value="(\w+)"', reader.get(path).text
    )
    assert "one person or two" in words_of(reader.get("/alerts").text).lower()
    assert reader.post(where, {"join": join, "answer": "one"}).ok
    assert "One person or two" not in words_of(reader.get(path).text)
    bench.sync()
    assert is_one(bench, ann, member)
