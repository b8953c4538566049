"""How far first loads came."""

from stagesync.store import Store, first_loads
from stagesync.store.first_loads import FirstLoad


def test_pages_are_counted_until_the_last(store: Store) -> None:
    """What came adds up, the last page ends it, and what comes later changes nothing."""
    with store.begin() as tx:
        for records, ended_at_s in ((3, None), (2, 7.0), (9, None)):
            first_loads.count_page(tx, "north", "contact", records=records, ended_at_s=ended_at_s)
        assert {"contact": FirstLoad(5, 7.0)} == first_loads.first_loads_of(tx, "north")
        assert {} == first_loads.first_loads_of(tx, "south")


def test_an_object_begins_anew_alone(store: Store) -> None:
    """Only the object itself counts as never read."""
    with store.begin() as tx:
        for name in ("contact", "deal"):
            first_loads.count_page(tx, "north", name, records=1, ended_at_s=7.0)
        first_loads.begin_anew(tx, "north", "contact")
        assert ["deal"] == [*first_loads.first_loads_of(tx, "north")]
