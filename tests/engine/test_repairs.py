"""What a CRM no longer holds is put back as a repair: a cause of its own, weighed on its own."""

from dataclasses import replace

from free_hand import UNLIMITED, WRITE_OVER
from stagesync.domain.edits import EditRules
from stagesync.domain.guard import Cause, Limits, Rule
from stagesync.store import guards, plans

from .bench import Bench


def _causes(bench: Bench) -> set[str]:
    """The causes of what the next run would write."""
    plan = bench.sync(write=False).plan.id
    with bench.store.begin() as tx:
        return {each.cause for each in plans.entries_of(tx, plan)}


def _settle(bench: Bench, count: int) -> list[str]:
    """Contacts whose stage stands."""
    bench.redeploy(edits=WRITE_OVER, limits=UNLIMITED)
    contacts = [bench.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(count)]
    bench.sync()
    bench.clock.advance(days=2)
    bench.sync()
    return contacts


def test_an_edit_that_is_written_over_is_a_repair(bench: Bench) -> None:
    """Where edits are written over, the value that comes back is planned and logged as a repair."""
    (contact,) = _settle(bench, 1)
    bench.north.edit("contact", contact, {"stage": "client"})
    assert {Cause.REPAIR} == _causes(bench)
    bench.sync()
    assert "contact" == bench.stage(contact)
    with bench.store.begin() as tx:
        told = guards.recent_moves(tx, since_s=bench.clock.now_s() - 600)
    assert {Cause.REPAIR: 1} == {group.cause: count for group, count in told.items()}


def test_a_value_beside_the_stage_is_repaired_too(bench: Bench) -> None:
    """A field of ours that somebody emptied is put back as a repair, for the stage stands."""
    (contact,) = _settle(bench, 1)
    bench.north.edit("contact", contact, {"score": None})
    assert {Cause.REPAIR} == _causes(bench)


def test_facts_that_move_the_person_are_no_repair(bench: Bench) -> None:
    """When the stage changes, the new value is of facts, though somebody typed over the old one."""
    (contact,) = _settle(bench, 1)
    bench.north.edit("contact", contact, {"stage": "client"})
    bench.form(contact)
    assert Cause.REPAIR not in _causes(bench)


def test_a_record_made_anew_is_a_repair(bench: Bench) -> None:
    """A record that takes the place of one that is gone gets the stage that the other held, as a repair."""
    (contact,) = _settle(bench, 1)
    member = bench.member("p0@firm.example", LastName="Ng0")
    bench.sync()
    bench.north.delete("contact", contact)
    bench.sync()
    bench.contact("p0@firm.example", last="Ng0")
    assert {Cause.REPAIR} == _causes(bench)
    assert "contact" == bench.value("south", "contact", member, "Stage__c")


def test_a_newcomer_is_no_repair(bench: Bench) -> None:
    """The first record of a person in a CRM is new there, whatever another CRM holds."""
    _settle(bench, 1)
    bench.member("p0@firm.example", LastName="Ng0")
    assert {Cause.NEW} == _causes(bench)


def test_a_restored_backup_is_held_and_blocks_nothing(bench: Bench) -> None:
    """When a CRM loses eight stages at once, the repairs wait for approval, and moves go on."""
    contacts = _settle(bench, 20)
    bench.redeploy(limits=Limits(people=5, share=1.0, never_below=5, writes_of_a_field=99))
    for contact in contacts[:8]:
        bench.north.edit("contact", contact, {"stage": None})
    bench.form(contacts[10])
    outcome = bench.sync()
    (trip,) = outcome.plan.trips
    assert (Cause.REPAIR, Rule.PAIR, 8) == (trip.group.cause, trip.rule, trip.count)
    assert (None, "lead") == (bench.stage(contacts[0]), bench.stage(contacts[10]))
    bench.decide(outcome, approve=True)
    bench.sync()
    assert {"contact"} == {bench.stage(each) for each in contacts[:8]}


def test_respect_that_ends_for_many_is_held(bench: Bench) -> None:
    """When edits of many are respected no longer, all at the same time, putting ours back waits for approval."""
    contacts = _settle(bench, 20)

    bench.redeploy(
        edits=EditRules(), limits=Limits(people=5, share=1.0, never_below=5, writes_of_a_field=99)
    )
    for contact in contacts[:8]:
        bench.north.edit("contact", contact, {"stage": "client"})
    assert 0 == bench.sync().exit_code
    bench.clock.advance(days=31)
    outcome = bench.sync()
    assert [Cause.REPAIR] == [trip.group.cause for trip in outcome.plan.trips]
    assert "client" == bench.stage(contacts[0])


def test_an_index_that_is_behind_is_no_repair(bench: Bench) -> None:
    """A record that a search shows as it was before our write is nobody's doing: nothing is weighed."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync(write=False)
    row = replace(
        bench.north.rows["contact", contact],
        fields=dict(bench.north.rows["contact", contact].fields),
    )
    bench.sync()
    bench.north.rows["contact", contact] = row
    assert Cause.REPAIR not in _causes(bench)
