"""Records, what they name, what happened to them, and their deals."""

from typing import Any

from sqlalchemy import Connection

from stagesync.store import Store, activities, deals, links, records
from stagesync.store.activities import StoredActivity


def _row(pk: int, **changes: Any) -> dict[str, Any]:
    return {
        "pk": pk,
        "fields": {"email": "ann@firm.example"},
        "changed_at_s": 10.0,
        "created_at_s": None,
        "gone": 0,
        "merged_into": "",
        "email": "ann@firm.example",
        "mail_domain": "firm.example",
        "first_name": "ann",
        "last_name": "ng",
        "domain": "",
        **changes,
    }


def _named(tx: Connection, *refs: tuple[str, str]) -> list[int]:
    found = records.name_records(tx, [("north", kind, each) for kind, each in refs])
    return [found["north", kind, each] for kind, each in refs]


def test_a_record_comes_back_as_it_was_saved(store: Store) -> None:
    """All that is kept of a record is read again, by its key and by its id."""
    with store.begin() as tx:
        (pk,) = _named(tx, ("contact", "1"))
        records.save_records(tx, [_row(pk, gone=1, merged_into="2")])
        (found,) = records.records_where(tx, "pk", [pk])
        assert {"1": found} == records.records_of(tx, "north", "contact", ["1", "2"])
    assert (
        pk,
        "north",
        "contact",
        "1",
        True,
        {"email": "ann@firm.example"},
        10.0,
        True,
        ("ann", "ng"),
        "2",
    ) == (
        found.pk,
        found.connection,
        found.object,
        found.id,
        found.held,
        found.fields,
        found.changed_at_s,
        found.gone,
        found.name,
        found.merged_into,
    )


def test_a_named_record_is_not_held(store: Store) -> None:
    """A record that only another one names has a place, one and the same each time, and is not held."""
    with store.begin() as tx:
        (first,), (again,) = _named(tx, ("contact", "1")), _named(tx, ("contact", "1"))
        (found,) = records.records_where(tx, "pk", [first])
        assert [] == list(records.all_records(tx, [("north", "contact")]))
    assert (first, False) == (again, found.held)


def test_many_keys_are_asked_in_parts(store: Store) -> None:
    """More keys than fit one statement all come back."""
    with store.begin() as tx:
        found = records.name_records(tx, [("north", "contact", str(n)) for n in range(1_203)])
        assert 1_203 == len(found)
        assert 1_203 == len(records.records_where(tx, "pk", found.values()))


def test_records_are_found_by_the_domain_of_their_address(store: Store) -> None:
    """Person records whose mail lies in a domain."""
    with store.begin() as tx:
        one, other = _named(tx, ("contact", "1"), ("contact", "2"))
        records.save_records(tx, [_row(one), _row(other, mail_domain="other.example")])
        found = records.records_with_mail_at(tx, ["firm.example"])
    assert [one] == [each.pk for each in found]


def test_fields_and_stamps_are_replaced(store: Store) -> None:
    """After a write the fields are the new ones, and a stamp can move without anything new being told."""
    with store.begin() as tx:
        (pk,) = _named(tx, ("contact", "1"))
        records.save_records(tx, [_row(pk)])
        records.set_fields(tx, [(pk, {"stage": "lead"})])
        records.set_stamps(tx, [(pk, 20.0)])
        (found,) = records.records_where(tx, "pk", [pk])
    assert ({"stage": "lead"}, 20.0, 10.0) == (found.fields, found.changed_at_s, found.told_at_s)


def test_links_are_replaced_as_a_whole(store: Store) -> None:
    """What a record names now is all that it names; both directions tell it."""
    with store.begin() as tx:
        one, two, three = _named(tx, ("contact", "1"), ("company", "2"), ("company", "3"))
        links.save_links(tx, {one: [two, two]})
        links.save_links(tx, {one: [three]})
        assert ({one: [three]}, {three: [one]}, {}) == (
            links.links_from(tx, [one]),
            links.links_to(tx, [two, three]),
            links.links_to(tx, [two]),
        )


def test_activities_stand_inside_the_windows(store: Store) -> None:
    """Old activities are left out, except of types that are looked at for ever."""
    with store.begin() as tx:
        owner, source = _named(tx, ("contact", "1"), ("meeting", "9"))
        records.save_records(tx, [_row(source)])
        told = [
            StoredActivity(owner, at_s, kind, source, took_place=True)
            for at_s, kind in ((100.0, "visit"), (899.0, "visit"), (900.0, "visit"), (1.0, "deal"))
        ]
        activities.save_activities(tx, told)
        windows = {"visit": 100.0, "deal": None}
        found = activities.activities_of(tx, [owner], windows, from_s=1_000.0)
        assert [(900.0, "visit"), (1.0, "deal")] == sorted(
            [(each.at_s, each.type) for each, _, _ in found[owner]], reverse=True
        )
        assert {("north", "meeting/9")} == {(c, source_id) for _, c, source_id in found[owner]}


def test_an_activity_is_brought_up_to_date(store: Store) -> None:
    """The same activity told again is one; what is cancelled says so."""
    with store.begin() as tx:
        owner, source = _named(tx, ("contact", "1"), ("meeting", "9"))
        for took_place in (True, False):
            activities.save_activities(
                tx, [StoredActivity(owner, 5.0, "meeting", source, took_place)]
            )
        found = activities.activities_of(tx, [owner], {"meeting": None}, from_s=9.0)
    assert [False] == [each.took_place for each, _, _ in found[owner]]


def test_activities_end_with_their_source(store: Store) -> None:
    """What a deleted record told is not read; what a merged one told still is; dropped ones are gone."""
    with store.begin() as tx:
        owner, deleted, merged, moved = _named(
            tx, ("contact", "1"), ("meeting", "8"), ("contact", "9"), ("meeting", "7")
        )
        records.save_records(
            tx, [_row(deleted, gone=1), _row(merged, gone=1, merged_into="1"), _row(moved)]
        )
        activities.save_activities(
            tx,
            [
                StoredActivity(owner, 5.0, "meeting", source, took_place=True)
                for source in (deleted, merged, moved)
            ],
        )
        activities.drop_activities_told_by(tx, [moved])
        found = activities.activities_of(tx, [owner], {"meeting": None}, from_s=9.0)
    assert [merged] == [each.source_pk for each, _, _ in found[owner]]


def _deal(tx: Connection, pk: int, status: str) -> None:
    records.save_records(tx, [_row(pk)])
    deals.save_deals(tx, [{"pk": pk, "status": status, "at_s": 3.0, "amount": None}])


def test_a_deal_is_found_directly_and_through_a_join(store: Store) -> None:
    """A deal names a contact itself, or a record that joins the two does."""
    with store.begin() as tx:
        contact, direct, joined, role = _named(
            tx, ("contact", "1"), ("deal", "2"), ("deal", "3"), ("role", "4")
        )
        _deal(tx, direct, "open")
        _deal(tx, joined, "won")
        links.save_links(tx, {direct: [contact], role: [contact, joined]})
        found = deals.deals_naming(tx, [contact])
    assert {direct: "open", joined: "won"} == {
        pk: each.status for pk, each in found[contact].items()
    }


def test_deals_and_joins_that_are_gone_count_no_more(store: Store) -> None:
    """Neither a deleted deal nor a deleted join leads to a deal; a status is replaced."""
    with store.begin() as tx:
        contact, deleted, joined, role, kept = _named(
            tx, ("contact", "1"), ("deal", "2"), ("deal", "3"), ("role", "4"), ("deal", "5")
        )
        for pk in (deleted, joined, kept):
            _deal(tx, pk, "open")
        _deal(tx, kept, "lost")
        records.save_records(tx, [_row(deleted, gone=1), _row(role, gone=1)])
        links.save_links(tx, {deleted: [contact], role: [contact, joined], kept: [contact]})
        found = deals.deals_naming(tx, [contact])
    assert {kept: "lost"} == {pk: each.status for pk, each in found[contact].items()}


def test_a_flag_keeps_the_instant_of_its_first_sight(store: Store) -> None:
    """A flag that stands keeps its date, a new one is dated, and one that goes is forgotten."""
    with store.begin() as tx:
        (pk,) = _named(tx, ("contact", "1"))
        records.save_since(tx, {pk: ["nurture"]}, {pk: 1.0})
        records.save_since(tx, {pk: ["nurture", "churned"]}, {pk: 2.0})
        assert {pk: {"nurture": 1.0, "churned": 2.0}} == records.since_of(tx, [pk])
        records.save_since(tx, {pk: ["churned"]}, {pk: 3.0})
        assert {pk: {"churned": 2.0}} == records.since_of(tx, [pk])
        records.save_since(tx, {pk: []}, {pk: 4.0})
        assert {} == records.since_of(tx, [pk])
