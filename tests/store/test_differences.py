"""Wanted values that do not stand in a CRM, and why."""

from stagesync.store import Store, differences, records
from stagesync.store.differences import StoredDifference


def test_differences_are_those_of_the_last_plan(store: Store) -> None:
    """Planning a record anew replaces its differences; a refusal afterwards is added to them."""
    with store.begin() as tx:
        refs = [("north", "contact", "1"), ("south", "contact", "2")]
        one, other = map(records.name_records(tx, refs).__getitem__, refs)
        first = StoredDifference(one, "lifecycle", "lead", "customer", "not forward")
        kept = StoredDifference(other, "Type", "Prospect", None, "unmapped")
        differences.save_differences(tx, [one, other], [first, kept], at_s=1.0)
        differences.save_differences(tx, [one], [], at_s=2.0)
        refused = StoredDifference(one, "stage", "lead", None, "refused", "LOCKED: row is locked")
        differences.add_differences(tx, [refused], at_s=2.0)
        assert {one: [refused], other: [kept]} == differences.differences_of(tx, [one, other])
        assert {"north": {"refused": 1}, "south": {"unmapped": 1}} == differences.count_differences(
            tx
        )
