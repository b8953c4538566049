"""Records out of scope are read and never written."""

from dataclasses import replace

import pytest

from stagesync.domain.mapping import ObjectMapping, Scope, in_scope
from stagesync.domain.mapping_rules import Identity
from stagesync.engine.members import LISTS_EVERY_S
from stagesync.engine.shown import plan_document
from stagesync.engine.status import status
from stagesync.store import alerts

from .bench import NOON_S, Bench


def limit(bench: Bench, scope: Scope) -> None:
    """North's contacts are written only within this scope."""
    north = bench.deployment.connections["north"]
    contact = replace(north.object_mapping("contact"), scope=scope)
    mapping = replace(
        north.mapping, objects={**north.mapping.objects, "contact": contact}, digest="limited"
    )
    found = {**bench.deployment.connections, "north": replace(north, mapping=mapping)}
    bench.redeploy(connections=found)


CONTACT = ObjectMapping("contact", identity=Identity(emails=("email",)))


@pytest.mark.parametrize(
    ("scope", "taken"),
    [
        (Scope(where={"owner": frozenset({"7"})}), [True, False]),
        (Scope(unless={"owner": frozenset({"7", "8"})}), [False, True]),
        (Scope(domains=("firm.example",)), [True, False]),
        (Scope(not_domains=("firm.example",)), [False, True]),
        (Scope(created_after_s=50.0), [True, False]),
    ],
)
def test_each_condition_takes_in_and_leaves_out(scope: Scope, taken: list[bool]) -> None:
    """A record of owner 7, of a subdomain of the firm, made at 60; and one of which nothing is known."""
    mapping = replace(CONTACT, scope=scope)
    assert taken == [
        in_scope(mapping, {"owner": 7}, domain="eu.firm.example", created_at_s=60.0),
        in_scope(mapping, {"owner": None}, domain="", created_at_s=None),
    ]


def test_who_is_out_of_scope_is_placed_and_not_written(bench: Bench) -> None:
    """The person's stage is known, their other record gets it, and the one out of scope stays empty."""
    limit(bench, Scope(not_domains=("firm.example",)))
    ann = bench.contact("ann@firm.example", last="Ng")
    bob = bench.contact("bob@other.example", last="Li")
    member = bench.member("ann@firm.example", LastName="Ng")
    bench.form(ann)
    bench.sync()
    assert (None, "lead", "contact", {("north", ann, "stage"): "out of scope"}) == (
        bench.stage(ann),
        bench.value("south", "contact", member, "Stage__c"),
        bench.stage(bob),
        bench.differences(),
    )


@pytest.mark.parametrize("field", ["RecordTypeId", "hs_pipeline", "OwnerId"])
def test_record_types_pipelines_and_owners_are_fields(field: str) -> None:
    """A scope by record type, pipeline or owner is a field with the ids that are taken in, asked for with the rest."""
    mapping = replace(CONTACT, scope=Scope(where={field: frozenset({"012a", "7"})}))
    assert field in mapping.fields
    assert [True, True, False, False] == [
        in_scope(mapping, {field: value}, domain="", created_at_s=None)
        for value in ("012A", 7, "8", None)
    ]


@pytest.mark.parametrize(
    ("on", "taken"),
    [
        ((), False),
        (("Clients",), True),
        (("Clients", "Staff"), False),
        (("Staff",), False),
        (None, False),
    ],
)
def test_a_list_takes_in_and_leaves_out(on: tuple[str, ...] | None, taken: bool) -> None:
    """On one of the lists and on none of those left out; where lists are not known, nobody is taken in."""
    mapping = replace(CONTACT, scope=Scope(lists=("Clients", "7"), not_lists=("Staff",)))
    assert taken is in_scope(mapping, {}, domain="", created_at_s=None, lists=on)


def standing(bench: Bench) -> list[str]:
    with bench.store.begin() as tx:
        return [each.key for each in alerts.standing(tx, "north")]


def test_only_who_is_on_a_list_is_written(bench: Bench) -> None:
    """Whoever is on the list, and on none that is left out, gets their stage; the others keep theirs."""
    limit(bench, Scope(lists=("Clients", "Partners"), not_lists=("Staff",)))
    made = [bench.contact(f"p{number}@firm.example") for number in range(4)]
    bench.north.lists["contact", "Clients"] = {made[0], made[3]}
    bench.north.lists["contact", "Partners"] = {made[1]}
    bench.north.lists["contact", "Staff"] = {made[3]}
    bench.sync()
    assert ["contact", "contact", None, None] == [
        bench.north.rows["contact", each].fields.get("stage") for each in made
    ]
    told = status(bench.deployment, now_s=bench.clock.now_s())["connections"]
    assert [2, 0] == [each["out_of_scope"] for each in told]


def test_who_comes_to_a_list_is_written_when_it_is_read_again(bench: Bench) -> None:
    """Nothing of the record changes; a quarter of an hour later the list tells that it is in scope."""
    limit(bench, Scope(lists=("Clients",)))
    ann = bench.contact("ann@firm.example")
    bench.north.lists["contact", "Clients"] = set()
    bench.sync()
    bench.north.lists["contact", "Clients"].add(ann)
    bench.sync()
    early = bench.north.rows["contact", ann].fields.get("stage")
    bench.clock.advance(seconds=LISTS_EVERY_S)
    bench.sync()
    assert (None, "contact") == (early, bench.stage(ann))


def test_a_list_that_nobody_could_read_keeps_everybody_out(bench: Bench) -> None:
    """Anybody may be on a list never read, so nothing is written; the alert says why, and ends with it."""
    limit(bench, Scope(not_lists=("Staff",)))
    ann = bench.contact("ann@firm.example")
    outcome = bench.sync()
    assert ({}, None, ["list:contact.Staff"]) == (
        outcome.troubles,
        bench.north.rows["contact", ann].fields.get("stage"),
        standing(bench),
    )
    bench.north.lists["contact", "Staff"] = set()
    bench.sync()
    bench.north.edit("contact", ann, {"title": "Buyer"})
    bench.sync()
    assert ("contact", []) == (bench.stage(ann), standing(bench))


def test_a_list_that_vanishes_holds_as_it_was_read(bench: Bench) -> None:
    """Who was on it stays left out, and one alert stands."""
    limit(bench, Scope(not_lists=("Staff",)))
    ann = bench.contact("ann@firm.example")
    bench.north.lists["contact", "Staff"] = {ann}
    bench.sync()
    del bench.north.lists["contact", "Staff"]
    bench.clock.advance(seconds=LISTS_EVERY_S)
    bench.north.edit("contact", ann, {"title": "Buyer"})
    bench.sync()
    assert (None, ["list:contact.Staff"]) == (
        bench.north.rows["contact", ann].fields.get("stage"),
        standing(bench),
    )


def test_out_of_scope_is_counted(bench: Bench) -> None:
    """Plan and status say how many live records the scope leaves out."""
    limit(bench, Scope(created_after_s=NOON_S + 60.0))
    bench.contact("ann@firm.example", last="Ng")
    bob = bench.contact("bob@firm.example")
    bench.sync()
    bench.north.delete("contact", bob)
    outcome = bench.sync()
    told = status(bench.deployment, now_s=bench.clock.now_s())["connections"]
    assert ({"north": 1, "south": 0}, [1, 0]) == (
        plan_document(bench.deployment, outcome.plan.id)["out_of_scope"],
        [each["out_of_scope"] for each in told],
    )


def test_a_new_scope_reaches_everybody_at_once(bench: Bench) -> None:
    """When the mapping lets a record in again, its stage is written without waiting for a change."""
    limit(bench, Scope(not_domains=("firm.example",)))
    ann = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    north = bench.deployment.connections["north"]
    contact = replace(north.object_mapping("contact"), scope=None)
    objects = {**north.mapping.objects, "contact": contact}
    mapping = replace(north.mapping, objects=objects, digest="open")
    found = {**bench.deployment.connections, "north": replace(north, mapping=mapping)}
    bench.redeploy(connections=found)
    bench.sync()
    assert "contact" == bench.stage(ann)
