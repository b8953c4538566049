"""Edits that land between our last look at a record and the moment our write is carried out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from stagesync.connector import Actor, Change, PermissionMissing, Unavailable
from stagesync.connector.memory import MemoryConnector
from stagesync.domain.edits import Answer, EditRules, Origin, Rule
from stagesync.engine.explain import explain
from stagesync.engine.outcome import Outcome
from stagesync.engine.overwritten import UNDER_WAY_S, replaced
from stagesync.engine.status import status
from stagesync.store import alerts, edits, holds, records, watches
from stagesync.store.watches import Watch

from .bench import Bench, iso

ADOPT = EditRules(
    {each: Answer(Rule.ADOPT) for each in Origin}, adopt_axes=("disposition", "sales")
)


def edits_of(bench: Bench) -> list[tuple[Any, ...]]:
    """Who, from what, to what, what was done and with what we had replaced it, of every edit in the log."""
    return [
        (
            each["actor"],
            each["before"],
            each["after"],
            each["result"]["edit"],
            each["result"].get("replaced_by"),
        )
        for each in bench.audit()
        if "edit" in each["result"]
    ]


def counted(outcome: Outcome) -> dict[str, int]:
    return dict(outcome.summary()["overwritten_edits"])


def slip(bench: Bench, contact: str, *, actor: Actor = Actor.PERSON, **values: str) -> None:
    """The contact is about to be written; while the request is under way somebody edits it."""
    bench.form(contact)
    bench.north.meanwhile(lambda: bench.north.edit("contact", contact, values, actor=actor))


@pytest.fixture
def known(bench: Bench) -> tuple[Bench, str]:
    """A contact of both CRMs that holds our stage."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.member("ann@firm.example", LastName="Ng")
    bench.sync()
    bench.sync()
    return bench, contact


def test_what_a_person_set_is_put_back(known: tuple[Bench, str]) -> None:
    """The next run finds the edit that our write replaced, sets it again, holds it, and says so once."""
    bench, contact = known
    slip(bench, contact, stage="client")
    assert ({"north": 0, "south": 0}, "lead") == (counted(bench.sync()), bench.stage(contact))
    found = bench.sync()
    assert ({"north": 1, "south": 0}, "client", {"north": 1, "south": 0}) == (
        counted(found),
        bench.stage(contact),
        {name: each.written for name, each in found.written.items()} | {"south": 0},
    )
    settled = [bench.sync() for _ in range(2)]
    assert ([0, 0], "client", {"set by somebody"}) == (
        [sum(counted(each).values()) + bench.written(each) for each in settled],
        bench.stage(contact),
        set(bench.differences().values()),
    )
    assert [("person", "contact", "client", "respect", "lead")] == edits_of(bench)


def test_status_counts_it(known: tuple[Bench, str]) -> None:
    """`status` tells of each of the last runs how many edits it found replaced."""
    bench, contact = known
    slip(bench, contact, stage="client")
    for _ in range(2):
        bench.sync()
    told = status(bench.deployment, now_s=bench.clock.now_s())
    assert {"north": 1, "south": 0} == told["last_run"]["overwritten_edits"]


def test_what_another_program_set_is_only_reported(known: tuple[Bench, str]) -> None:
    """By the rule `overwrite` our value stays, nothing more is written, and the log tells whose value it replaced."""
    bench, contact = known
    slip(bench, contact, actor=Actor.INTEGRATION, stage="client")
    bench.sync()
    found = bench.sync()
    assert ({"north": 1, "south": 0}, 0, "lead") == (
        counted(found),
        bench.written(found),
        bench.stage(contact),
    )
    assert [("integration", "contact", "client", "overwrite", "lead")] == edits_of(bench)


def test_an_edit_is_told_once_however_often_the_value_is_sent(known: tuple[Bench, str]) -> None:
    """A value that stood already when it was sent again, and is watched again, tells no edit anew."""
    bench, contact = known
    slip(bench, contact, actor=Actor.INTEGRATION, stage="client")
    bench.sync()
    bench.sync()
    person = bench.person("north", "contact", contact) or ""
    with bench.store.begin() as tx:
        own = records.records_where(tx, "person", {person})
        again = [Watch(e.pk, "stage", "contact", "lead") for e in own if e.connection == "north"]
        watches.save(tx, again)
    assert {"north": 0, "south": 0} == counted(bench.sync())
    assert [("integration", "contact", "client", "overwrite", "lead")] == edits_of(bench)


def test_an_adopted_word_counts_in_both_crms(known: tuple[Bench, str]) -> None:
    """By the rule `adopt` the replaced word makes the person a client everywhere."""
    bench, contact = known
    bench.redeploy(edits=ADOPT)
    slip(bench, contact, stage="client")
    for _ in range(2):
        bench.sync()
    member = next(each for kind, each in bench.south.rows if kind == "contact")
    assert ("client", "client") == (
        bench.stage(contact),
        bench.value("south", "contact", member, "Stage__c"),
    )
    assert [("person", "contact", "client", "adopt", "lead")] == edits_of(bench)


def test_a_lost_answer_hides_nothing(known: tuple[Bench, str]) -> None:
    """An edit replaced by a write whose answer was lost is found all the same."""
    bench, contact = known
    slip(bench, contact, stage="client")
    bench.north.lose_answer(Unavailable("the answer was lost"))
    assert 4 == bench.sync().exit_code
    assert ({"north": 1, "south": 0}, "client") == (counted(bench.sync()), bench.stage(contact))


def test_a_refused_write_is_not_watched(known: tuple[Bench, str]) -> None:
    """What the CRM did not take replaced nothing."""
    bench, contact = known
    slip(bench, contact, stage="client")
    bench.refuse("north", "contact", contact)
    bench.sync()
    bench.north.accept("contact", contact)
    found = bench.sync()
    assert ({"north": 0, "south": 0}, "client") == (counted(found), bench.stage(contact))
    assert [("person", "contact", "client", "respect", None)] == edits_of(bench)


def test_while_the_crm_is_silent_it_waits(
    known: tuple[Bench, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is due is kept in the store until the CRM tells, and nothing is written there meanwhile."""
    bench, contact = known
    slip(bench, contact, stage="client")
    bench.sync()
    with monkeypatch.context() as patch:
        silence = _raise(Unavailable("no answer", retry_after_s=1))
        patch.setattr(bench.connectors["north"], "history", silence)
        bench.form(contact, count=2)
        silent = bench.sync()
    assert (4, 0, {"north"}) == (silent.exit_code, bench.written(silent), set(silent.troubles))
    bench.redeploy()
    assert ({"north": 1, "south": 0}, "client") == (counted(bench.sync()), bench.stage(contact))


def _raise(error: Exception) -> Callable[..., None]:
    def history(*_: object) -> None:
        raise error

    return history


class Forgetful(MemoryConnector):
    """Of a CRM that keeps no history."""

    history = None  # type: ignore[assignment]  # what `TellsHistory` asks for is not there


def test_where_no_history_is_told_nothing_is_seen(known: tuple[Bench, str]) -> None:
    """A CRM without history costs no question, and the edit that was replaced stays unknown."""
    bench, contact = known
    north = bench.deployment.connections["north"]
    forgetful = replace(north, connector=Forgetful("north", bench.north))
    bench.redeploy(connections={**bench.deployment.connections, "north": forgetful})
    slip(bench, contact, stage="client")
    outcomes = [bench.sync() for _ in range(2)]
    assert (0, "lead", []) == (
        sum(sum(counted(each).values()) for each in outcomes),
        bench.stage(contact),
        edits_of(bench),
    )


def test_a_forbidden_history_is_given_up_with_an_alert(
    known: tuple[Bench, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the CRM may never tell is not asked again; an alert names the fields until it tells."""
    bench, contact = known
    bench.form(contact)
    bench.sync()
    with monkeypatch.context() as patch:
        patch.setattr(MemoryConnector, "history", _raise(PermissionMissing("forbidden")))
        outcomes = [bench.sync() for _ in range(2)]
        assert ([0, 0], True) == (
            [each.exit_code for each in outcomes],
            "contact.stage" in _alerts(bench)["history:fields"],
        )
    bench.form(contact, count=2)
    for _ in range(2):
        bench.sync()
    assert {"history:fields"} == set(_alerts(bench)), "nothing was written, so nothing was asked"
    bench.north.edit("contact", contact, {"stage": "client"})
    bench.sync()
    assert {} == _alerts(bench)


def _alerts(bench: Bench) -> dict[str, str]:
    with bench.store.begin() as tx:
        return {each.key: each.what for each in alerts.standing(tx, "north")}


def test_a_later_edit_is_the_one_that_stays(known: tuple[Bench, str]) -> None:
    """Somebody who set another value after ours is respected; the replaced one is in the log and not put back."""
    bench, contact = known
    slip(bench, contact, stage="client")
    bench.sync()
    bench.north.edit("contact", contact, {"stage": "loyal"})
    for _ in range(3):
        bench.sync()
    assert "loyal" == bench.stage(contact)
    assert [("client", "lead"), ("loyal", None)] == [
        (after, over) for _, _, after, _, over in edits_of(bench)
    ]


def test_once_it_stands_again_it_is_not_put_back_twice(known: tuple[Bench, str]) -> None:
    """Whoever sets our value themselves after theirs was put back has the last word."""
    bench, contact = known
    slip(bench, contact, stage="client")
    for _ in range(3):
        bench.sync()
    bench.north.edit("contact", contact, {"stage": "lead"})
    for _ in range(2):
        bench.sync()
    assert "lead" == bench.stage(contact)


def test_a_release_ends_the_putting_back(known: tuple[Bench, str]) -> None:
    """Only a hold that stands gives a value back."""
    bench, contact = known
    slip(bench, contact, stage="client")
    bench.sync()
    bench.refuse("north", "contact", contact)
    bench.sync()
    bench.north.accept("contact", contact)
    with bench.store.begin() as tx:
        found = holds.all_standing(tx)
        holds.end(tx, [each.id for each in found], by="ann", at_s=bench.clock.now_s())
    bench.sync()
    assert ([("edit", "lead")], "lead") == (
        [(each.kind, each.over) for each in found],
        bench.stage(contact),
    )


def test_a_vendors_field_that_only_goes_forward_is_emptied_first(forward: Bench) -> None:
    """What people set in a field that refuses to go back is put back, too, and counts as their word."""
    contact = forward.contact("ann@firm.example", last="Ng", lifecycle="lead")
    forward.sync()
    forward.sync()
    at = iso(forward.clock.at_s)
    won = {"won": "yes", "closed": "yes", "opened": at, "closed_on": at}
    forward.north.add("deal", won, links={"contact": (contact,)})
    forward.north.meanwhile(
        lambda: forward.north.edit("contact", contact, {"lifecycle": "salesqualifiedlead"})
    )
    forward.sync()
    assert "customer" == forward.value("north", "contact", contact, "lifecycle")
    found = forward.sync()
    assert (1, "salesqualifiedlead") == (
        counted(found)["north"],
        forward.value("north", "contact", contact, "lifecycle"),
    )
    assert [("return", "", [])] == [
        (each["result"]["way"], each["stage_to"], each["implied"])
        for each in forward.audit()
        if "way" in each["result"]
    ]
    assert [0, 0] == [forward.written(forward.sync()) for _ in range(2)]
    assert True is explain(forward.deployment, contact)["facts"]["person.sales_accepted"]["value"]


def test_the_history_is_asked_of_what_was_written_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One question per object after a run that wrote, about the records that it wrote; none when idle."""
    contacts = [bench.contact(f"p{n}@x.example", last=f"Ng{n}") for n in range(7)]
    bench.sync()
    bench.sync()
    asked: list[tuple[str, tuple[str, ...]]] = []
    history = MemoryConnector.history

    def listened(
        self: MemoryConnector, name: str, ids: Sequence[str], fields: Sequence[str]
    ) -> Any:
        asked.append((name, tuple(ids)))
        return history(self, name, ids, fields)

    monkeypatch.setattr(MemoryConnector, "history", listened)
    for each in contacts[:2]:
        bench.form(each)
    for _ in range(4):
        bench.sync()
    assert [("contact", tuple(contacts[:2]))] == asked


def test_an_edit_waits_until_its_record_is_somebodys_again(known: tuple[Bench, str]) -> None:
    """A record that comes back out of the bin with another stage is respected, though nobody owned it when it came."""
    bench, contact = known
    bench.north.delete("contact", contact)
    bench.sync()
    bench.sync()
    assert None is bench.person("north", "contact", contact)
    bench.north.rows["contact", contact].gone = False
    bench.north.edit("contact", contact, {"stage": "client"})
    for _ in range(2):
        bench.sync()
    person = bench.person("north", "contact", contact)
    assert ("client", [person]) == (
        bench.stage(contact),
        [each["person"] for each in bench.audit() if "edit" in each["result"]],
    )


def test_an_edit_in_a_record_that_is_gone_is_only_told(known: tuple[Bench, str]) -> None:
    """Of somebody who is thrown away right after the edit nothing is held, and nothing is left to do."""
    bench, contact = known
    bench.north.edit("contact", contact, {"stage": "client"})
    bench.north.delete("contact", contact)
    bench.sync()
    with bench.store.begin() as tx:
        left = edits.waiting(tx), holds.all_standing(tx)
    assert (([], []), 0, ["client"]) == (
        left,
        bench.backlog(),
        [after for _, _, after, _, _ in edits_of(bench)],
    )


NOW_S = 1_000_000.0


def _changes(*told: tuple[str | None, Actor]) -> tuple[Change, ...]:
    """Newest first, a second apart."""
    return tuple(Change(value, NOW_S - place, actor) for place, (value, actor) in enumerate(told))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([("lead", Actor.OURS), ("contact", Actor.OURS)], None),
        ([("lead", Actor.OURS), ("client", Actor.PERSON), ("contact", Actor.OURS)], "client"),
        ([("lead", Actor.OURS), ("contact", Actor.PERSON), ("client", Actor.PERSON)], None),
        ([("lead", Actor.OURS), (None, Actor.OURS), ("contact", Actor.OURS)], None),
        ([("lead", Actor.OURS), ("client", Actor.PERSON), (None, Actor.OURS)], "client"),
        ([("lead", Actor.OURS), ("client", Actor.PERSON), ("lead", Actor.OURS)], "client"),
        ([("loyal", Actor.PERSON), ("lead", Actor.OURS), ("contact", Actor.OURS)], None),
        ([("lead", Actor.PERSON), ("client", Actor.PERSON), ("contact", Actor.OURS)], None),
        ([("client", Actor.PERSON), ("contact", Actor.OURS)], None),
        ([("lead", Actor.OURS)], None),
        ([], None),
    ],
    ids=[
        "what we had read",
        "somebody between",
        "a person's value that we had read",
        "emptied by us on its way",
        "edited after we emptied it",
        "sent twice with an edit between",
        "edited since",
        "the same value set by somebody",
        "never carried out",
        "the first value",
        "nothing told",
    ],
)
def test_the_history_tells_what_was_replaced(
    told: list[tuple[str | None, Actor]], expected: str | None
) -> None:
    """Replaced is what somebody else set between the value that we had read and ours."""
    found = replaced(Watch(1, "stage", "contact", "lead"), _changes(*told), None)
    assert expected == (found.value if found else None)


def test_an_old_change_is_another_story() -> None:
    """A change long before ours was not replaced by a request under way, whatever the history leaves out."""
    own, other = _changes(("lead", Actor.OURS), ("client", Actor.PERSON))
    old = replace(other, at_s=own.at_s - UNDER_WAY_S - 1)
    assert None is replaced(Watch(1, "stage", "contact", "lead"), (own, old), None)
