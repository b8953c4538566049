"""The pages of people and accounts, over real HTTP and a base that runs have filled."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.engine.bench import Bench, iso, make_bench

from console import Console, Reader, console_on
from stagesync.engine.logins import Role
from stagesync.store import people

SCRIPT = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Two companies; Élise who asked, in both CRMs; a script where a name should be; sixty others."""
    bench = make_bench()
    company = bench.north.add(
        "company",
        {"domain": "credit.example", "name": "Crédit & fils", "employees": "400", "country": "FR"},
    )
    links = {"company": (company,)}
    elise = bench.contact(
        "elise@credit.example", first="Élise", last="Dupont", title="VP Sales", links=links
    )
    bench.member("elise@credit.example", FirstName="Elise", LastName="Dupont")
    bench.contact("x@script.example", first=SCRIPT, last="Evil", title=f"Head of {SCRIPT}")
    for number in range(60):
        bench.contact(f"n{number}@other.example", first="Max", last=f"Other{number}", links=links)
    deal = {"opened": iso(bench.clock.at_s), "won": "no", "closed": "no"}
    bench.north.add("deal", deal, links={"company": (company,)})
    bench.north.add("deal", deal, links={"contact": (contact_of(bench, "n7@other.example"),)})
    bench.sync()
    bench.form(elise, days_ago=9)
    bench.sync()
    yield bench
    bench.store.close()


@pytest.fixture(scope="module")
def console(bench: Bench) -> Iterator[Console]:
    with console_on(bench) as found:
        yield found


@pytest.fixture(scope="module")
def readers(console: Console) -> dict[Role, Reader]:
    """One of each role, signed in once."""
    return {role: console.reader(role) for role in Role}


@pytest.fixture
def viewer(readers: dict[Role, Reader]) -> Reader:
    return readers[Role.VIEWER]


def contact_of(bench: Bench, email: str) -> str:
    return next(key[1] for key, row in bench.north.rows.items() if row.fields.get("email") == email)


def id_of(bench: Bench, email: str) -> str:
    return str(bench.person("north", "contact", contact_of(bench, email)))


def account_of(bench: Bench, person: str) -> str:
    with bench.store.begin() as tx:
        return str(people.placed(tx, "person", [person])[person].account)


def names(page: str) -> list[str]:
    """Whom a list shows."""
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', page)


def test_everybody_is_listed_page_by_page(viewer: Reader) -> None:
    """Each stands on one page, and the last page has no next one."""
    seen: list[str] = []
    path = "/people"
    while path:
        page = viewer.get(path).text
        seen += names(page)
        found = re.search(r'href="(/people\?after=[^"]+)">Next page', page)
        path = found[1].replace("&amp;", "&") if found else ""
    assert (62, 62) == (len(seen), len(set(seen)))
    assert seen[0] == "Élise Dupont"


@pytest.mark.parametrize("words", ["elise", "dupont É", "elise@cred"])
def test_somebody_is_found_by_words(viewer: Reader, words: str) -> None:
    """As a whole page without a script, and as a part of one with htmx; the words stand in no address."""
    whole = viewer.post("/people", {"words": words})
    assert ["Élise Dupont"] == names(whole.text)
    assert whole.url.endswith("/people")
    headers = {"HX-Request": "true", "Origin": viewer.url}
    part = viewer.http.post(
        f"{viewer.url}/people",
        {"words": words, "token": viewer.token()},
        headers=headers,
        timeout=9,
    )
    assert (["Élise Dupont"], False) == (names(part.text), "<html" in part.text)
    assert "/people" == part.headers["HX-Push-Url"]


def test_a_filter_is_an_address(viewer: Reader, bench: Bench) -> None:
    """A form without words leads to an address that can be kept; it shows whom it says."""
    answer = viewer.post("/people", {"at-interest": "request", "stage": "", "words": ""})
    assert answer.url.endswith("/people?at-interest=request")
    assert ["Élise Dupont"] == names(answer.text)
    stage = (bench.placed(id_of(bench, "elise@credit.example")).stages or {})["inbound-funnel"]
    assert ["Élise Dupont"] == names(
        viewer.get(f"/people?stage=inbound-funnel/{stage}&at-fit=inside").text
    )
    assert "Nobody fits" in viewer.get("/people?at-sales=won").text


def test_what_the_definitions_do_not_know_is_refused(viewer: Reader) -> None:
    """An address of other definitions says so."""
    for query in ("stage=standard/emperor", "at-fit=best", "after=nowhere"):
        assert 422 == viewer.get(f"/people?{query}").status_code


def test_a_page_tells_why_somebody_stands_there(viewer: Reader, bench: Bench) -> None:
    """Position, words of every vocabulary, scores with their rules, the curve, what would move them, values, facts."""
    page = viewer.get(f"/people/{id_of(bench, 'elise@credit.example')}").text
    told = [
        "<h1>Élise Dupont</h1>", "ready for sales", "contact form or call", "<title>interest over time",
        "an open deal", "1 more demo request", "Never:", "south contact", "person.seniority",
        "Undo this", "recheck",
    ]  # fmt: skip
    for each in told[:-2]:
        assert each in page, each
    for vocabulary in bench.deployment.vocabularies.values():
        assert vocabulary.labels["en"] in page


def test_a_person_s_deals_are_shown(viewer: Reader, bench: Bench) -> None:
    """With their status, and without a mark: they name somebody."""
    page = viewer.get(f"/people/{id_of(bench, 'n7@other.example')}").text
    assert (True, False) == ("<h3>Deals</h3>" in page, "names nobody" in page)
    assert "<td>open</td>" in page


def test_an_account_shows_its_people_and_its_lonely_deals(viewer: Reader, bench: Bench) -> None:
    """A deal that names nobody is marked; people beyond a page are behind a link that lists them."""
    account = account_of(bench, id_of(bench, "elise@credit.example"))
    page = viewer.get(f"/accounts/{account}").text
    assert "<h1>Crédit &amp; fils</h1>" in page
    assert ("names nobody" in page, len(names(page)) >= 50) == (True, True)
    listed = viewer.get(f"/people?account={account}").text
    assert "Only people of Crédit &amp; fils" in listed
    assert ["Crédit &amp; fils"] == names(viewer.post("/accounts", {"words": "credit"}).text)


def test_a_script_in_a_crm_is_text(viewer: Reader, bench: Bench) -> None:
    """Names and titles are shown as they are, and do nothing."""
    for page in (
        viewer.post("/people", {"words": "evil"}).text,
        viewer.get(f"/people/{id_of(bench, 'x@script.example')}").text,
    ):
        assert SCRIPT not in page
        assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; Evil" in page


def test_nobody_is_said_to_be_nobody(viewer: Reader) -> None:
    """An id that ended, and one that never was."""
    for path in ("/people/p_0", "/accounts/a_0", "/people/a_0"):
        assert 404 == viewer.get(path).status_code


def test_french_readers_read_french(viewer: Reader, bench: Bench) -> None:
    """Every part of both pages."""
    reader = Reader(viewer.url, "fr", viewer.http)
    person = id_of(bench, "elise@credit.example")
    page = reader.get(f"/people/{person}").text
    for each in ("Où en est cette personne", "Dans chaque vocabulaire", "Jamais"):
        assert each in page, each
    assert "Comptes" in reader.get("/accounts").text
    assert "contact_form a eu lieu" in page
    assert "demi-vie de 30 jours" in page


def test_acts_belong_to_roles(readers: dict[Role, Reader], bench: Bench) -> None:
    """Who only reads sees no button, and is refused whatever they send; each role may do its own."""
    person = id_of(bench, "n1@other.example")
    acts = {
        "hold": Role.EDITOR, "release": Role.EDITOR, "retry": Role.EDITOR, "decide": Role.APPROVER,
        "join": Role.APPROVER, "split": Role.APPROVER, "take-back": Role.APPROVER, "forget": Role.ADMIN,
    }  # fmt: skip
    for role in Role:
        reader = readers[role]
        page = reader.get(f"/people/{person}").text
        for act, needed in acts.items():
            if role < needed:
                assert f"{person}/{act}" not in page
                assert 403 == reader.post(f"/people/{person}/{act}").status_code


def test_somebody_is_left_alone_and_released(
    console: Console, readers: dict[Role, Reader], bench: Bench
) -> None:
    """Everything or one field, for a while or until released, with the reason; by name in the log."""
    editor = readers[Role.EDITOR]
    person = id_of(bench, "n2@other.example")
    console.called.clear()
    page = editor.post(f"/people/{person}/hold", {"for": "7d", "why": "on <leave>"}).text
    assert "Nothing is written of them" in page
    assert "on &lt;leave&gt;" in page
    assert console.called.is_set()
    hold = re.search(r'name="hold" value="(\w+)"', page)
    assert hold
    page = editor.post(f"/people/{person}/release", {"hold": hold[1]}).text
    assert "Nothing is left alone" in page
    told = [each for each in bench.audit() if each["person"] == person and each["actor"]]
    assert [True, True] == ["hold" in told[-2]["result"], "release" in told[-1]["result"]]
    assert told[-1]["actor"].endswith("(console)")
    assert 422 == editor.post(f"/people/{person}/hold", {"for": "soon"}).status_code


def test_a_field_is_left_alone(readers: dict[Role, Reader], bench: Bench) -> None:
    """That value alone stays as it is when the person moves; the others are written."""
    editor = readers[Role.EDITOR]
    person = id_of(bench, "n3@other.example")
    contact = contact_of(bench, "n3@other.example")
    before = bench.stage(contact)
    page = editor.post(
        f"/people/{person}/hold", {"field": f"north/contact/{contact}/stage", "for": ""}
    ).text
    assert "stage stays as it is" in page
    score = bench.value("north", "contact", contact, "score")
    bench.form(contact)
    bench.sync()
    assert (before, True) == (
        bench.stage(contact),
        "held by hand" in editor.get(f"/people/{person}").text,
    )
    assert score == bench.value("north", "contact", contact, "score")
    wrong = {"field": f"north/contact/{contact}/email", "for": ""}
    assert 422 == editor.post(f"/people/{person}/hold", wrong).status_code


def test_two_are_said_to_be_one_and_parted_again(readers: dict[Role, Reader], bench: Bench) -> None:
    """The page of either leads to the one that is left; taking the word back brings both back."""
    approver = readers[Role.APPROVER]
    one, other = id_of(bench, "n4@other.example"), id_of(bench, "n5@other.example")
    page = approver.post(f"/people/{one}/join", {"other": other})
    left = page.url.rsplit("/", 1)[1]
    assert left in (one, other)
    for email in ("n4@other.example", "n5@other.example"):
        assert f"north contact {contact_of(bench, email)}" in page.text
    assert "This record is somebody else" in page.text
    verdict = re.search(r'name="verdict" value="(\w+)"', page.text)
    assert verdict
    approver.post(f"/people/{left}/take-back", {"verdict": verdict[1]})
    bench.sync()
    assert [200, 200] == [approver.get(f"/people/{each}").status_code for each in (one, other)]


def test_somebody_is_forgotten_by_typing(readers: dict[Role, Reader], bench: Bench) -> None:
    """Only the id itself, typed, erases; then nobody has that id."""
    admin = readers[Role.ADMIN]
    person = id_of(bench, "n6@other.example")
    page = admin.get(f"/people/{person}/forget").text
    assert "1 record" in page
    assert 422 == admin.post(f"/people/{person}/forget", {"typed": "yes"}).status_code
    assert 200 == admin.get(f"/people/{person}").status_code
    assert "forgotten" in admin.post(f"/people/{person}/forget", {"typed": person}).text
    assert 404 == admin.get(f"/people/{person}").status_code
