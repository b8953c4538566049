"""Wanted values that do not stand in a CRM, and why."""

from stagesync.store import Store, differences, people, records
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


def test_who_waited_long_enough_is_found(store: Store) -> None:
    """People and accounts whose value's time is over, at the very instant and not before; the gone are left out."""
    with store.begin() as tx:
        refs = [("north", kind, "1") for kind in ("contact", "company", "lead")]
        pks = [records.name_records(tx, refs)[ref] for ref in refs]
        people.assign(tx, "person", [(pks[0], "p_1")])
        people.assign(tx, "account", [(pks[1], "a_1")])
        rows = [
            StoredDifference(
                pk, "lifecycle", "lead", "customer", "not forward yet", until_s=until_s
            )
            for pk, until_s in zip(pks, (20.0, 30.0, 10.0), strict=True)
        ]
        rows.append(StoredDifference(pks[0], "status", "lead", "customer", "not forward"))
        differences.save_differences(tx, pks, rows, at_s=1.0)
        assert rows[0] in differences.differences_of(tx, pks)[pks[0]]
        assert [[], ["p_1"], ["a_1", "p_1"]] == [
            differences.subjects_over(tx, now_s=now_s) for now_s in (19.9, 20.0, 30.0)
        ]
