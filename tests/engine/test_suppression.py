"""Who asked not to be contacted is left in peace, whatever becomes of the record that says so."""

from dataclasses import replace

import pytest

from stagesync.domain.mapping import FactRule
from stagesync.engine.explain import explain
from stagesync.engine.verdicts import join, split, undo

from .bench import Bench, text

OPTED_OUT = FactRule("person.do_not_contact", "OptedOut", "flag", optional=True)


def in_peace(bench: Bench, *record: str) -> bool:
    """Whether the person of this record is not to be contacted, as fact and as treatment."""
    told = explain(bench.deployment, "/".join(record))
    assert ("person.do_not_contact" in told["facts"]) is (told["treatment"]["content"] == "none")
    return "person.do_not_contact" in told["facts"]


@pytest.fixture
def opting(bench: Bench) -> Bench:
    """South tells the wish, too, on its leads and its contacts."""
    south = bench.deployment.connections["south"]
    objects = dict(south.mapping.objects)
    for name in ("lead", "contact"):
        (bench.south.fields[name]["OptedOut"],) = text("OptedOut")
        objects[name] = replace(objects[name], facts=(*objects[name].facts, OPTED_OUT))
    found = replace(south, mapping=replace(south.mapping, objects=objects, digest="opting"))
    bench.redeploy(connections={**bench.deployment.connections, "south": found})
    return bench


@pytest.mark.parametrize("asked", ["winner", "loser"])
def test_the_wish_survives_a_merge_in_the_crm(bench: Bench, asked: str) -> None:
    """Whichever of two merged records bore it, the one that is left does not lose it."""
    winner, loser = (
        bench.contact(f"{each}@firm.example", last="Ng", opted_out=str(each == asked).lower())
        for each in ("winner", "loser")
    )
    bench.sync()
    bench.north.merge("contact", loser, into=winner)
    bench.sync()
    assert in_peace(bench, "north", "contact", winner)


@pytest.mark.parametrize("asked", ["ann@firm.example", "ann@home.example"])
def test_the_wish_follows_a_join_by_hand(opting: Bench, asked: str) -> None:
    """Whichever of two joined people asked for it, both records' person is left in peace, until undone."""
    ann = opting.contact("ann@firm.example", opted_out=str(asked == "ann@firm.example").lower())
    member = opting.member("ann@home.example", OptedOut=str(asked == "ann@home.example").lower())
    opting.sync()
    now_s = opting.clock.now_s()
    said = join(opting.deployment, "ann@firm.example", "ann@home.example", by="bea", now_s=now_s)
    opting.sync()
    refs = [("north", "contact", ann), ("south", "contact", member)]
    assert [True, True] == [in_peace(opting, *ref) for ref in refs]
    undo(opting.deployment, said["verdict"], by="bea", now_s=opting.clock.now_s())
    opting.sync()
    assert [asked == "ann@firm.example", asked == "ann@home.example"] == [
        in_peace(opting, *ref) for ref in refs
    ]


def test_the_wish_leaves_with_the_record_that_was_split_off(opting: Bench) -> None:
    """Another human's wish is theirs: it goes with the record, and does not stay behind."""
    ann = opting.contact("ann@firm.example", last="Ng")
    member = opting.member("ann@firm.example", LastName="Ng", OptedOut="true")
    opting.sync()
    assert in_peace(opting, "north", "contact", ann)
    ref = f"south/contact/{member}"
    split(opting.deployment, ref, by="bea", now_s=opting.clock.now_s())
    opting.sync()
    assert (False, True) == (
        in_peace(opting, "north", "contact", ann),
        in_peace(opting, "south", "contact", member),
    )


@pytest.mark.parametrize("asked", ["lead", "contact"])
def test_the_wish_follows_a_lead_conversion(opting: Bench, asked: str) -> None:
    """Asked for as a lead or later as a contact, it holds for the one person, and for the other CRM's record."""
    out = str(asked == "lead").lower()
    lead = opting.member("ann@firm.example", kind="lead", LastName="Ng", OptedOut=out)
    ann = opting.contact("ann@firm.example", last="Ng")
    opting.sync()
    made = opting.south.convert("lead", lead, {"IsConverted": "true"}, to="contact")
    opting.south.edit("contact", made, {"OptedOut": str(asked == "contact").lower()})
    opting.sync()
    assert [True, True] == [
        in_peace(opting, *ref) for ref in (("south", "contact", made), ("north", "contact", ann))
    ]
