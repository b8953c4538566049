"""Our own fields beside the stage: when each is written, when it is emptied, and when nothing is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from stagesync.domain.mapping import WriteRule
from stagesync.engine.deployment import Connected
from stagesync.engine.setup import own_fields

from .bench import DAY_S, Bench, iso, make_bench

PERSON = (
    WriteRule("before", "previous_stage", only_with="stage"),
    WriteRule("why", "reason", only_with="stage"),
    WriteRule("points", "score.interest", only_with="stage"),
    WriteRule("fit", "level.fit"),
    WriteRule("content", "content"),
    WriteRule("again", "next_contact"),
    WriteRule("accept", "accept_by"),
    WriteRule("peace", "do_not_contact"),
    WriteRule("never", "never"),
)


def _with_own_fields(connected: Connected) -> Connected:
    """The connection with a mapping that writes every own field of contacts."""
    objects = dict(connected.mapping.objects)
    contact = objects["contact"]
    stage = next(rule for rule in contact.writes if rule.value == "stage.standard")
    rules = [
        replace(rule, only_with=stage.field if rule.only_with else "", field=f"{rule.field}__c")
        for rule in PERSON
    ]
    objects["contact"] = replace(contact, writes=(*contact.writes, *rules))
    mapping = replace(connected.mapping, objects=objects, digest="with own fields")
    return replace(connected, mapping=mapping)


def _made(language: str = "en") -> Bench:
    bench = make_bench()
    connections = {
        name: _with_own_fields(each) for name, each in bench.deployment.connections.items()
    }
    bench.redeploy(connections=connections, language=language)
    for name, connected in connections.items():
        for step in bench.connectors[name].setup(own_fields(bench.deployment, connected)):
            bench.connectors[name].make(step)
    return bench


@pytest.fixture
def own() -> Iterator[Bench]:
    made = _made()
    yield made
    made.store.close()


def told(bench: Bench, contact: str, *names: str) -> tuple[Any, ...]:
    """What north holds in our fields of a contact."""
    return tuple(bench.value("north", "contact", contact, f"{name}__c") for name in names)


def call(bench: Bench, contact: str, *, days_ago: float) -> float:
    """Sales met the contact; when."""
    at_s = bench.clock.at_s - days_ago * DAY_S
    bench.north.add("meeting", {"starts": iso(at_s)}, links={"contact": (contact,)})
    return at_s


def test_a_newcomer_has_no_stage_before(own: Bench) -> None:
    """The first stage has none before it, and says that nothing is known."""
    contact = own.contact("ann@firm.example", last="Ng")
    own.sync()
    assert (None, "nothing known that would take them further", "unknown", "awareness") == told(
        own, contact, "before", "why", "fit", "content"
    )


def test_a_move_writes_where_from_why_and_what_to_do(own: Bench) -> None:
    """A form makes a lead of a contact: stage before, reason and content follow."""
    contact = own.contact("ann@firm.example", last="Ng")
    own.sync()
    own.form(contact)
    own.sync()
    assert (
        "lead",
        "contact",
        "interest: request (contact form or call)",
        "consideration",
    ) == (own.stage(contact), *told(own, contact, "before", "why", "content"))


def test_the_sentence_is_told_in_the_language_of_the_deployment() -> None:
    """With `language: fr` the words of axes and levels are French; names of rules stay as they are."""
    bench = _made("fr")
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.form(contact)
    bench.sync()
    assert ("intérêt\u00a0: demande (contact form or call)",) == told(bench, contact, "why")
    bench.store.close()


def test_setup_labels_fields_in_the_language_of_the_deployment() -> None:
    """Labels of fields and of their choices are those of the deployment's language."""
    labels = {}
    for language in ("en", "fr"):
        bench = _made(language)
        found = own_fields(bench.deployment, bench.deployment.connections["north"])
        labels[language] = {
            each.name: (each.label, dict(each.options).get("inside")) for each in found
        }
        bench.store.close()
    assert ("Fit with our target", "Inside the target") == labels["en"]["fit__c"]
    assert ("Adéquation à la cible", "Dans la cible") == labels["fr"]["fit__c"]


def test_decay_alone_writes_nothing(own: Bench) -> None:
    """Points fade for a week and somebody is evaluated anew: the score moved, nothing is written."""
    contact = own.contact("ann@firm.example", last="Ng")
    own.form(contact)
    own.sync()
    written = own.value("north", "contact", contact, "score")
    own.clock.advance(days=7)
    own.north.edit("contact", contact, {"title": "Someone"})
    outcome = own.sync()
    now = (own.placed(own.person("north", "contact", contact)).scores or {})["interest"]
    assert (0, True) == (own.written(outcome), now < float(written) - 1)


def test_a_record_that_comes_late_bears_what_the_others_bear(own: Bench) -> None:
    """A second CRM meets somebody a week after: it gets the score and the reason of the change, not of today."""
    contact = own.contact("ann@firm.example", last="Ng")
    own.form(contact)
    own.sync()
    own.clock.advance(days=7)
    member = own.member("ann@firm.example", LastName="Ng")
    own.sync()
    assert own.person("north", "contact", contact) == own.person("south", "contact", member)
    own_words = {"Stage__c": "stage"} | {
        f"{one}__c": f"{one}__c" for one in ("why", "fit", "points")
    }
    assert {ours: own.value("north", "contact", contact, ours) for ours in own_words.values()} == {
        ours: own.value("south", "contact", member, theirs) for theirs, ours in own_words.items()
    }


def test_a_field_that_somebody_emptied_is_filled_again(own: Bench) -> None:
    """A field written only with the stage is filled where it is empty, with the same value as before."""
    contact = own.contact("ann@firm.example", last="Ng")
    own.form(contact)
    own.sync()
    before = own.value("north", "contact", contact, "score")
    own.clock.advance(days=7)
    own.north.edit("contact", contact, {"score": None})
    outcome = own.sync()
    assert (1, before) == (
        own.written(outcome),
        own.value("north", "contact", contact, "score"),
    )


def test_the_fit_is_written_without_a_change_of_stage(own: Bench) -> None:
    """A company found too small puts its lead outside the target; the stage stays, the fit is told."""
    company = own.north.add("company", {"domain": "firm.example", "employees": "200"})
    contact = own.contact("ann@firm.example", last="Ng", links={"company": (company,)})
    own.form(contact)
    own.sync()
    assert ("lead", "unknown") == (own.stage(contact), *told(own, contact, "fit"))
    values = {"employees": "3", "industry": "Farming", "country": "BR"}
    own.north.edit("company", company, values)
    own.north.edit("contact", contact, {"title": "Assistant"})
    own.sync()
    assert ("lead", "outside", "nurturing") == (
        own.stage(contact),
        *told(own, contact, "fit", "content"),
    )


def test_a_pause_counts_from_the_last_contact_and_ends_with_the_nurturing(own: Bench) -> None:
    """In nurturing the next contact stands 14 days after the last one and follows it; afterwards it is empty."""
    contact = own.contact("ann@firm.example", last="Ng")
    first_s = call(own, contact, days_ago=10)
    own.sync()
    assert ("consideration", None) == told(own, contact, "content", "again")
    own.north.edit("contact", contact, {"status": "BAD_TIMING"})
    own.sync()
    assert ("nurturing", pause_after(first_s)) == told(own, contact, "content", "again")
    second_s = call(own, contact, days_ago=2)
    outcome = own.sync()
    assert ("nurturing", pause_after(second_s)) == told(own, contact, "content", "again")
    assert 1 == own.written(outcome)
    own.north.edit("contact", contact, {"status": None})
    own.sync()
    assert ("consideration", None) == told(own, contact, "content", "again")


def pause_after(at_s: float) -> str:
    """The end of the shipped pause, as it is written."""
    return iso(at_s + 14 * DAY_S).replace("+00:00", "Z")


def test_who_opts_out_is_left_in_peace(own: Bench) -> None:
    """An opt-out empties the next contact, says `none`, `yes` and `any mail` in both CRMs, and touches nothing else."""
    contact = own.contact("ann@firm.example", last="Ng", status="BAD_TIMING")
    member = own.member("ann@firm.example", LastName="Ng")
    call(own, contact, days_ago=5)
    own.sync()
    assert None is not told(own, contact, "again")[0]
    own.north.edit("contact", contact, {"opted_out": "true"})
    outcome = own.sync()
    assert ("none", None) == told(own, contact, "content", "again")
    there = tuple(
        own.value("south", "contact", member, f"{one}__c") for one in ("content", "again")
    )
    assert (("none", None), 8) == (there, own.written(outcome))


def test_a_settled_base_is_written_no_more(own: Bench) -> None:
    """After a run with every own field, the next writes nothing."""
    contact = own.contact("ann@firm.example", last="Ng", status="BAD_TIMING")
    own.member("bob@firm.example", LastName="Hill")
    call(own, contact, days_ago=5)
    first, second = own.sync(), own.sync()
    assert (True, 0) == (own.written(first) > 10, own.written(second))


def test_the_treatment_stands_in_the_crm_where_it_is_asked_for(own: Bench) -> None:
    """What never to do and the wish to be left in peace are written, and taken back when they end."""
    contact = own.contact("ann@firm.example")
    own.sync()
    assert (None, "a priced offer; technical content", None) == told(
        own, contact, "peace", "never", "accept"
    )
    own.north.edit("contact", contact, {"opted_out": "true"})
    own.sync()
    assert ("yes", "any mail", None) == told(own, contact, "peace", "never", "accept")
    own.north.edit("contact", contact, {"opted_out": "false"})
    own.sync()
    assert (None, "a priced offer; technical content") == told(own, contact, "peace", "never")
