"""Definitions in the console: read, tried, proposed, adopted, and put back."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.bench import make_bench
from tests.engine.deployed import FEWER_LEADS, STANDARD, Deployed, deployed

import stores
from console import Console, Reader, console_on
from stagesync.engine.logins import Role
from stores import from_pool


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployed]:
    """A base of one lead and one contact, under definitions in files."""
    with from_pool(stores.MEMORY):
        bench = make_bench()
        found = deployed(bench, tmp_path / "mappings")
        contact = bench.contact("ann@gmail.com", last="Ng")
        bench.form(contact)
        found.run()
        yield found
        bench.store.close()


@pytest.fixture
def console(place: Deployed) -> Iterator[Console]:
    with console_on(place.bench, live=place.live) as found:
        yield found


PAGES = (
    "/definitions",
    "/definitions/mappings",
    "/definitions/mappings?connection=south",
    "/definitions/text",
    "/definitions/text?file=vocabularies/standard.yaml",
    "/definitions/history",
    "/definitions/diff?to=1",
    "/definitions/preview",
    "/vocabularies",
    "/vocabularies/translate",
    "/vocabularies/translate?from=inbound-funnel&to=target-first",
    "/vocabularies/explore?interest=request&fit=inside",
)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_is_read_by_viewers(console: Console, language: str) -> None:
    """In both languages."""
    reader = console.reader(Role.VIEWER, language=language)
    for path in PAGES:
        answer = reader.get(path)
        assert 200 == answer.status_code, path
        assert f'lang="{language}"' in answer.text


def policy_with(place: Deployed, old: str, new: str) -> str:
    """The policy in force with a text replaced."""
    text = place.live.current().texts["policy.yaml"]
    assert old in text
    return text.replace(old, new)


def tried(reader: Reader, form: dict[str, object]) -> tuple[str, str]:
    """What a preview came to, once it is done: its job and its page."""
    answer = reader.post("/definitions/preview", form)
    assert answer.ok, answer.text
    path = answer.url.removeprefix(reader.url)
    give_up = time.monotonic() + 60
    while "<progress" in (text := reader.get(path).text):
        assert time.monotonic() < give_up, text
        time.sleep(0.05)
    return path.rpartition("/")[2], text


def cells(text: str) -> str:
    """A page without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_errors_stand_beside_the_text_and_nothing_is_kept(
    console: Console, place: Deployed
) -> None:
    """A wrong policy comes back as it was pasted, each problem at its line; nothing is tried and nothing stored."""
    reader = console.reader(Role.EDITOR)
    wrong = policy_with(place, "keep_at: 35", "keep_at: 350")
    answer = reader.post("/definitions/preview", {"text": wrong})
    line = wrong[: wrong.index("keep_at: 350")].count("\n") + 1
    assert 422 == answer.status_code
    assert f'href="#L{line}"' in answer.text
    row = re.search(rf'<tr id="L{line}".*?</tr>', answer.text, re.DOTALL)
    assert row is not None
    assert '<div class="wrong">' in row[0]
    assert "keep_at: 350" in answer.text.partition("<textarea")[2]
    with place.bench.store.begin() as tx:
        counts = [
            tx.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").scalar_one()
            for table in ("proposal", "definition_set")
        ]
    assert [0, 1] == counts


def seen(page: str) -> str:
    """The mark with which a plan's page tells what its reader saw."""
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found, page
    return found[1]


def test_a_change_is_tried_proposed_adopted_held_and_approved(
    console: Console, place: Deployed
) -> None:
    """An editor puts it in force; nothing is written before an approver approves the plan that follows."""
    bench, contact = place.bench, "1"
    editor, approver = console.reader(Role.EDITOR), console.reader(Role.APPROVER)
    text = place.live.current().texts[STANDARD].replace(*FEWER_LEADS)
    job, page = tried(editor, {"text": text})
    assert "1 person moves, of 1" in cells(page)
    assert "/people/p_" in page, "an example leads to a person"
    answer = editor.post("/definitions/propose", {"job": job, "note": "stricter <b>leads</b>"})
    assert "stricter &lt;b&gt;leads&lt;/b&gt;" in answer.text
    assert "/people/p_" not in answer.text, "a proposal names nobody"
    console.called.clear()
    answer = editor.post(answer.url.removeprefix(console.url) + "/adopt")
    assert "waits for approval" in answer.text
    assert (True, True) == (console.called.is_set(), place.live.is_stirred()), (
        "the daemon is called"
    )
    newcomer = bench.contact("new@gmail.com", last="Hill")
    outcome = place.run()
    assert (3, "lead", None) == (outcome.exit_code, bench.stage(contact), bench.stage(newcomer))
    assert "nothing is written" in editor.get("/definitions").text
    plan = f"/plans/{outcome.plan.id}"
    assert 403 == editor.post(f"{plan}/approve").status_code
    approver.post(f"{plan}/approve", {"seen": seen(approver.get(plan).text)})
    place.run()
    assert ("contact", "contact") == (bench.stage(contact), bench.stage(newcomer))
    assert "nothing is written" not in editor.get("/definitions").text
    history = cells(editor.get("/definitions/history").text)
    assert re.search(r"editor-\d \(console\) stricter", history)
    told = {
        key: each["actor"]
        for each in bench.audit()
        for key in each["result"]
        if key in {"proposed", "adopted", "approved"}
    }
    assert ["approver", "editor", "editor"] == [
        told[key].partition("-")[0] for key in ("approved", "adopted", "proposed")
    ]


def test_an_earlier_set_is_put_back(console: Console, place: Deployed) -> None:
    """From the history, with a word on what it would do first; the diff shows what it takes back."""
    editor = console.reader(Role.EDITOR)
    place.edit("policy.yaml", "at_least: 50, keep_at: 35", "at_least: 25, keep_at: 20")
    place.run()
    diff = cells(editor.get("/definitions/diff?to=2").text)
    assert re.search(r"\u2212\s+ready: .*keep_at: 35", diff)
    answer = editor.post("/definitions/history/1/preview")
    assert "/jobs/" in answer.url
    answer = editor.post("/definitions/history/1/put-back")
    assert "/definitions/history" in answer.url, answer.text
    assert "at_least: 50, keep_at: 35" in (place.folder / "policy.yaml").read_text()
    place.run()
    assert "set 1 put back" in editor.get("/definitions/history").text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/definitions/preview", {"text": "policy: p"}),
        ("/definitions/propose", {"job": "x"}),
        ("/definitions/proposals/pr_1/adopt", {}),
        ("/definitions/proposals/pr_1/withdraw", {}),
        ("/definitions/history/1/put-back", {}),
        ("/definitions/history/1/preview", {}),
    ],
)
def test_viewers_change_nothing(console: Console, path: str, form: dict[str, object]) -> None:
    """Proposing and adopting takes an editor."""
    assert 403 == console.reader(Role.VIEWER).post(path, form).status_code


def test_what_is_handed_in_is_bounded_and_names_no_path(console: Console, place: Deployed) -> None:
    """More than a megabyte is not read; a file's own name decides nothing; a foreign place is refused."""
    reader = console.reader(Role.EDITOR)
    assert 413 == reader.post("/definitions/preview", {"text": "#" * 1_100_000}).status_code
    answer = reader.post("/definitions/preview", {"text": "policy: p", "name": "../../etc/passwd"})
    assert 422 == answer.status_code
    assert "takes the place of no file" in answer.text
    answer = reader.post(
        "/definitions/preview",
        files={"files": ("../../../policy.yaml", "colour: red", "text/yaml")},
    )
    assert "begins with neither" in answer.text
    binary = {"files": ("x.yaml", b"\x00\xff\xfe", "text/yaml")}
    assert 422 == reader.post("/definitions/preview", files=binary).status_code
    assert 422 == reader.post("/definitions/preview", {"text": "  "}).status_code
    same = place.live.current().texts["policy.yaml"]
    assert "in force already" in reader.post("/definitions/preview", {"text": same}).text


def test_several_files_are_tried_as_one_change(console: Console, place: Deployed) -> None:
    """A level that a policy renames is renamed in what reads it, by the same upload."""
    reader = console.reader(Role.EDITOR)
    texts = place.live.current().texts
    stricter = texts[STANDARD].replace(*FEWER_LEADS)
    later = texts["policy.yaml"].replace("version: 1 ", "version: 2 ")
    answer = reader.post(
        "/definitions/preview",
        files=[("files", ("a.yaml", stricter)), ("files", ("b.yaml", later))],
    )
    path = answer.url.removeprefix(reader.url)
    give_up = time.monotonic() + 60
    while "<progress" in (text := reader.get(path).text) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert "policy.yaml" in text
    assert STANDARD in text


def test_the_explorer_reads_every_vocabulary(console: Console) -> None:
    """With and without script: a position's words; what is no level counts as the lowest."""
    reader = console.reader(Role.VIEWER)
    whole = reader.get("/vocabularies/explore?interest=request&fit=inside&sales=<b>")
    assert re.search(r"<dt>Standard</dt><dd><span[^>]*>Lead<", whole.text)
    assert "<html" in whole.text
    part = reader.http.get(
        reader.url + "/vocabularies/explore?interest=gesture",
        headers={"HX-Request": "true"},
        timeout=30,
    )
    assert re.search(r"<dt>Standard</dt><dd><span[^>]*>Engaged<", part.text)
    assert "<html" not in part.text


def test_the_translation_tells_what_decides(console: Console) -> None:
    """In the reader's language, with the policy's own question and labels."""
    path = "/vocabularies/translate?from=inbound-funnel&to=target-first"
    english = cells(console.reader(Role.VIEWER).get(path).text)
    french = cells(console.reader(Role.VIEWER, language="fr").get(path).text)
    assert "Do they match our target criteria?" in english
    assert "Correspondent-ils à nos critères de cible ?" in french.replace("\u202f", " ")


def test_what_is_not_there_is_told(console: Console) -> None:
    """Names, numbers and jobs that nobody knows are no page, and no failure."""
    reader = console.reader(Role.EDITOR)
    for path in (
        "/definitions/text?file=../../etc/passwd",
        "/definitions/mappings?connection=west",
        "/definitions/diff?to=99",
        "/definitions/proposals/pr_none",
        "/vocabularies/translate?from=nobody",
    ):
        assert 404 == reader.get(path).status_code, path
    assert 404 == reader.post("/definitions/propose", {"job": "none"}).status_code
    assert 422 == reader.post("/definitions/proposals/pr_none/adopt").status_code
    assert 422 == reader.post("/definitions/history/99/put-back").status_code
