"""People and accounts, where they stand, and how they moved."""

import pytest
from sqlalchemy import Connection

from stagesync.store import Store, history, people, places, records
from stagesync.store.history import Transition
from stagesync.store.people import Kind, Placed

PLACED = Placed(
    "p_1",
    position={"fit": "inside"},
    scores={"fit": 75.5},
    stages={"standard": "lead"},
    evaluated_at_s=10.0,
    recheck_at_s=20.0,
    staged_at_s=5.0,
    previous_stage="visitor",
    content="consideration",
    next_contact_at_s=30.0,
    accept_by_s=40.0,
    never="a priced offer",
    no_contact_since_s=9.0,
    referrer="p_2",
    place=7,
    policy="standard 1 (abc)",
)


def _contact(tx: Connection, number: str) -> int:
    ref = ("north", "contact", number)
    return records.name_records(tx, [ref])[ref]


@pytest.mark.parametrize("kind", ["person", "account"])
def test_a_place_comes_back_as_it_was_saved(store: Store, kind: Kind) -> None:
    """An evaluation is read again as it was; before the first one nothing is known."""
    with store.begin() as tx:
        people.ensure(tx, kind, ["p_1", "p_2"])
        people.ensure(tx, kind, ["p_1"])
        people.save_placed(tx, kind, [PLACED])
        found = people.placed(tx, kind, ["p_1", "p_2", "p_3"])
        assert (["p_1", "p_2"], 2) == (people.all_ids(tx, kind), people.count(tx, kind))
    assert {"p_1": PLACED, "p_2": Placed("p_2")} == found


def test_the_due_are_those_whose_time_has_come(store: Store) -> None:
    """At the very second of `recheck_at_s` somebody is due, not one before."""
    with store.begin() as tx:
        people.ensure(tx, "person", ["p_1", "p_2"])
        people.save_placed(tx, "person", [PLACED])
        assert ([], ["p_1"]) == (
            people.ids_due(tx, "person", now_s=19.9),
            people.ids_due(tx, "person", now_s=20.0),
        )


def test_those_of_another_policy_are_found(store: Store) -> None:
    """Whoever was placed by another policy, or never."""
    with store.begin() as tx:
        people.ensure(tx, "person", ["p_1", "p_2"])
        people.save_placed(tx, "person", [PLACED])
        assert ["p_2"] == people.ids_of_other_policy(tx, "person", PLACED.policy)
        assert ["p_1", "p_2"] == people.ids_of_other_policy(tx, "person", "standard 2 (def)")


def test_somebody_without_records_is_removed(store: Store) -> None:
    """Only those to whom no record belongs any more are removed."""
    with store.begin() as tx:
        one, other = _contact(tx, "1"), _contact(tx, "2")
        people.ensure(tx, "person", ["p_1", "p_2"])
        people.assign(tx, "person", [(one, "p_1"), (other, "p_2")])
        people.unassign(tx, "person", [one])
        assert ["p_1"] == people.remove_empty(tx, "person", ["p_1", "p_2"])
        assert ["p_2"] == people.all_ids(tx, "person")


def test_people_belong_to_accounts(store: Store) -> None:
    """An account's people are found, and leave it when they are told to."""
    with store.begin() as tx:
        people.ensure(tx, "person", ["p_1", "p_2"])
        people.set_accounts(tx, [("p_1", "a_1"), ("p_2", "a_1")])
        people.set_accounts(tx, [("p_2", None)])
        assert {"a_1": ["p_1"]} == people.people_of_accounts(tx, ["a_1", "a_2"])


def test_a_domain_of_several_accounts_is_nobodys(store: Store) -> None:
    """A web domain leads to an account only when it is the one account's alone."""
    with store.begin() as tx:
        rows = [
            ("1", "one.example", "a_1"),
            ("2", "two.example", "a_1"),
            ("3", "two.example", "a_2"),
        ]
        for number, domain, account in rows:
            pk = _contact(tx, number)
            records.save_records(
                tx,
                [
                    {
                        "pk": pk,
                        "fields": {},
                        "changed_at_s": 1.0,
                        "created_at_s": None,
                        "gone": 0,
                        "merged_into": "",
                        "email": "",
                        "mail_domain": "",
                        "first_name": "",
                        "last_name": "",
                        "domain": domain,
                    }
                ],
            )
            people.assign(tx, "account", [(pk, account)])
        found = people.accounts_of_domains(tx, ["one.example", "two.example", "three.example"])
    assert {"one.example": "a_1"} == found


def test_those_in_each_place_are_counted(store: Store) -> None:
    """One position has one number, and everybody there counts; whoever was never placed counts under none."""
    inside, outside = {"fit": "inside", "readiness": "ready"}, {"fit": "outside"}
    with store.begin() as tx:
        people.ensure(tx, "person", ["p_1", "p_2", "p_3", "p_4"])
        found = places.numbers(tx, [inside, outside, None, dict(reversed(inside.items()))])
        one, other = found[:2]
        assert [one, other, None, one] == found
        rows = [Placed("p_1", place=one), Placed("p_2", place=one), Placed("p_3", place=other)]
        people.save_placed(tx, "person", rows)
        assert {one: 2, other: 1, None: 1} == places.counts(tx, "person")
        assert {one: inside, other: outside} == places.all_places(tx)


def test_somebody_interesting_is_in_several_crms(store: Store) -> None:
    """Whoever stands in more CRMs comes first; nobody is nobody."""
    with store.begin() as tx:
        assert "" == people.interesting(tx)
        people.ensure(tx, "person", ["p_1", "p_2"])
        north = records.name_records(tx, [("north", "contact", "1"), ("north", "contact", "2")])
        south = records.name_records(tx, [("south", "contact", "1")])
        people.assign(tx, "person", zip(north.values(), ["p_1", "p_2"], strict=True))
        people.assign(tx, "person", [(pk, "p_2") for pk in south.values()])
        for who in ("p_1", "p_2"):
            history.save_transitions(
                tx, [Transition(who, 1.0, "r", "", "lead", {}, {}, "", {}, [])]
            )
        assert "p_2" == people.interesting(tx)
