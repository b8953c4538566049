"""Plans as they were shown: kept, bounded, and free of whoever was erased."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection, text

from stagesync.store import Store, erasing, plans, records, saved
from stagesync.store.forgotten import Traces
from stagesync.store.plans import StoredEntry, StoredPlan

DAY_S = 86_400.0


def _plan(tx: Connection, plan_id: str, *numbers: str, at_s: float = 10.0) -> list[StoredEntry]:
    """A held plan with an entry for each of these contacts."""
    plans.save_plan(tx, StoredPlan(plan_id, "r_1", "held", "standard 1 (abc)", at_s))
    pks = records.name_records(tx, [("north", "contact", each) for each in numbers])
    entries = [
        StoredEntry(
            plan=plan_id,
            record_pk=pks["north", "contact", each],
            connection="north",
            object="contact",
            id=each,
            field="stage",
            subject=f"p_{each}",
            before=None,
            after="lead",
            stage_from="contact",
            stage_to="lead",
            because=(),
            state="held",
            cause="facts" if each == "1" else "time",
        )
        for each in numbers
    ]
    plans.save_entries(tx, entries)
    return entries


def test_a_saved_plan_outlives_its_entries(store: Store) -> None:
    """What was kept reads as it was, when the entries themselves were planned anew."""
    with store.begin() as tx:
        entries = _plan(tx, "pl_1", "1", "2", "3")
        saved.save(tx, "pl_1", now_s=20.0)
        plans.drop_waiting(tx, ["p_1", "p_2"], "held")
        (told,) = saved.saved_plans(tx)
        assert entries == saved.entries_saved(tx, "pl_1")
    assert (3, 3, {"facts": 1, "time": 2}, True) == (
        told.values,
        told.subjects,
        told.causes,
        told.is_whole,
    )


def test_what_did_not_change_is_not_written_again(store: Store) -> None:
    """The same values keep the instant at which they were first kept; others take their place."""
    with store.begin() as tx:
        entries = _plan(tx, "pl_1", "1", "2")
        saved.save(tx, "pl_1", now_s=20.0)
        saved.save(tx, "pl_1", now_s=30.0)
        assert [20.0] == [each.saved_at_s for each in saved.saved_plans(tx)]
        plans.save_entries(tx, [replace(entries[0], after="client")])
        saved.save(tx, "pl_1", now_s=40.0)
        assert [40.0] == [each.saved_at_s for each in saved.saved_plans(tx)]
        assert ["client", "lead"] == [each.after for each in saved.entries_saved(tx, "pl_1")]


def test_a_plan_of_which_nothing_waits_is_left_as_it_was_kept(store: Store) -> None:
    """Saved again when everything was dropped, a plan still shows what it held."""
    with store.begin() as tx:
        entries = _plan(tx, "pl_1", "1")
        saved.save(tx, "pl_1", now_s=20.0)
        plans.set_entry_states(tx, "pl_1", [(entries[0].record_pk, "stage", "dropped")])
        saved.save(tx, "pl_1", now_s=30.0)
        assert entries == saved.entries_saved(tx, "pl_1")


def test_the_oldest_are_forgotten(store: Store) -> None:
    """So many are kept and no more, and none for longer than its time."""
    with store.begin() as tx:
        for number in range(saved.MOST_PLANS + 2):
            _plan(tx, f"pl_{number:02}", "1", at_s=float(number))
            saved.save(tx, f"pl_{number:02}", now_s=100.0 + number)
        newest = [f"pl_{number:02}" for number in range(2, saved.MOST_PLANS + 2)][::-1]
        assert newest == [each.plan.id for each in saved.saved_plans(tx)]
        _plan(tx, "pl_99", "1", at_s=99.0)
        saved.save(tx, "pl_99", now_s=200.0 + saved.KEPT_S)
        assert ["pl_99"] == [each.plan.id for each in saved.saved_plans(tx)]


def test_a_plan_that_was_shown_stays_known_while_it_is_kept(store: Store) -> None:
    """When a later plan took its values on, a shown plan is `replaced`, and one that nobody saw is gone."""
    with store.begin() as tx:
        for each in ("pl_1", "pl_2"):
            _plan(tx, each, "1")
            plans.set_plan_state(tx, each, "open")
        saved.save(tx, "pl_1", now_s=20.0)
        plans.drop_waiting(tx, ["p_1"], "held")
        plans.forget_empty_plans(tx)
        assert None is plans.get_plan(tx, "pl_2")
        assert ["replaced"] == [each.plan.state for each in saved.saved_plans(tx)]
        tx.execute(text("DELETE FROM saved_plan"))
        plans.forget_empty_plans(tx)
        assert None is plans.get_plan(tx, "pl_1")


def test_whoever_is_erased_leaves_saved_plans_too(store: Store) -> None:
    """No value of an erased record is left in what was kept; the others are."""
    with store.begin() as tx:
        _plan(tx, "pl_1", "1", "2")
        saved.save(tx, "pl_1", now_s=20.0)
        pks = records.name_records(tx, [("north", "contact", "1")]).values()
        erasing.erase(tx, Traces(frozenset(), frozenset(pks), frozenset()))
        assert ["2"] == [each.id for each in saved.entries_saved(tx, "pl_1")]


def test_a_huge_plan_is_kept_in_part(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound the counts are whole, and it says that the values are not."""
    monkeypatch.setattr(saved, "MOST_VALUES", 2)
    with store.begin() as tx:
        _plan(tx, "pl_1", "1", "2", "3")
        saved.save(tx, "pl_1", now_s=20.0)
        (told,) = saved.saved_plans(tx)
        assert (3, False, 2) == (told.values, told.is_whole, len(saved.entries_saved(tx, "pl_1")))


def test_old_plans_take_what_was_kept_along(store: Store) -> None:
    """A plan that is over and old leaves nothing behind; one of which something waits stays whole."""
    with store.begin() as tx:
        for each, entry_state in (("pl_1", "confirmed"), ("pl_2", "planned")):
            (entry,) = _plan(tx, each, "1")
            saved.save(tx, each, now_s=20.0)
            plans.set_entry_states(tx, each, [(entry.record_pk, "stage", entry_state)])
            plans.set_plan_state(tx, each, "done")
        saved.forget_old_plans(tx, before_s=11.0)
        assert ["pl_2"] == [each.plan.id for each in saved.saved_plans(tx)]
        assert (0, 1) == (plans.count_entries(tx, "pl_1"), plans.count_entries(tx, "pl_2"))
