"""What runs leave in the narrow history, and what the funnel makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from stagesync.cli.funnel import show
from stagesync.engine.funnel import funnel
from stagesync.engine.status import status
from stagesync.errors import ArgumentError

from .bench import DAY_S, Bench, iso
from .remapped import remap


def told(bench: Bench, vocabulary: str = "standard", **more: Any) -> dict[str, Any]:
    """The funnel now, or as asked."""
    return funnel(bench.deployment, vocabulary, **{"at_s": bench.clock.at_s, **more})


def stages(document: Mapping[str, Any], what: str = "people") -> dict[str, int]:
    """Stage -> a number, those with none left out."""
    return {each["id"]: each[what] for each in document["stages"] if each[what]}


def hows(bench: Bench) -> dict[str, list[str]]:
    """Person -> how they came to each place."""
    found: dict[str, list[str]] = {}
    with bench.store.begin() as tx:
        for row in tx.execute(text("SELECT subject, how FROM stood ORDER BY subject, since_s")):
            if row.subject.startswith("p_"):
                found.setdefault(row.subject, []).append(row.how)
    return found


def test_counts_are_those_of_the_status_in_every_vocabulary(bench: Bench) -> None:
    """Who stands where now is what evaluation stored, whatever the words."""
    for n in range(9):
        each = bench.contact(f"p{n}@firm.example", last_visit=iso(bench.clock.at_s - n), visits="1")
        if n % 3 == 0:
            bench.form(each, days_ago=1)
        if n % 4 == 0:
            bench.north.edit("contact", each, {"lifecycle": "salesqualifiedlead"})
    bench.sync()
    for vocabulary in bench.deployment.vocabularies:
        bench.redeploy(main_vocabulary=vocabulary)
        now = status(bench.deployment, now_s=bench.clock.at_s)
        assert now["stages"] == stages(told(bench, vocabulary))


def test_who_is_found_enters_nothing_and_who_comes_later_does(bench: Bench) -> None:
    """Of those who were there before the first load nobody knows since when; newcomers entered."""
    old = bench.contact("old@firm.example", last_visit=iso(bench.clock.at_s), visits="1")
    bench.sync()
    bench.clock.advance(days=3)
    new = bench.contact("new@firm.example", last_visit=iso(bench.clock.at_s), visits="1")
    bench.sync()
    kinds = hows(bench)
    assert (["found"], ["arrived"]) == (
        kinds[str(bench.person("north", "contact", old))],
        kinds[str(bench.person("north", "contact", new))],
    )
    document = told(bench)
    visitor = next(each for each in document["stages"] if each["id"] == "visitor")
    assert (2, 1, 1, 1) == tuple(
        visitor[key] for key in ("people", "entered", "found", "since_unknown")
    )


def test_the_past_is_told_from_what_was_stored_then(bench: Bench) -> None:
    """At an instant the funnel counts as it did then, and nothing before the first run."""
    before_s = bench.clock.at_s
    each = bench.contact("p@firm.example", last_visit=iso(bench.clock.at_s), visits="1")
    bench.sync()
    then_s = bench.clock.at_s
    at_then = told(bench)
    bench.clock.advance(days=5)
    bench.form(each)
    bench.sync()
    assert {"visitor": 1} == stages(told(bench, at_s=then_s + DAY_S))
    assert stages(at_then) == stages(told(bench, at_s=then_s + DAY_S))
    assert {"lead": 1} == stages(told(bench))
    with pytest.raises(ArgumentError):
        told(bench, at_s=before_s - DAY_S)


def test_who_is_deleted_stands_nowhere_from_then_on(bench: Bench) -> None:
    """A deleted record's person is counted until they went."""
    each = bench.contact("p@firm.example")
    bench.contact("q@firm.example")
    bench.sync()
    then_s = bench.clock.at_s
    bench.clock.advance(days=1)
    bench.north.delete("contact", each)
    bench.sync()
    assert (1, 2) == (told(bench)["people"], told(bench, at_s=then_s)["people"])


def test_who_becomes_part_of_somebody_is_counted_once(bench: Bench) -> None:
    """Two who turn out to be one are one from then on, and two before."""
    bench.contact("p@firm.example")
    other = bench.member("q@firm.example")
    bench.sync()
    then_s = bench.clock.at_s
    bench.clock.advance(days=1)
    bench.south.edit("contact", other, {"Email": "p@firm.example"})
    bench.sync()
    assert (1, 2) == (told(bench)["people"], told(bench, at_s=then_s)["people"])


def test_new_definitions_make_nobody_enter(bench: Bench) -> None:
    """Whom a new policy moves did nothing: they are found where they stand now."""
    each = bench.contact("p@firm.example", last_visit=iso(bench.clock.at_s), visits="1")
    bench.sync()
    bench.clock.advance(days=1)
    policy = bench.deployment.policy
    bench.redeploy(policy=replace(policy, version=policy.version + 1, digest="another"))
    bench.form(each)
    bench.sync()
    assert [["found", "redefined"]] == list(hows(bench).values())
    document = told(bench)
    assert ({"lead": 1}, {}, {"lead": 1}) == (
        stages(document),
        stages(document, "entered"),
        {stage: n for stage, n in stages(document, "found").items() if stage == "lead"},
    )


def test_referrals_lead_back_to_who_gave_them(bench: Bench, tmp_path: Path) -> None:
    """`referred_by` names a person by address; the loop counts who came so, and through whom."""
    remap(
        bench,
        tmp_path,
        ("account.name:     {from: firm, as: text}", "person.referred_by: {from: firm, as: text}"),
    )
    bench.contact("ann@firm.example")
    bench.sync()
    bench.clock.advance(days=1)
    bench.contact("bob@other.example", firm="Ann@firm.example")
    bench.contact("cid@other.example", firm="stranger@nowhere.example")
    bench.sync()
    loop = told(bench)["loop"]
    assert (2, 2, 0) == (loop["referred"], loop["arrived"], loop["by_advocates"])
    with bench.store.begin() as tx:
        found = dict(tx.execute(text("SELECT id, referrer FROM person WHERE referrer <> ''")).all())
    assert [bench.person("north", "contact", "1")] == list(found.values())


def test_without_a_mapping_the_loop_says_that_it_does_not_know(bench: Bench) -> None:
    """Nothing tells who referred whom: that is not the same as nobody."""
    bench.contact("ann@firm.example")
    bench.sync()
    assert told(bench)["loop"]["referred"] is None


def test_a_field_that_a_crm_lacks_tells_of_nobody(bench: Bench, tmp_path: Path) -> None:
    """An optional rule alone says nothing: the loop knows no more than without it."""
    remap(
        bench,
        tmp_path,
        (
            "account.name:     {from: firm, as: text}",
            "person.referred_by: {from: referrer, as: text, optional: yes}",
        ),
    )
    bench.contact("ann@firm.example")
    bench.sync()
    assert told(bench)["loop"]["referred"] is None


def test_accounts_have_a_funnel_of_their_own(bench: Bench) -> None:
    """Accounts are counted apart from people, by what the vocabulary says of accounts."""
    bench.north.add(
        "company",
        {"domain": "firm.example", "employees": "100", "industry": "software", "country": "FR"},
    )
    bench.contact("p@firm.example")
    bench.sync()
    document = told(bench, "btob-scoring", kind="account")
    assert ("accounts", {"prospect": 1}, None) == (
        document["of"],
        stages(document),
        document["loop"],
    )


def test_people_read_it_in_their_language(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """Stages by their French labels, a line per step, and what is unknown is said."""
    bench.sync()
    bench.clock.advance(days=1)
    each = bench.contact("p@firm.example", last_visit=iso(bench.clock.at_s), visits="1")
    bench.sync()
    bench.clock.advance(days=2)
    bench.form(each)
    bench.sync()
    capsys.readouterr()
    show(told(bench, by="month"), "fr")
    printed = capsys.readouterr().out
    assert "Visiteur\t0\t1\t0\t\t2.0\t\t0" in printed
    assert "Engagé > Lead" not in printed
    assert "Visiteur > Engagé\t1\t1\t100%\t2.0" in printed
    assert "gap: nobody is at Visiteur now" in printed
    assert "nothing is known before 2026-11-21" in printed
