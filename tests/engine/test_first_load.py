"""Nobody is evaluated and nothing is written before everything was read to its end once."""

from dataclasses import replace
from typing import Any

import pytest

from free_hand import UNLIMITED
from stagesync.cli.passes import decide_plan
from stagesync.connector import Named, Unavailable
from stagesync.domain.guard import Limits, Rule
from stagesync.domain.mapping import FactRule, ObjectMapping
from stagesync.engine.first_load import find_unread
from stagesync.engine.outcome import Outcome
from stagesync.engine.run import run_once
from stagesync.engine.status import status
from stagesync.errors import ArgumentError
from stagesync.store import alerts, connections, history, people, records, state

from .bench import Bench, make_bench, text
from .test_inbox import hear
from .trials import a_deal

DOWN = Unavailable("no answer", retry_after_s=5.0)
LONG = 10_000
"""More requests than any run makes."""


def furnish(bench: Bench) -> list[str]:
    """People in both CRMs with companies, deals and meetings; the contacts of north."""
    firm = bench.north.add("company", {"domain": "firm.example", "employees": "80"})
    contacts = [
        bench.contact(
            f"p{number}@firm.example",
            last=f"Ng{number}",
            title="Director",
            links={"company": (firm,)},
        )
        for number in range(5)
    ]
    for contact in contacts[1:]:
        bench.form(contact, days_ago=9)
    for contact in contacts[2:]:
        bench.north.add("meeting", {"starts": "2026-11-12"}, links={"contact": (contact,)})
    a_deal(bench, contacts[3], opened_days=40, won=False)
    a_deal(bench, contacts[4], opened_days=40, won=True)
    account = bench.south.add("account", {"Website": "firm.example", "Name": "Firm"})
    links = {"account": (account,)}
    member = bench.member("p0@firm.example", LastName="Ng0", links=links)
    bench.member("p1@firm.example", kind="lead", LastName="Ng1")
    bench.south.add("event", {"Start": "2026-11-12"}, links={"contact": (member,)})
    return contacts


def held_by_the_crms(bench: Bench) -> dict[Any, Any]:
    """Every value of both."""
    return {
        (name, *key): dict(row.fields)
        for name, crm in bench.crms.items()
        for key, row in crm.rows.items()
    }


def known_of_people(bench: Bench) -> list[Any]:
    """Where everybody stands and came from, and every move that was kept, by no id of ours."""
    with bench.store.begin() as tx:
        placed = [
            replace(each, id="", account="", place=0, evaluated_at_s=None)
            for kind in ("person", "account")
            for each in people.placed(tx, kind, people.all_ids(tx, kind)).values()
        ]
        moves = [
            (each.stage_from, each.stage_to, each.position_from, each.position_to, each.scores)
            for kind in ("person", "account")
            for who in people.all_ids(tx, kind)
            for each in history.transitions_of(tx, who)
        ]
    return sorted(map(repr, (*placed, *moves)))


def unread(bench: Bench) -> dict[str, dict[str, int | None]]:
    with bench.store.begin() as tx:
        return {each.connection: dict(each.objects) for each in find_unread(tx, bench.deployment)}


def standing(bench: Bench) -> dict[str, list[str]]:
    with bench.store.begin() as tx:
        return {
            name: [each.key for each in alerts.standing(tx, name)]
            for name in bench.deployment.connections
        }


def edit(bench: Bench, **objects: ObjectMapping | None) -> None:
    """An admin edits what the mapping of north says of these objects; None takes one out."""
    north = bench.deployment.connections["north"]
    told = {**north.mapping.objects, **objects}
    kept = {name: each for name, each in told.items() if each is not None}
    edited = replace(north.mapping, objects=kept, digest=f"{north.mapping.digest}+")
    bench.redeploy(
        connections={**bench.deployment.connections, "north": replace(north, mapping=edited)}
    )


def asking_for_staff(bench: Bench) -> ObjectMapping:
    """The contacts of north with one more fact, read from a field that the CRM now has."""
    for row in (each for (name, _), each in bench.north.rows.items() if name == "contact"):
        row.fields["staff"] = "yes"
    bench.north.fields["contact"] |= {each.name: each for each in text("staff")}
    mapping = bench.deployment.connections["north"].object_mapping("contact")
    more = FactRule("person.disqualified", "staff", "flag")
    return replace(mapping, facts=(*mapping.facts, more))


def without(bench: Bench, connection: str) -> None:
    """Take a connection out of the settings."""
    known = bench.deployment.connections
    bench.redeploy(connections={n: each for n, each in known.items() if n != connection})


def unwaited(bench: Bench, connection: str) -> None:
    """Let the settings say that nobody waits for this connection."""
    known = bench.deployment.connections
    told = replace(known[connection], wait_for_first_load=False)
    bench.redeploy(connections={**known, connection: told})


def run_cut(bench: Bench, connection: str, *, after: int) -> Outcome:
    """A run in which this CRM fails once, after so many requests; whatever it is asked later would succeed."""
    crm = bench.crms[connection]
    crm.fail(DOWN, after=after)
    outcome = bench.sync()
    crm.fail(DOWN, times=0)
    return outcome


@pytest.mark.parametrize("connection", ["north", "south"])
def test_a_first_load_cut_anywhere_ends_as_one_that_was_not(connection: str) -> None:
    """At whatever request it breaks off: nothing is written or placed, and the next run does it all the same."""
    whole = make_bench()
    furnish(whole)
    whole.clock.advance(seconds=120)
    assert 0 == whole.sync().exit_code
    names: set[str] = set()
    for after in range(LONG):
        bench = make_bench()
        furnish(bench)
        before = held_by_the_crms(bench)
        outcome = run_cut(bench, connection, after=after)
        if not outcome.unread:
            break
        assert (4, before, []) == (
            outcome.exit_code,
            held_by_the_crms(bench),
            [each for each in known_of_people(bench) if "position={" in each],
        )
        names.add(next(iter(unread(bench)[connection])))
        assert 0 == bench.sync().exit_code
        assert held_by_the_crms(whole) == held_by_the_crms(bench)
        assert known_of_people(whole) == known_of_people(bench)
        bench.store.close()
    assert {*whole.deployment.connections[connection].roles} == names
    whole.store.close()


def test_it_goes_on_from_the_page_at_which_it_broke_off(bench: Bench) -> None:
    """A first load of many pages that breaks off again and again asks for each page once, and one more."""
    for number in range(30):
        bench.contact(f"p{number}@firm.example", last="Ng")
        bench.clock.advance(seconds=100)
    bench.redeploy(limits=UNLIMITED)
    cut = [run_cut(bench, "north", after=5) for _ in range(4)]
    assert [3, 9, 15, 21] == [each.unread[0].objects["contact"] for each in cut]
    bench.sync()
    assert "contact" == bench.stage("30")


def test_a_run_says_how_far_it_is(bench: Bench) -> None:
    """The summary and the status name each object and how many records came, until it is complete."""
    furnish(bench)
    outcome = run_cut(bench, "north", after=6)
    told = {"north": {"contact": 3, "deal": None, "meeting": None}}
    shown = status(bench.deployment, now_s=bench.clock.now_s())["connections"]
    assert (told, told["north"], {}) == (
        outcome.summary()["unread"],
        shown[0]["unread"],
        shown[1]["unread"],
    )
    assert (
        "not read to the end yet: contact (3 records so far), deal, meeting (not begun);"
        " until then nobody is evaluated and nothing is written to any connection"
    ) == outcome.unread[0].what
    assert {"north": ["first_load:north"], "south": []} == standing(bench)
    outcome = bench.sync()
    shown = status(bench.deployment, now_s=bench.clock.now_s())["connections"]
    assert ({}, [{}, {}]) == (outcome.summary()["unread"], [each["unread"] for each in shown])
    assert {"north": [], "south": []} == standing(bench)


def test_there_is_no_plan_to_approve_yet(observed: Bench) -> None:
    """What an observed connection would get is not planned from half the facts; afterwards it is held as always."""
    furnish(observed)
    outcome = run_cut(observed, "north", after=8)
    assert (4, 0, 0) == (outcome.exit_code, outcome.plan.held, outcome.plan.go)
    with pytest.raises(ArgumentError, match="no held plan"):
        decide_plan(observed.deployment, outcome.plan.id, approve=True)
    assert 3 == observed.sync().exit_code


def test_a_call_by_webhook_writes_nothing_before(bench: Bench) -> None:
    """A record that is named while a load that was stopped is incomplete is read, and placed when the load is complete."""
    contacts = furnish(bench)
    bench.deployment.stopping.set()
    assert (4, {}) == ((stopped := bench.sync()).exit_code, stopped.troubles)
    bench.deployment.stopping.clear()
    hear(bench, Named("contact", contacts[4]))
    outcome = run_once(bench.deployment, only_heard=True)
    assert (4, 1, 0) == (outcome.exit_code, outcome.pulled["north"].records, bench.written(outcome))
    bench.sync()
    assert "client" == bench.stage(contacts[4])


@pytest.fixture
def grown(bench: Bench) -> tuple[Bench, str]:
    """A settled deployment of north alone, to which south is added; a contact that moved since."""
    contact = furnish(bench)[0]
    whole = bench.deployment.connections
    without(bench, "south")
    assert 0 == bench.sync().exit_code
    bench.clock.advance(days=2)
    bench.form(contact)
    bench.redeploy(connections=whole)
    return bench, contact


def test_a_new_connection_is_waited_for(grown: tuple[Bench, str]) -> None:
    """While a connection that was added is not read, nobody moves anywhere; then everybody does."""
    bench, contact = grown
    before = bench.stage(contact)
    assert (4, ["south"]) == (run_cut(bench, "south", after=0).exit_code, list(unread(bench)))
    assert before == bench.stage(contact)
    assert (0, "lead") == (bench.sync().exit_code, bench.stage(contact))
    assert "lead" == bench.value("south", "contact", "2", "Stage__c")


def test_a_setting_goes_on_without_it(grown: tuple[Bench, str]) -> None:
    """Where nobody shall wait for it, the other one is written, and it itself only when it is read."""
    bench, contact = grown
    unwaited(bench, "south")
    outcome = run_cut(bench, "south", after=4)
    assert (4, False, "lead") == (outcome.exit_code, outcome.waits, bench.stage(contact))
    assert {None} == {
        row.fields.get("Stage__c") for key, row in bench.south.rows.items() if key[0] == "contact"
    }
    assert outcome.unread[0].what.endswith("until then nothing is written to it")
    assert (0, "lead") == (
        bench.sync().exit_code,
        bench.value("south", "contact", "2", "Stage__c"),
    )


def test_a_paused_connection_that_was_never_read_is_waited_for(bench: Bench) -> None:
    """Its alert and the run say how to go on: resume it, or let the settings go on without it."""
    furnish(bench)
    with bench.store.begin() as tx:
        connections.meet_connection(tx, "south", "active")
        connections.pause(tx, "south", by="ann")
    outcome = bench.sync()
    assert (4, {}, 0) == (outcome.exit_code, outcome.troubles, bench.written(outcome))
    assert outcome.unread[0].fix.startswith("stagesync resume south ends its pause; `wait_for")


def test_what_waited_before_waits_on(grown: tuple[Bench, str]) -> None:
    """What a plan had left to write when a connection was added is written when that one is read."""
    bench, contact = grown
    whole = bench.deployment.connections
    moving = [bench.contact(f"n{number}@other.example", last="Ox") for number in range(5)]
    without(bench, "south")
    bench.sync()
    bench.clock.advance(days=2)
    for each in moving:
        bench.form(each)
    newcomers = [bench.contact(f"l{number}@other.example", last="Li") for number in range(3)]
    bench.redeploy(
        connections={"north": replace(whole["north"], writes_per_hour=1)},
        limits=Limits(people=4, share=1.0, total_share=1.0, loss=1.0, never_below=4),
    )
    assert 3 == bench.sync().exit_code
    bench.redeploy(connections=whole)
    before = held_by_the_crms(bench)
    outcome = run_cut(bench, "south", after=0)
    assert 0 < outcome.plan.go
    assert (before, 0) == (held_by_the_crms(bench), bench.written(outcome))
    bench.decide(outcome, approve=True)
    bench.clock.advance(days=1)
    assert 0 == bench.sync().exit_code
    assert ["lead"] * 6 == [bench.stage(each) for each in (contact, *moving)]
    assert ["contact"] * 3 == [bench.stage(each) for each in newcomers]


def test_a_changed_definition_is_still_shown_first(grown: tuple[Bench, str]) -> None:
    """A definition that changes while a load is incomplete is held when the load is complete."""
    bench, _ = grown
    bench.redeploy(definitions="one")
    run_cut(bench, "south", after=0)
    bench.redeploy(definitions="two")
    run_cut(bench, "south", after=0)
    outcome = bench.sync()
    assert (3, {"definition"}) == (
        outcome.exit_code,
        {str(trip.rule) for trip in outcome.plan.trips},
    )


def test_a_loss_that_nobody_looked_at_is_remembered(bench: Bench) -> None:
    """A source that shrinks while a load is incomplete holds the plan of the run that completes it, and no other."""
    contacts = [bench.contact(f"p{number}@firm.example", last="Ng") for number in range(40)]
    whole = bench.deployment.connections
    without(bench, "south")
    bench.sync()
    bench.clock.advance(days=2)
    for contact in contacts[1:]:
        bench.north.delete("contact", contact)
    bench.form(contacts[0])
    bench.redeploy(connections=whole)
    run_cut(bench, "south", after=0)
    outcome = bench.sync()
    assert (3, [Rule.SOURCE]) == (outcome.exit_code, [trip.rule for trip in outcome.plan.trips])
    bench.decide(outcome, approve=True)
    bench.sync()
    bench.contact("new@other.example", last="Hill")
    assert 0 == bench.sync().exit_code


def test_more_fields_are_read_whole_first(bench: Bench) -> None:
    """When the mapping asks one more field, nobody moves until it was read of every record."""
    contacts = furnish(bench)
    bench.sync()
    before = bench.position(contacts[1])["disposition"]
    edit(bench, contact=asking_for_staff(bench))
    outcome = run_cut(bench, "north", after=7)
    assert (4, {"north": {"contact": 3}}) == (outcome.exit_code, unread(bench))
    assert before == bench.position(contacts[1])["disposition"]
    assert (0, {}) == (bench.sync().exit_code, unread(bench))
    assert before != bench.position(contacts[1])["disposition"]


def test_an_edited_mapping_waits_for_a_crm_that_is_down(bench: Bench) -> None:
    """An edit that asks more is noticed even while its CRM does not answer."""
    contacts = furnish(bench)
    bench.sync()
    edit(bench, contact=asking_for_staff(bench))
    assert (4, {"north": {"contact": None}}) == (
        run_cut(bench, "north", after=0).exit_code,
        unread(bench),
    )
    bench.form(contacts[0])
    assert 0 == bench.written(run_cut(bench, "north", after=0))
    assert (0, {}) == (bench.sync().exit_code, unread(bench))


def test_an_object_that_comes_back_to_the_mapping_is_read_whole(bench: Bench) -> None:
    """What was taken out of the mapping and put back asking more is read from its start."""
    contacts = furnish(bench)
    bench.sync()
    bench.clock.advance(days=1)
    bench.contact("last@firm.example", last="Ng")
    bench.sync()
    bench.sync()
    more = asking_for_staff(bench)
    edit(bench, deal=None, meeting=None, contact=None)
    bench.sync()
    known = bench.deployment.connections["north"].mapping.objects
    assert {"company"} == set(known)
    edit(bench, contact=more)
    bench.sync()
    with bench.store.begin() as tx:
        found = records.records_of(tx, "north", "contact", contacts)
    assert {"yes"} == {each.fields["staff"] for each in found.values()}


@pytest.mark.parametrize("why", ["cursor lost", "field came back"])
def test_a_later_pull_of_everything_is_no_first_load(bench: Bench, why: str) -> None:
    """When what was read once is pulled anew and breaks off, the others are written as on any day."""
    contacts = furnish(bench)
    bench.sync()
    if why == "cursor lost":
        with bench.store.begin() as tx:
            state.forget_cursors(tx, "north")
    else:
        country = bench.north.fields["contact"].pop("country")
        bench.clock.advance(days=2)
        bench.sync()
        bench.north.fields["contact"]["country"] = country
    bench.clock.advance(days=2)
    bench.south.edit("contact", "2", {"Title": "CEO"})
    bench.form(contacts[0])
    outcome = run_cut(bench, "north", after=4)
    assert (4, [], {}) == (outcome.exit_code, outcome.unread, unread(bench))
    assert 0 < len(outcome.evaluated.people)
