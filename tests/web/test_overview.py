"""The first page, through the real server."""

from __future__ import annotations

import re

from tests.engine.bench import Bench, iso

from console import Console, console_on
from stagesync.engine.keeper import make_due
from stagesync.engine.trouble import to_keep
from stagesync.errors import CrmError
from stagesync.store import connections
from stagesync.web.look import NOTHING


def live(bench: Bench) -> None:
    """Two weeks in which somebody becomes a lead, counted."""
    for n in range(3):
        bench.contact(f"old{n}@firm.example", last_visit=iso(bench.clock.at_s), visits="1")
    bench.member("old0@firm.example")
    bench.sync()
    bench.clock.advance(days=1)
    new = bench.contact("new@firm.example", last_visit=iso(bench.clock.at_s), visits="1")
    bench.sync()
    bench.clock.advance(days=9)
    bench.form(new)
    bench.sync()
    make_due(bench.deployment)


def rows(page: str) -> list[list[str]]:
    """The cells of all tables, without their markup."""
    found = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    return [
        [
            " ".join(re.sub(r"<[^>]+>", " ", cell).split())
            for cell in re.split(r"</t[hd]>", row)[:-1]
        ]
        for row in found
    ]


def test_the_funnel_is_shown_with_its_numbers(console: Console) -> None:
    """People, who entered, who went on, how long they stayed; the gaps in words; the picture beside it."""
    live(console.bench)
    page = console.reader().get("/").text
    assert ["Visitor", "3", "1", "100%", "9"] in rows(page)
    assert ["Lead most are lost here: 0% go on to Qualified", "1", "1", "0%", NOTHING] in rows(page)
    assert 'class="chart funnel"' in page


def test_each_vocabulary_has_its_picture(console: Console) -> None:
    """By the chooser; a name that nobody knows shows the main one."""
    live(console.bench)
    reader = console.reader()
    assert "Marketing Qualified Lead" in reader.get("/?vocabulary=hubspot").text
    assert rows(reader.get("/?vocabulary=nonsense").text) == rows(reader.get("/").text)


def test_numbers_that_are_not_counted_yet_are_not_made_up(console: Console) -> None:
    """Before the daemon counted, people are shown, and dashes."""
    console.bench.contact("p@firm.example", last_visit=iso(console.bench.clock.at_s), visits="1")
    console.bench.sync()
    page = console.reader().get("/").text
    assert ["Visitor", "1", NOTHING, NOTHING, NOTHING] in rows(page)
    assert "is being counted" in page


def test_before_anything_was_read_the_page_says_so(console: Console) -> None:
    """Each connection that was never read to its end is named with how far it is."""
    page = console.reader().get("/").text
    assert "north is read for the first time." in page
    assert "contact: not begun" in page
    assert "Nobody has a place yet." in page


def broken(bench: Bench, words: str) -> None:
    """The connection north failed with these words of its CRM."""
    bench.sync()
    with bench.store.begin() as tx:
        connections.save_trouble(tx, "north", to_keep(CrmError(words, hint="renew it")))


def test_what_waits_for_somebody_stands_on_top(console: Console) -> None:
    """A connection in trouble stands before the numbers, with what to do about it."""
    live(console.bench)
    broken(console.bench, "the token was refused")
    page = console.reader().get("/").text
    assert page.index("the token was refused") < page.index("renew it") < page.index('"beside"')


def test_the_page_follows_what_happens(console: Console) -> None:
    """The part that moves is sent anew when it changed, and not at all when it did not."""
    live(console.bench)
    reader = console.reader()
    assert 'hx-trigger="every 5s"' in reader.get("/").text
    first = reader.get("/overview/live?vocabulary=standard")
    seen = re.search(r'name="seen" value="(\w+)"', first.text)[1]  # type: ignore[index]  # it stands there
    assert (200, 204) == (
        first.status_code,
        reader.get(f"/overview/live?vocabulary=standard&seen={seen}").status_code,
    )
    console.bench.contact("later@firm.example")
    console.bench.sync()
    again = reader.get(f"/overview/live?vocabulary=standard&seen={seen}")
    assert (200, True) == (again.status_code, "<h1" not in again.text)


def test_a_reader_may_stop_following(console: Console) -> None:
    """Then nothing on the page moves by itself."""
    page = console.reader().get("/?live=no").text
    assert "hx-trigger" not in page
    assert "Follow live" in page


def test_every_link_of_what_moves_has_a_name(console: Console) -> None:
    """Whoever stands on a link with the keyboard stands there after an update: htmx finds it by its id."""
    live(console.bench)
    part = console.reader().get("/overview/live").text
    links = re.findall(r"<a\b[^>]*>", part)
    ids = [re.search(r'id="([^"]+)"', each) for each in links]
    assert links
    assert all(ids)
    assert len({each[1] for each in ids if each}) == len(links)


def test_it_is_read_in_french(console: Console) -> None:
    """Words, stages and numbers."""
    live(console.bench)
    page = console.reader(language="fr").get("/").text
    assert ["Visiteur", "3", "1", "100 %", "9"] in rows(page)


def test_what_a_crm_says_is_shown_as_text(console: Console) -> None:
    """Words of a failure that look like markup stay words."""
    broken(console.bench, "<script>alert(1)</script>")
    page = console.reader().get("/").text
    assert (False, True) == ("<script>alert" in page, "&lt;script&gt;alert" in page)


def test_a_rehearsal_is_told(console: Console) -> None:
    """Whoever looks at simulators knows it; nobody else reads of them."""
    word = "This is a rehearsal"
    assert word not in console.reader().get("/").text
    console.bench.redeploy(rehearses=True)
    with console_on(console.bench) as again:
        assert word in again.reader().get("/").text
