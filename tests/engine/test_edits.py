"""Stages that others set: respected, adopted or written over, by whose they are."""

from dataclasses import replace
from typing import Any

import pytest

from stagesync.connector import Actor, Change, PermissionMissing, Unavailable
from stagesync.domain.edits import Answer, EditRules, Origin, Rule
from stagesync.engine import holds

from .bench import DAY_S, Bench

ADOPT = EditRules(
    {each: Answer(Rule.ADOPT) for each in Origin}, adopt_axes=("disposition", "sales")
)


def _edits(bench: Bench) -> list[tuple[Any, ...]]:
    """Who, from what, to what, and what was done, of every edit in the log."""
    return [
        (each["actor"], each["before"], each["after"], each["result"]["edit"])
        for each in bench.audit()
        if "edit" in each["result"]
    ]


@pytest.fixture
def edited(bench: Bench) -> tuple[Bench, str]:
    """A contact of both CRMs, whose stage somebody sets in one."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.member("ann@firm.example", LastName="Ng")
    bench.sync()
    bench.north.edit("contact", contact, {"stage": "client"})
    return bench, contact


def _told_by(bench: Bench, monkeypatch: pytest.MonkeyPatch, actor: Actor, by: str = "") -> None:
    """The CRM says who set the stage."""

    def history(_object: str, ids: list[str], fields: list[str]) -> dict[str, Any]:
        change = Change("client", bench.clock.at_s, actor, by)
        return {each: dict.fromkeys(fields, (change,)) for each in ids}

    monkeypatch.setattr(bench.connectors["north"], "history", history, raising=False)


def test_nobody_knows_whose_and_it_stays(edited: tuple[Bench, str]) -> None:
    """Where the CRM does not tell, an edit counts as a person's: it stays in that CRM and is in the log."""
    bench, contact = edited
    bench.north.edit("contact", contact, {"stage": "loyal"}, actor=Actor.UNKNOWN)
    bench.sync()
    assert ("loyal", {"set by somebody"}) == (
        bench.stage(contact),
        set(bench.differences().values()),
    )
    assert [("unknown", "contact", "loyal", "respect")] == _edits(bench)


def test_the_other_crm_goes_on(edited: tuple[Bench, str]) -> None:
    """A respected edit binds its own CRM only."""
    bench, contact = edited
    bench.sync()
    bench.form(contact)
    bench.sync()
    member = next(each for kind, each in bench.south.rows if kind == "contact")
    assert ("client", "lead") == (
        bench.stage(contact),
        bench.value("south", "contact", member, "Stage__c"),
    )


def test_after_its_time_our_value_comes_back(edited: tuple[Bench, str]) -> None:
    """For thirty days it stays, and then no longer."""
    bench, contact = edited
    seen = []
    for days in (0, 29, 1):
        bench.clock.advance(days=days)
        bench.sync()
        seen.append(bench.stage(contact))
    assert ["client", "client", "contact"] == seen


def test_released_it_is_written_over(edited: tuple[Bench, str]) -> None:
    """Whoever looks at it may end it."""
    bench, contact = edited
    bench.sync()
    holds.release(bench.deployment, contact, by="ann", now_s=bench.clock.now_s())
    bench.sync()
    assert "contact" == bench.stage(contact)


def test_a_second_edit_counts_from_its_own_day(edited: tuple[Bench, str]) -> None:
    """Somebody who sets another value is respected anew."""
    bench, contact = edited
    bench.sync()
    bench.clock.advance(days=20)
    bench.north.edit("contact", contact, {"stage": "loyal"})
    bench.sync()
    bench.clock.advance(days=20)
    bench.sync()
    assert ("loyal", 2) == (bench.stage(contact), len(_edits(bench)))


@pytest.mark.parametrize(
    ("actor", "by", "expected"),
    [
        (Actor.PERSON, "7", ("client", [("person 7", "respect")])),
        (Actor.BULK, "7", ("client", [("bulk 7", "respect")])),
        (Actor.INTEGRATION, "8", ("contact", [("integration 8", "overwrite")])),
        (Actor.AUTOMATION, "", ("contact", [("automation", "overwrite")])),
        (Actor.OURS, "1", ("contact", [])),
        (Actor.PERSON, "robot", ("contact", [("person robot", "overwrite")])),
    ],
)
def test_whose_edit_it_is_decides(
    edited: tuple[Bench, str],
    monkeypatch: pytest.MonkeyPatch,
    actor: Actor,
    by: str,
    expected: tuple[str, list[tuple[str, str]]],
) -> None:
    """People and imports are respected, programs and users who are programs are written over."""
    bench, contact = edited
    _told_by(bench, monkeypatch, actor, by)
    north = replace(bench.deployment.connections["north"], automation_users=frozenset({"robot"}))
    bench.redeploy(connections={**bench.deployment.connections, "north": north})
    bench.sync()
    told = [(who, done) for who, _, _, done in _edits(bench)]
    assert expected == (bench.stage(contact), told)


def test_a_crm_that_does_not_answer_loses_no_edit(
    edited: tuple[Bench, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit waits untouched, and the run says so, until the CRM answers whose it is."""
    bench, contact = edited

    def history(*_: object) -> None:
        raise Unavailable("no answer", retry_after_s=1)

    monkeypatch.setattr(bench.connectors["north"], "history", history, raising=False)
    outcome = bench.sync()
    assert (4, {"north"}, "client", []) == (
        outcome.exit_code,
        set(outcome.troubles),
        bench.stage(contact),
        _edits(bench),
    )
    _told_by(bench, monkeypatch, Actor.INTEGRATION)
    assert (0, "contact") == (bench.sync().exit_code, bench.stage(contact))


def test_a_crm_that_forbids_its_history_leaves_it_unknown(
    edited: tuple[Bench, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the history may not be read at all, the edit counts as a person's."""
    bench, contact = edited

    def history(*_: object) -> None:
        raise PermissionMissing("the history is forbidden")

    monkeypatch.setattr(bench.connectors["north"], "history", history, raising=False)
    assert (0, "client") == (bench.sync().exit_code, bench.stage(contact))
    assert [("unknown", "contact", "client", "respect")] == _edits(bench)


def test_a_write_whose_answer_was_lost_is_no_edit(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value of ours that arrived without an answer is nobody's edit, though the CRM cannot say whose it is."""
    _told_by(bench, monkeypatch, Actor.UNKNOWN)
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    bench.form(contact)
    bench.north.lose_answer(Unavailable("the answer was lost"))
    assert (4, "lead") == (bench.sync().exit_code, bench.stage(contact))
    bench.sync()
    bench.north.edit("contact", contact, {"lifecycle": "salesqualifiedlead"})
    bench.sync()
    assert ([], "accepted") == (_edits(bench), bench.stage(contact))


def test_our_own_value_is_no_edit(bench: Bench) -> None:
    """What we wrote comes back with the next pull, and nobody is named."""
    contact = bench.contact("ann@firm.example", last="Ng")
    for _ in range(3):
        bench.sync()
    bench.form(contact)
    for _ in range(2):
        bench.sync()
    assert [] == _edits(bench)


def test_an_adopted_word_holds_in_every_crm(edited: tuple[Bench, str]) -> None:
    """`client` set in one CRM makes the person a client in the other, for its time, and then no more."""
    bench, contact = edited
    bench.redeploy(edits=ADOPT)
    bench.sync()
    member = next(each for kind, each in bench.south.rows if kind == "contact")
    assert ("client", "client") == (
        bench.stage(contact),
        bench.value("south", "contact", member, "Stage__c"),
    )
    bench.clock.advance(seconds=30 * DAY_S)
    bench.sync()
    assert ("contact", "contact") == (
        bench.stage(contact),
        bench.value("south", "contact", member, "Stage__c"),
    )


def test_a_word_that_the_axes_cannot_make_true_is_respected(edited: tuple[Bench, str]) -> None:
    """`lead` is no matter of sales or disposition: it stays where it was set."""
    bench, contact = edited
    bench.north.edit("contact", contact, {"stage": "lead"})
    bench.redeploy(edits=ADOPT)
    bench.sync()
    assert [("person", "contact", "lead", "respect")] == _edits(bench)
    assert "lead" == bench.stage(contact)


def test_both_edited_at_once_are_both_in_the_log(edited: tuple[Bench, str]) -> None:
    """The later word is adopted; each edit has its entry."""
    bench, contact = edited
    member = next(each for kind, each in bench.south.rows if kind == "contact")
    bench.clock.advance(seconds=5)
    bench.south.edit("contact", member, {"Stage__c": "opportunity"})
    bench.redeploy(edits=ADOPT)
    bench.sync()
    assert [("client", "adopt"), ("opportunity", "adopt")] == [
        (after, done) for _, _, after, done in _edits(bench)
    ]
    assert "opportunity" == bench.stage(contact)
