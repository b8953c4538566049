"""Who is one human, and which companies are one account."""

from typing import Any

import pytest

from stagesync.domain.identity import (
    LARGEST_GROUP,
    Known,
    join_accounts,
    join_people,
    name_groups,
    same_name,
)

ANN = ("ann", "ng")
MARK = "ann@firm.example"


def known(key: int, connection: str = "north", **more: Any) -> Known:
    values = {"name": ANN, "mark": MARK, **more}
    return Known(key, connection, **values)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("ann", "ng"), ("ann", "ng"), True),
        (("", "ng"), ("ann", "ng"), True),
        (("ann", "ng"), ("", "ng"), True),
        (("a", "ng"), ("ann", "ng"), True),
        (("ann", "ng"), ("a", "ng"), True),
        (("b", "ng"), ("ann", "ng"), False),
        (("an", "ng"), ("ann", "ng"), False),
        (("bob", "ng"), ("ann", "ng"), False),
        (("ann", "ng"), ("ann", "hill"), False),
        (("ann", ""), ("ann", ""), False),
        (("", ""), ("", ""), False),
    ],
)
def test_two_names_can_be_one_humans(
    one: tuple[str, str], other: tuple[str, str], same: bool
) -> None:
    """Last names must be equal and known; a first name may be missing or an initial."""
    assert same is same_name(one, other)


@pytest.mark.parametrize(
    ("records", "groups"),
    [
        ([], ()),
        ([known(1)], ((1,),)),
        # Two CRMs, one record each, one address.
        ([known(1), known(2, "south")], ((1, 2),)),
        # ... whatever their names: across CRMs the address decides.
        ([known(1), known(2, "south", name=("bob", "hill"))], ((1, 2),)),
        # No address joins nobody.
        ([known(1, mark=""), known(2, "south", mark="")], ((1,), (2,))),
        # One CRM: address and name.
        ([known(1), known(2)], ((1, 2),)),
        ([known(1), known(2, name=("bob", "hill"))], ((1,), (2,))),
        ([known(1), known(2, mark="other@firm.example")], ((1,), (2,))),
        # A duplicate in one CRM does not stand in the way of the other CRM.
        ([known(1), known(2), known(3, "south")], ((1, 2, 3),)),
        # A shared mailbox joins nobody, not even across.
        ([known(1), known(2, name=("bob", "hill")), known(3, "south")], ((1,), (2,), (3,))),
        # The CRM's own word joins what nothing else would.
        (
            [
                known(1, name=("ann", "ng"), same_as=(2,)),
                known(2, name=("a", "b"), mark="x@y.example"),
            ],
            ((1, 2),),
        ),
        # ... also when the other one is not there.
        ([known(1, same_as=(9,))], ((1,),)),
        # One group of the CRM's own word is one side.
        (
            [
                known(1, same_as=(2,)),
                known(2, name=("bob", "hill")),
                known(3, "south"),
            ],
            ((1, 2, 3),),
        ),
        # Three CRMs.
        ([known(1), known(2, "south"), known(3, "west")], ((1, 2, 3),)),
    ],
)
def test_records_are_joined_into_people(
    records: list[Known], groups: tuple[tuple[int, ...], ...]
) -> None:
    """By the CRM's word, by address and name within a CRM, by address across CRMs; else never."""
    assert groups == join_people(records).groups


def test_a_shared_mark_is_reported() -> None:
    """A mailbox that joined nobody is named with all who bear it."""
    joined = join_people([known(3, "south"), known(1), known(2, name=("bob", "hill"))])
    assert {MARK: (1, 2, 3)} == joined.shared


def test_a_mark_of_one_is_not_shared() -> None:
    """An address that joins is no problem to report."""
    assert {} == join_people([known(1), known(2, "south")]).shared


@pytest.mark.parametrize(
    ("records", "groups"),
    [
        ([known(1), known(2, "south")], ((1, 2),)),
        # Two companies of one CRM are two, and their domain then joins nobody.
        ([known(1), known(2), known(3, "south")], ((1,), (2,), (3,))),
        # Unless the CRM itself made one of them.
        ([known(1, same_as=(2,)), known(2), known(3, "south")], ((1, 2, 3),)),
    ],
)
def test_companies_are_joined_into_accounts(
    records: list[Known], groups: tuple[tuple[int, ...], ...]
) -> None:
    """By web domain across CRMs, when each side has one; never within a CRM."""
    assert groups == join_accounts(records).groups


def test_the_largest_group_is_believed() -> None:
    """As many records as the limit allows are one person."""
    joined = join_people([known(n) for n in range(LARGEST_GROUP)])
    assert (1, ()) == (len(joined.groups), joined.too_large)


def test_a_larger_group_is_broken_up() -> None:
    """Beyond the limit only the CRM's own word joins, and the group is reported."""
    records = [known(0, same_as=(1,))] + [known(n) for n in range(1, LARGEST_GROUP + 1)]
    joined = join_people(records)
    assert ((0, 1), (2,), (3,)) == joined.groups[:3]
    assert (tuple(range(LARGEST_GROUP + 1)),) == joined.too_large


def named(*records: Known) -> dict[str, tuple[int, ...]]:
    return name_groups(join_people(records), {each.key: each for each in records}, prefix="p_")


def test_a_new_group_gets_an_id_of_its_first_record() -> None:
    """The id follows from the record alone, so that another store finds the same one."""
    first = named(known(1, id_hint="north/contact/7"))
    again = named(known(4, id_hint="north/contact/7"), known(5, "south", id_hint="south/lead/1"))
    assert [*first] == [*again]
    (name,) = first
    assert ("p_", 14) == (name[:2], len(name))


def test_a_group_keeps_the_id_that_most_records_bear() -> None:
    """A newcomer and a minority take the id of the majority."""
    records = [known(1, held_by="p_b"), known(2, held_by="p_a"), known(3, held_by="p_a"), known(4)]
    assert {"p_a": (1, 2, 3, 4)} == named(*records)


def test_between_equals_the_older_record_decides() -> None:
    """Two people who become one keep the id of the first record."""
    assert {"p_b": (1, 2)} == named(known(1, held_by="p_b"), known(2, held_by="p_a"))


def test_a_group_that_splits_keeps_its_id_once() -> None:
    """The part with the older record keeps the id, the other one gets a new one."""
    parts = named(
        known(1, held_by="p_a", id_hint="north/contact/1"),
        known(2, held_by="p_a", name=("bob", "hill"), id_hint="north/contact/2"),
    )
    assert ((1,), 2) == (parts["p_a"], len(parts))


def test_an_id_that_is_taken_is_not_given_again() -> None:
    """Two newcomers of the same hint get two ids."""
    assert 2 == len(named(known(1, mark="a@b.example"), known(2, mark="c@d.example")))
