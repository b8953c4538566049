"""Alerts, refused values, the doctor's findings and unmapped values in the console."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from tests.engine.bench import Bench

from channel_ends import Chat, chat
from console import Console, Reader, console_on
from stagesync.connector import FieldDescription, FieldType, Option, Refusal
from stagesync.domain.said import Said
from stagesync.engine.alerts import HERE, Kind, settle
from stagesync.engine.channels import channels_of
from stagesync.engine.logins import Role
from stagesync.settings import AlertSettings


def text_of(html: str) -> str:
    """What is read of a page."""
    main = html.split("<main", 1)[1].split(">", 1)[1]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def after_the_job(reader: Reader, path: str) -> str:
    """The page of the work that a form began, once it is over."""
    answer = reader.post(path)
    assert "/jobs/" in answer.url, answer.text
    until_s = time.monotonic() + 20
    while time.monotonic() < until_s:
        page = reader.get(answer.url.removeprefix(reader.url)).text
        if "hx-trigger" not in page:
            return text_of(page)
        time.sleep(0.1)
    raise AssertionError(text_of(page))


def test_empty_pages_say_what_would_stand_there(console: Console) -> None:
    """Each of the four, in both languages, and the doctor before anybody looked."""
    said = {
        "/alerts": ("Nothing is wrong.", "Tout va bien."),
        "/parked": ("No CRM refuses anything.", "Aucun CRM ne refuse"),
        "/doctor": ("Nobody looked yet.", "encore regardé."),
        "/unmapped": ("Every value is understood.", "Toutes les valeurs sont comprises."),
    }
    readers = [console.reader(language=each) for each in ("en", "fr")]
    assert [] == [
        (path, words)
        for path, told in said.items()
        for reader, words in zip(readers, told, strict=True)
        if words not in text_of(reader.get(path).text)
    ]


def test_an_alert_stands_with_its_fix_in_both_languages(bench: Bench, console: Console) -> None:
    """What stands, what is over, and how many in the menu."""
    found = {
        "contact.title": (
            Said("{field} is gone from the CRM", field="contact.title"),
            Said(
                "make {field} again in the CRM, or take it out of the mapping",
                field="contact.title",
            ),
        )
    }
    with bench.store.begin() as tx:
        settle(tx, "north", Kind.DRIFT, {**found, "old": ("<b>old</b>", "x")}, now_s=1e9)
        settle(tx, "north", Kind.DRIFT, found, now_s=1e9 + 60)
        settle(tx, HERE, Kind.LOG, {"file": ("plain words", "mend it")}, now_s=1e9)
    english, french = (console.reader(language=each).get("/alerts").text for each in ("en", "fr"))
    assert "contact.title is gone from the CRM" in english
    assert "make contact.title again in the CRM" in english
    assert "contact.title a disparu du CRM" in french
    assert "recréez contact.title dans le CRM" in french
    assert "plain words" in french
    assert "&lt;b&gt;old&lt;/b&gt;" in english.split("<h2>Over<")[1]
    assert re.search(r'/alerts"[^>]*>Alerts <span class="count">2<', english)


@pytest.fixture
def room(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    """The bench tells a chat of its alerts."""
    with chat() as found:
        monkeypatch.setenv("CHAT_URL", found.url)
        told = AlertSettings.model_validate({"webhooks": {"team": {"url": {"env": "CHAT_URL"}}}})
        bench.redeploy(channels=channels_of(told, folder=Path()))
        yield found


def test_an_approver_tries_the_channels(bench: Bench, room: Chat) -> None:
    """A message comes, the page says so; and whether the channel works stands beside it from then on."""
    with console_on(bench) as console:
        reader = console.reader(Role.APPROVER)
        assert "not tried yet" in text_of(reader.get("/alerts").text)
        assert "team : told" in after_the_job(reader, "/alerts/test")
        assert "works" in text_of(reader.get("/alerts").text)
        room.status = 500
        assert "team : it answered 500" in after_the_job(reader, "/alerts/test")
        assert "fails it answered 500" in text_of(reader.get("/alerts").text)
    assert [f"{console.url}/alerts"] == [each.splitlines()[-1] for each in room.texts]


def refuse(bench: Bench) -> list[str]:
    """Two contacts whose values north refuses, each in words of its own, and one refused otherwise."""
    contacts = [bench.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(3)]
    bench.sync()
    for number, each in enumerate(contacts[:2]):
        words = f'contact {number} "<i>{each}</i>" is locked'
        bench.north.refuse("contact", each, Refusal.LOCKED, message=words)
        bench.form(each)
    bench.north.refuse("contact", contacts[2], Refusal.INVALID, message="no such thing")
    bench.form(contacts[2])
    bench.sync()
    return contacts


def test_refused_values_stand_in_the_crms_words(bench: Bench, console: Console) -> None:
    """The same complaint about two records is one group; words of a CRM are text; a viewer sends nothing."""
    contacts = refuse(bench)
    page = console.reader().get("/parked").text
    groups = re.findall(r'<blockquote class="callout wrap">(.*?)</blockquote>', page)
    locked = [each for each in groups if "locked" in each]
    counts = re.findall(r"north: contact</h2>\s*<span[^>]*>(\d) value", page)
    assert (["6", "3"], 1) == (counts, len(locked))
    assert "changed_at, score, stage" in text_of(page)
    assert all("&lt;i&gt;" in each for each in locked)
    person = bench.person("north", "contact", contacts[0])
    assert f'href="/people/{person}"' in page
    assert "Send again" not in page


def test_an_editor_sends_a_group_again(bench: Bench, console: Console) -> None:
    """Those of the complaint alone are planned anew, and the log says who asked."""
    contacts = refuse(bench)
    bench.sync()
    page = console.reader(Role.EDITOR).get("/parked").text
    (form,) = (
        each
        for each in re.findall(r"<form.*?</form>", page, re.DOTALL)
        if "locked" in each and "complaint" in each
    )
    fields = dict(re.findall(r'name="(connection|object|complaint)" value="([^"]*)"', form))
    import html

    told = {name: html.unescape(value) for name, value in fields.items()}
    reader = console.reader(Role.EDITOR)
    answer = reader.post("/parked/retry", told)
    assert "sends the values of 2 people and accounts again" in text_of(answer.text)
    assert [{"retried": 2}] == [
        each["result"] for each in bench.audit() if "retried" in (each.get("result") or {})
    ]
    for each in contacts[:2]:
        bench.north.accept("contact", each)
    bench.sync()
    assert "locked" not in reader.get("/parked").text
    assert "Nothing of it waits" in text_of(reader.post("/parked/retry", told).text)


def test_one_person_is_sent_again(bench: Bench, console: Console) -> None:
    """By the id that stands beside the record."""
    contacts = refuse(bench)
    person = bench.person("north", "contact", contacts[2])
    answer = console.reader(Role.EDITOR).post("/parked/retry", {"subject": str(person)})
    assert "sends the values of 1 person" in text_of(answer.text)


def test_the_doctor_looks_and_its_findings_stay(bench: Bench, console: Console) -> None:
    """The button looks in the background; what was found stands with its fix and time, in both languages."""
    del bench.north.fields["contact"]["title"]
    bench.clock.at_s = time.time()
    reader = console.reader(Role.EDITOR, language="fr")
    assert "1 constat." in after_the_job(reader, "/doctor")
    french, english = (
        text_of(reader.get("/doctor").text),
        text_of(console.reader().get("/doctor").text),
    )
    assert "contact.title n\u2019existe pas" in french
    assert "laissez les identifiants voir contact.title" in french
    assert "contact.title does not exist" in english
    assert "south well" in english
    assert "Look now" not in english


def test_unmapped_values_come_with_the_line_to_add(bench: Bench, console: Console) -> None:
    """Ranked by records; the line is YAML, and with it the value is known."""
    options = tuple(Option(each, each, 0) for each in ("SPACE <X>", "RARE"))
    bench.north.fields["company"]["industry"] = FieldDescription(
        "industry", FieldType.CHOICE, True, options=options
    )
    for number, industry in enumerate(("RARE", "SPACE <X>", "SPACE <X>")):
        bench.north.add("company", {"domain": f"a{number}.example", "industry": industry})
    bench.sync()
    page = console.reader().get("/unmapped").text
    lines = re.findall(r'<pre class="line" id="line-\d+">(.*?)</pre>', page)
    assert ["values: {&#34;SPACE &lt;X&gt;&#34;: }", "values: {&#34;RARE&#34;: }"] == lines
    read = YAML(typ="safe", pure=True).load(lines[1].replace("&#34;", '"'))
    assert {"values": {"RARE": None}} == read
    assert "to account.industry, under company" in text_of(page)


def test_a_stage_without_an_option_is_listed(bench: Bench, console: Console) -> None:
    """What could not be written because the CRM offers nothing for it, with how many records wait."""
    known = bench.north.fields["contact"]["stage"]
    kept = tuple(each for each in known.options if each.value != "lead")
    bench.north.fields["contact"]["stage"] = replace(known, options=kept)
    ann = bench.contact("ann@firm.example", last="Ng")
    bench.form(ann)
    bench.sync()
    assert "north: contact.stage Add the option" in text_of(console.reader().get("/unmapped").text)
