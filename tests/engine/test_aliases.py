"""People with several addresses are known by each of them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from stagesync.domain.mapping import read_record
from stagesync.engine.explain import explain
from stagesync.engine.forget import forget_records
from stagesync.store import aliases

from .bench import Bench


@pytest.fixture
def known(bench: Bench) -> Iterator[Bench]:
    """North keeps further addresses of its contacts in the field `firm`."""
    north = bench.deployment.connections["north"]
    contact = north.object_mapping("contact")
    contact = replace(contact, identity=replace(contact.identity, aliases=("firm",)))
    objects = {**north.mapping.objects, "contact": contact}
    found = replace(north, mapping=replace(north.mapping, objects=objects, digest="aliases"))
    bench.redeploy(connections={**bench.deployment.connections, "north": found})
    return bench


def is_one(bench: Bench, ann: str, member: str) -> bool:
    return bench.person("north", "contact", ann) == bench.person("south", "contact", member)


def test_several_addresses_in_one_field_are_read(known: Bench) -> None:
    """Semicolons, commas and blanks part them; the main address and what is no address are left out."""
    mapping = known.deployment.connections["north"].object_mapping("contact")
    fields = {
        "email": "ann@firm.example",
        "firm": "A.Ng@Old.example;ann@firm.example, x y@z.example",
    }
    assert ("a.ng@old.example", "y@z.example") == read_record(mapping, fields).aliases


@pytest.mark.parametrize("first", ["north", "south"])
def test_a_further_address_joins_across_crms(known: Bench, first: str) -> None:
    """The other CRM knows the old address; whichever record comes first, they are one, and both find them."""

    def contact() -> str:
        return known.contact("ann@firm.example", last="Ng", firm="ann@old.example")

    def other() -> str:
        return known.member("ann@old.example", LastName="Ng")

    made = {}
    for name in (first, "south" if first == "north" else "north"):
        made[name] = contact() if name == "north" else other()
        known.sync()
    assert is_one(known, made["north"], made["south"])
    ids = {explain(known.deployment, f"ann@{each}.example")["id"] for each in ("firm", "old")}
    assert 1 == len(ids)


def test_a_further_address_that_two_people_have_joins_nobody(known: Bench) -> None:
    """An alias that is another contact's address is shared, and the other CRM's record stays alone."""
    ann = known.contact("ann@firm.example", last="Ng", firm="team@firm.example")
    known.contact("team@firm.example", last="Hill")
    member = known.member("team@firm.example", LastName="Ng")
    assert 3 == known.sync().people
    assert not is_one(known, ann, member)


def test_an_address_that_is_taken_away_parts_again(known: Bench) -> None:
    """Without the alias nothing joins the two."""
    ann = known.contact("ann@firm.example", last="Ng", firm="ann@old.example")
    member = known.member("ann@old.example", LastName="Ng")
    known.sync()
    assert is_one(known, ann, member)
    known.north.edit("contact", ann, {"firm": ""})
    known.sync()
    assert not is_one(known, ann, member)


def test_further_addresses_are_erased_with_the_person(known: Bench) -> None:
    """When a CRM has forgotten somebody, no address of theirs stays here."""
    ann = known.contact("ann@firm.example", last="Ng", firm="ann@old.example")
    known.sync()
    with known.store.begin() as tx:
        before = aliases.bearers_of(tx, ["ann@old.example"])
        ref = ("north", "contact", ann)
        forget_records(tx, known.deployment, [ref], actor="north", why="erased", now_s=0.0)
        assert (1, set()) == (len(before), aliases.bearers_of(tx, ["ann@old.example"]))
