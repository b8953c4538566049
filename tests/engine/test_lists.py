"""Lists of people and accounts: whom a filter finds, in which order, page by page."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagesync.engine import lists
from stagesync.engine.lists import Filter, listed
from stagesync.errors import ArgumentError
from stagesync.store import lists as stored_lists
from stagesync.store import people
from stagesync.store.people import KINDS, Kind, Placed
from stores import examples

from .bench import DEFINITIONS, Bench
from .test_query_plans import noted, offences

VOCABULARIES = ("standard", "hubspot", "inbound-funnel")


def everybody(bench: Bench, kind: Kind) -> list[Placed]:
    """Those who were placed, who moved last first."""
    with bench.store.begin() as tx:
        found = people.placed(tx, kind, people.all_ids(tx, kind))
    placed = [each for each in found.values() if each.staged_at_s is not None]
    return sorted(placed, key=lambda each: (each.staged_at_s or 0, each.id), reverse=True)


def by_hand(bench: Bench, wanted: Filter) -> list[str]:
    """Whom a filter means, by a look at everybody."""
    return [
        each.id
        for each in everybody(bench, wanted.kind)
        if wanted.stages.items() <= (each.stages or {}).items()
        and wanted.levels.items() <= (each.position or {}).items()
        and wanted.account in (None, each.account)
    ]


def pages(bench: Bench, wanted: Filter, *, most: int) -> Iterator[dict[str, Any]]:
    """Every page, one after the other."""
    after = ""
    while True:
        with bench.store.begin() as tx:
            page = listed(
                tx, bench.deployment, wanted, after=after, now_s=bench.clock.now_s(), most=most
            )
        yield page
        after = page["after"]
        if not after:
            return


@pytest.fixture
def base(bench: Bench) -> Bench:
    """Forty people of five companies who moved at several times."""
    companies = [
        bench.north.add(
            "company", {"domain": f"f{n}.example", "name": f"Firm {n}", "employees": str(40 * n)}
        )
        for n in range(5)
    ]
    contacts = [
        bench.contact(
            f"p{n}@f{n % 5}.example",
            links={"company": (companies[n % 5],)},
            last=f"Ng{n}",
            title="Director of Sales" if n % 3 else "Intern",
            country="FR" if n % 2 else "XX",
        )
        for n in range(40)
    ]
    bench.sync()
    for n, contact in enumerate(contacts):
        if n % 13 == 0:
            bench.form(contact, days_ago=n)
            bench.clock.advance(days=1)
            bench.sync()
    return bench


_filters = st.builds(
    Filter,
    kind=st.sampled_from(KINDS),
    stages=st.dictionaries(st.sampled_from(VOCABULARIES), st.integers(0, 30), max_size=2).map(
        lambda picked: {
            name: (stages := DEFINITIONS.vocabularies[name].stages)[n % len(stages)].id
            for name, n in picked.items()
        }
    ),
    levels=st.dictionaries(
        st.sampled_from(DEFINITIONS.policy.axes), st.integers(0, 9), max_size=2
    ).map(
        lambda picked: {
            axis.name: axis.level_names[n % len(axis.level_names)] for axis, n in picked.items()
        }
    ),
)


def test_a_filter_finds_exactly_whom_a_look_at_everybody_finds(base: Bench) -> None:
    """By stages of any vocabularies, levels and account, page by page and in the order of moves; the count is theirs."""
    accounts = [each.id for each in everybody(base, "account")]

    @settings(max_examples=examples(30), deadline=None, database=None)
    @given(
        _filters,
        st.one_of(st.none(), st.sampled_from(accounts)),
        st.integers(1, 9),
        st.sampled_from((0, 7, 1_000)),
    )
    def holds(wanted: Filter, account: str | None, most: int, few: int) -> None:
        if wanted.kind == "person":
            wanted = Filter("person", "", wanted.stages, wanted.levels, account)
        before, stored_lists.FEW = stored_lists.FEW, few
        try:
            told = list(pages(base, wanted, most=most))
        finally:
            stored_lists.FEW = before
        expected = by_hand(base, wanted)
        assert expected == [row["id"] for page in told for row in page["rows"]]
        assert {len(expected)} == {page["count"] for page in told}

    holds()


def test_words_are_looked_for_among_those_who_fit(base: Bench) -> None:
    """A name finds those alone whom the rest of the filter means."""
    known = everybody(base, "person")
    stages = {(each.stages or {})["standard"] for each in known}
    found = {
        stage: {
            row["name"]
            for page in pages(base, Filter(words="ng1", stages={"standard": stage}), most=50)
            for row in page["rows"]
        }
        for stage in stages
    }
    assert len([names for names in found.values() if names]) > 1
    assert {f"Ng{n}" for n in (1, *range(10, 20))} == set().union(*found.values())
    assert 11 == sum(map(len, found.values()))


def test_a_row_tells_who_it_is(base: Bench) -> None:
    """A person's row has the names as the CRM spells them; an account's, how many people it has."""
    (page,) = pages(base, Filter(words="p7@"), most=5)
    (row,) = page["rows"]
    assert ("Ng7", "p7@f2.example", "Firm 2", ["north"]) == tuple(
        row[key] for key in ("name", "email", "company", "connections")
    )
    (page,) = pages(base, Filter("account", words="firm 2"), most=5)
    assert [("Firm 2", 8)] == [(each["name"], each["people"]) for each in page["rows"]]


def test_what_the_definitions_do_not_know_is_refused(base: Bench) -> None:
    """An unknown stage, vocabulary, axis or level, and a page that there is not, are said to be so."""
    wrong = [
        (Filter(stages={"standard": "emperor"}), ""),
        (Filter(stages={"elvish": "lead"}), ""),
        (Filter(levels={"fit": "best"}), ""),
        (Filter(levels={"mood": "good"}), ""),
        (Filter(), "yesterday~p_1"),
    ]
    for wanted, after in wrong:
        with base.store.begin() as tx, pytest.raises(ArgumentError):
            listed(tx, base.deployment, wanted, after=after, now_s=0.0)


def test_no_list_reads_everybody(base: Bench) -> None:
    """A page is a range of an index; counting reads an index of one number."""
    wanted = [
        Filter(),
        Filter(stages={"standard": "lead"}),
        Filter(account=everybody(base, "account")[0].id),
        Filter("account", levels={"fit": "inside"}),
    ]
    with noted(base) as asked:
        for each in wanted:
            list(pages(base, each, most=3))
    counting = {sql for sql in asked if "COUNT(*)" in sql}
    assert 3 == len(counting)
    few = {sql: told for sql, told in asked.items() if sql not in counting}
    assert [] == [
        each
        for each in offences(base, few)
        if "ix_person_moved" not in each and "ix_account_moved" not in each
    ]
    assert lists.PAGE < 100
