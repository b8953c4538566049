"""One value of several: by preference, then by age, with all who told otherwise."""

from typing import Any

import pytest

from stagesync.domain.merge import Told, merge_facts


def told(connection: str, at_s: float, country: Any = None, *, record: str = "1") -> Told:
    facts = {} if country is None else {"country": country}
    return Told(connection, "contact", record, at_s, facts)


@pytest.mark.parametrize(
    ("records", "prefer", "value", "others"),
    [
        # Nobody else tells.
        ([told("north", 1.0, "FR")], [], "FR", []),
        # The preferred connection wins, though it is older.
        ([told("north", 1.0, "FR"), told("south", 9.0, "BE")], ["north", "south"], "FR", ["BE"]),
        ([told("north", 9.0, "FR"), told("south", 1.0, "BE")], ["south", "north"], "BE", ["FR"]),
        # ... and gives way where it has nothing.
        ([told("north", 1.0), told("south", 9.0, "BE")], ["north"], "BE", []),
        # Within one connection, and where nobody is preferred, the newest wins.
        ([told("north", 1.0, "FR"), told("north", 2.0, "BE")], ["north"], "BE", ["FR"]),
        ([told("north", 1.0, "FR"), told("south", 2.0, "BE")], [], "BE", ["FR"]),
        # A named connection comes before one that is not.
        ([told("west", 9.0, "FR"), told("south", 1.0, "BE")], ["south"], "BE", ["FR"]),
        # Who says the same told nothing otherwise.
        ([told("north", 1.0, "FR"), told("south", 9.0, "FR")], ["north"], "FR", []),
        # Equal in all: the record's id decides, so that two runs agree.
        (
            [told("north", 1.0, "BE", record="2"), told("north", 1.0, "FR", record="1")],
            [],
            "FR",
            ["BE"],
        ),
        # False and nought are values.
        ([told("north", 1.0, False), told("south", 9.0, True)], ["north"], False, [True]),
    ],
)
def test_one_value_is_chosen(
    records: list[Told], prefer: list[str], value: object, others: list[object]
) -> None:
    """The first of `prefer` that has a value, else the newest; others are listed when they differ."""
    for given in (records, records[::-1]):
        chosen = merge_facts(given, prefer=prefer)["country"]
        assert (value, others) == (chosen.value, [one.facts["country"] for one in chosen.others])


def test_who_told_is_remembered() -> None:
    """A chosen value names the record that told it."""
    first, second = told("north", 1.0, "FR"), told("south", 2.0, "BE")
    chosen = merge_facts([first, second], prefer=["north"])["country"]
    assert (first, (second,)) == (chosen.told_by, chosen.others)


def test_a_fact_that_nobody_tells_is_absent() -> None:
    """Without records, or without values, there is no fact."""
    assert ({}, {}) == (merge_facts([], prefer=[]), merge_facts([told("north", 1.0)], prefer=[]))


def test_each_fact_is_chosen_on_its_own() -> None:
    """One person's facts may come from several records."""
    records = [
        Told("north", "contact", "1", 1.0, {"country": "FR"}),
        Told("south", "lead", "1", 2.0, {"country": "BE", "title": "Director"}),
    ]
    chosen = merge_facts(records, prefer=["north"])
    assert {"country": "FR", "title": "Director"} == {n: one.value for n, one in chosen.items()}


def test_a_wish_not_to_be_contacted_wins_over_preference() -> None:
    """One record that sets the flag is enough, however old and however little preferred."""
    name = "person.do_not_contact"
    says_no = Told("north", "contact", "1", 9.0, {name: False})
    says_yes = Told("south", "contact", "2", 1.0, {name: True})
    found = merge_facts([says_no, says_yes], prefer=["north"])[name]
    assert (True, says_yes, (says_no,)) == (found.value, found.told_by, found.others)
