"""People and accounts are found by what somebody may have of them."""

import pytest

from stagesync.engine.explain import explain
from stagesync.engine.search import find_all

from .bench import Bench
from .test_query_plans import noted, offences

MOST = 20


@pytest.fixture
def base(bench: Bench) -> Bench:
    """Élise Dupont of Crédit Plus in both CRMs, Jean-Pierre de la Tour, somebody without a name, a hundred others."""
    company = bench.north.add("company", {"domain": "credit-plus.example", "name": "Crédit Plus"})
    links = {"company": (company,)}
    bench.contact("elise@credit-plus.example", first="Élise", last="Dupont", links=links)
    bench.member("elise@credit-plus.example", FirstName="Elise", LastName="DUPONT")
    bench.contact("jp@tour.example", first="Jean-Pierre", last="de la Tour")
    bench.contact("nobody.known@gmail.com")
    for number in range(100):
        bench.contact(f"n{number}@other.example", first=f"Max{number}", last=f"Other{number}")
    bench.sync()
    return bench


def contacts(bench: Bench) -> list[str]:
    """North's contacts, oldest first."""
    return [key[1] for key in bench.north.rows if key[0] == "contact"]


def found(bench: Bench, words: str) -> list[str]:
    """Names of those whom the words find."""
    with bench.store.begin() as tx:
        ids = find_all(tx, words, most=MOST)
    return [explain(bench.deployment, who)["name"] or kind for kind, who in ids]


@pytest.mark.parametrize(
    "words",
    [
        "elise", "ÉLISE", "  Dup", "elise dupont", "Dupont Élise", "el dup", "dupont e",
        "elise@credit-plus.example", "Elise@credit", "elise@",
    ],
)  # fmt: skip
def test_somebody_is_found_by_name_and_address(base: Bench, words: str) -> None:
    """By the beginning of either name, in either order, or of the address; case and accents play no part."""
    assert ["Élise Dupont"] == found(base, words)


@pytest.mark.parametrize(
    "words", ["jean pierre", "Jean-Pierre de", "de la tour jean", "tour.example"]
)
def test_names_of_several_words_are_found(base: Bench, words: str) -> None:
    """Wherever the first name ends and the last one begins; a web domain finds nobody who has no company."""
    expected = [] if "." in words else ["Jean-Pierre de la Tour"]
    assert expected == found(base, words)


@pytest.mark.parametrize("words", ["credit", "CRÉDIT plus", "credit-plus.ex"])
def test_an_account_is_found_by_name_and_domain(base: Bench, words: str) -> None:
    """By the beginning of its name or of its web domain."""
    assert ["Crédit Plus"] == found(base, words)


def test_a_company_s_people_are_found_by_its_domain(base: Bench) -> None:
    """After an at sign a web domain finds the people who write from there, and their account."""
    assert ["Élise Dupont", "Crédit Plus"] == found(base, "@credit-plus.example")


def test_somebody_is_found_by_ids(base: Bench) -> None:
    """By our id, by a record's id in its CRM or the beginning of it, and by connection/object/id."""
    person = base.person("north", "contact", contacts(base)[0])
    records = explain(base.deployment, str(person))["records"]
    ids = [str(person), *(f"{e['connection']}/{e['object']}/{e['id']}" for e in records)]
    assert len(ids) == 3
    for words in ids:
        assert ["Élise Dupont"] == found(base, words)
    last = contacts(base)[-1]
    assert ["Max99 Other99"] == found(base, last)
    assert "Max99 Other99" in found(base, last[:-1])


def test_little_finds_nobody(base: Bench) -> None:
    """One letter, blanks, and marks alone find nobody, and break nothing."""
    for words in ("", "e", "  ", "%%", "__", "'; --", "\U0010ffff\U0010ffff", "@"):
        assert [] == found(base, words)


def test_those_who_are_gone_are_not_found(base: Bench) -> None:
    """A record that its CRM deleted finds nobody any more."""
    base.north.delete("contact", contacts(base)[1])
    base.sync()
    assert [] == found(base, "jean pierre")


def test_no_search_reads_everybody(base: Bench) -> None:
    """Each question that words are asked as is a range of an index."""
    with noted(base) as asked, base.store.begin() as tx:
        for words in ("elise dupont", "eli@", "@firm.example", "12345", "north/contact/1", "p_1"):
            find_all(tx, words, most=MOST)
    assert len(asked) > 5
    assert [] == offences(base, asked)
