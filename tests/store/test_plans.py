"""Plans and their entries."""

from dataclasses import replace

from sqlalchemy import Connection

from stagesync.store import Store, plans, records
from stagesync.store.plans import StoredEntry, StoredPlan

PLAN = StoredPlan("pl_1", "r_1", "open", "standard 1 (abc)", 10.0, "", None)


def _pk(tx: Connection, number: str = "1") -> int:
    ref = ("north", "contact", number)
    return records.name_records(tx, [ref])[ref]


def _entry(pk: int, field: str = "stage", *, number: str = "1") -> StoredEntry:
    return StoredEntry(
        plan="pl_1",
        record_pk=pk,
        connection="north",
        object="contact",
        id=number,
        field=field,
        subject=f"p_{number}",
        before=None,
        after="lead",
        stage_from="contact",
        stage_to="lead",
        because=[{"rule": "contact form or call", "points": 30.0}],
        state="planned",
        cause="facts",
    )


def test_a_plan_comes_back_in_its_last_state(store: Store) -> None:
    """A plan that is saved again is one, and keeps who decided and when."""
    with store.begin() as tx:
        assert None is plans.get_plan(tx, "pl_1")
        plans.save_plan(tx, PLAN)
        plans.save_plan(tx, replace(PLAN, run="r_2"))
        plans.set_plan_state(tx, "pl_1", "held")
        assert ["pl_1"] == [each.id for each in plans.plans_in(tx, "held", "done")]
        plans.decide_plan(tx, "pl_1", "approved", by="ann", at_s=20.0)
        assert replace(
            PLAN, run="r_2", state="approved", decided_by="ann", decided_at_s=20.0
        ) == plans.get_plan(tx, "pl_1")


def test_plans_come_newest_first(store: Store) -> None:
    """The newest plan of a state is the first."""
    with store.begin() as tx:
        for number, made in ((1, 10.0), (2, 30.0), (3, 20.0)):
            plans.save_plan(tx, replace(PLAN, id=f"pl_{number}", made_at_s=made))
        assert ["pl_2", "pl_3", "pl_1"] == [each.id for each in plans.plans_in(tx, "open")]


def test_empty_plans_are_forgotten(store: Store) -> None:
    """An open plan without entries goes; one with entries, a decided one, and the spared one stay."""
    with store.begin() as tx:
        for number, state in ((1, "open"), (2, "open"), (3, "dropped"), (4, "open")):
            plans.save_plan(tx, replace(PLAN, id=f"pl_{number}", state=state))
        plans.save_entries(tx, [_entry(_pk(tx))])
        plans.forget_empty_plans(tx, but="pl_4")
        left = plans.plans_in(tx, "open", "dropped")
    assert {"pl_1", "pl_3", "pl_4"} == {each.id for each in left}


def test_entries_come_back_as_they_were_saved(store: Store) -> None:
    """An entry is read with its values, reasons and record, by plan and by state."""
    with store.begin() as tx:
        entry = _entry(_pk(tx))
        plans.save_entries(tx, [entry])
        assert [entry] == plans.entries_of(tx, "pl_1")
        assert [entry] == plans.entries_of(tx, "pl_1", "planned", "held")
        assert [entry] == plans.entries_in(tx, "planned")
        assert ([], [], []) == (
            plans.entries_of(tx, "pl_2"),
            plans.entries_of(tx, "pl_1", "held"),
            plans.entries_in(tx, "sent"),
        )
        assert 1 == plans.count_entries(tx, "pl_1")


def test_entries_are_in_the_order_of_records(store: Store) -> None:
    """By connection, object, id and field, whatever order they were saved in."""
    with store.begin() as tx:
        one, other = _pk(tx, "1"), _pk(tx, "2")
        wanted = [_entry(one, "a"), _entry(one, "b"), _entry(other, "a", number="2")]
        plans.save_entries(tx, reversed(wanted))
        assert wanted == plans.entries_of(tx, "pl_1")


def test_a_new_entry_takes_the_place_of_an_old_one(store: Store) -> None:
    """The same field of the same record stands once in a plan, as planned last."""
    with store.begin() as tx:
        entry = _entry(_pk(tx))
        plans.save_entries(tx, [replace(entry, state="confirmed")])
        newer = replace(entry, before="lead", after="client", stage_to="client", because=[])
        plans.save_entries(tx, [newer])
        assert [newer] == plans.entries_of(tx, "pl_1")


def test_those_who_wait_are_found_and_dropped(store: Store) -> None:
    """Who has an entry that waits, until it is dropped or settled."""
    with store.begin() as tx:
        one, other = _entry(_pk(tx, "1")), _entry(_pk(tx, "2"), number="2")
        plans.save_entries(tx, [one, other])
        assert ["p_1", "p_2"] == plans.subjects_waiting(tx, "planned", "sent")
        plans.set_entry_states(tx, "pl_1", [(one.record_pk, "stage", "confirmed")])
        plans.drop_waiting(tx, ["p_1", "p_2"], "planned", "sent")
        assert [] == plans.subjects_waiting(tx, "planned", "sent")
        assert [replace(one, state="confirmed")] == plans.entries_of(tx, "pl_1")
