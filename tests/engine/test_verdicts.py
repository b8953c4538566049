"""People say who is one human, and take it back."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stagesync.engine.explain import explain
from stagesync.engine.status import status
from stagesync.engine.verdicts import join, listed, split, undo
from stagesync.errors import ArgumentError
from stagesync.store import people, records
from stores import examples

from .bench import Bench, make_bench


def joined(bench: Bench, one: str | None, other: str | None) -> str:
    """Somebody says that these are one; the id of the verdict."""
    now_s = bench.clock.now_s()
    return str(join(bench.deployment, str(one), str(other), by="bea", now_s=now_s)["verdict"])


def parted(bench: Bench, record: str) -> str:
    now_s = bench.clock.now_s()
    return str(split(bench.deployment, record, by="bea", now_s=now_s)["verdict"])


def undone(bench: Bench, verdict: str) -> None:
    bench.clock.advance(seconds=1)
    undo(bench.deployment, verdict, by="cyd", now_s=bench.clock.now_s())


def holders(bench: Bench, *refs: tuple[str, str, str]) -> list[str | None]:
    return [bench.person(*ref) for ref in refs]


def whole(bench: Bench) -> tuple[dict[str, str | None], dict[str, Any]]:
    """Record -> person, and where everybody stands."""
    with bench.store.begin() as tx:
        kinds = [
            (name, each)
            for name, connected in bench.deployment.connections.items()
            for each in connected.roles
        ]
        held = {
            f"{r.connection}/{r.object}/{r.id}": r.person for r in records.all_records(tx, kinds)
        }
        placed = people.placed(tx, "person", people.all_ids(tx, "person"))
    return held, {who: (each.position, each.stages) for who, each in placed.items()}


def two(bench: Bench) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    """A lead of north and somebody of south whom nothing joins."""
    ann = bench.contact("ann@firm.example", last="Ng")
    bench.form(ann)
    member = bench.member("ann@home.example", LastName="Ng")
    bench.sync()
    return ("north", "contact", ann), ("south", "contact", member)


def one(bench: Bench) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    """A person of two records, one in each CRM, by address."""
    ann = bench.contact("ann@firm.example", last="Ng")
    bench.form(ann)
    member = bench.member("ann@firm.example", LastName="Ng")
    bench.sync()
    return ("north", "contact", ann), ("south", "contact", member)


def name(ref: tuple[str, str, str]) -> str:
    return "/".join(ref)


def test_a_join_by_hand_raises_without_a_second_approval(bench: Bench) -> None:
    """Somebody's word joins at once though it raises one of them, and the next run writes the stage."""
    ann, member = two(bench)
    joined(bench, *holders(bench, ann, member))
    assert 1 == len(set(holders(bench, ann, member)))
    bench.sync()
    joins = status(bench.deployment, now_s=bench.clock.now_s())["joins"]
    assert ("lead", []) == (bench.value(*member, "Stage__c"), joins)


def test_a_join_by_hand_holds_within_one_crm(bench: Bench) -> None:
    """Two records of one CRM with other names and addresses are one human when somebody says so."""
    ann = bench.contact("ann@firm.example", last="Ng")
    bob = bench.contact("a.ng@home.example", last="Hill")
    bench.sync()
    joined(bench, "ann@firm.example", "a.ng@home.example")
    bench.north.edit("contact", bob, {"title": "Buyer"})
    assert 1 == bench.sync().people
    assert bench.person("north", "contact", ann) == bench.person("north", "contact", bob)


def test_a_join_survives_a_changed_address_and_a_full_pull(bench: Bench) -> None:
    """What somebody said holds when an address changes and when everything is pulled anew."""
    from stagesync.store import state

    ann, member = two(bench)
    joined(bench, *holders(bench, ann, member))
    bench.south.edit("contact", member[2], {"Email": "other@firm.example"})
    with bench.store.begin() as tx:
        state.forget_cursors(tx, "north")
        state.forget_cursors(tx, "south")
    assert 1 == bench.sync().people


def test_a_split_beats_the_address(bench: Bench) -> None:
    """A record that somebody split off is another human, and stays one when it changes."""
    ann, member = one(bench)
    parted(bench, name(member))
    bench.south.edit("contact", member[2], {"Title": "Buyer"})
    bench.sync()
    assert 2 == len(set(holders(bench, ann, member)))
    assert ("lead", "contact") == (bench.stage(ann[2]), bench.value(*member, "Stage__c"))


def test_a_split_beats_what_the_crm_says(bench: Bench) -> None:
    """A lead parts from the contact that its CRM converted it into, when somebody says so."""
    lead = bench.member("ann@firm.example", kind="lead", LastName="Ng")
    bench.sync()
    contact = bench.south.convert("lead", lead, {"IsConverted": "true"}, to="contact")
    bench.sync()
    assert bench.person("south", "lead", lead) == bench.person("south", "contact", contact)
    parted(bench, f"south/lead/{lead}")
    bench.south.edit("contact", contact, {"Title": "Buyer"})
    bench.sync()
    assert bench.person("south", "lead", lead) != bench.person("south", "contact", contact)


@pytest.mark.parametrize("leaves", [0, 1])
def test_the_person_stays_with_those_who_stay(bench: Bench, leaves: int) -> None:
    """The record that leaves gets an id of its own, though it be the older one."""
    refs = one(bench)
    (before,) = set(holders(bench, *refs))
    parted(bench, name(refs[leaves]))
    after = holders(bench, *refs)
    assert (True, before) == (after[leaves] != before, after[1 - leaves])


def test_a_newcomer_finds_those_who_kept_the_address(bench: Bench) -> None:
    """A new record with the address joins those who stayed, not the record that was split off."""
    ann = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    member = bench.member("ann@firm.example", LastName="Ng")
    bench.sync()
    parted(bench, f"north/contact/{ann}")
    lead = bench.member("ann@firm.example", kind="lead", LastName="Ng")
    bench.sync()
    found = bench.person("south", "lead", lead)
    assert (True, False) == (
        found == bench.person("south", "contact", member),
        found == bench.person("north", "contact", ann),
    )


def test_a_verdict_follows_a_merge_in_the_crm(bench: Bench) -> None:
    """A record that its CRM merges away takes the join along to the record that is left."""
    ann, member = two(bench)
    joined(bench, *holders(bench, ann, member))
    winner = bench.contact("winner@firm.example", last="Other")
    bench.sync()
    bench.north.merge("contact", ann[2], into=winner)
    bench.sync()
    assert bench.person("north", "contact", winner) == bench.person(*member)


def test_a_split_follows_a_merge_in_the_crm(bench: Bench) -> None:
    """A record that was split off and then merged keeps the record that is left apart, address or not."""
    ann, member = one(bench)
    parted(bench, name(ann))
    winner = bench.contact("ann@firm.example", last="Hill")
    bench.sync()
    bench.north.merge("contact", ann[2], into=winner)
    bench.sync()
    assert bench.person("north", "contact", winner) != bench.person(*member)


def test_the_newest_verdict_counts(bench: Bench) -> None:
    """Joined, split and joined again is joined: the last word counts, none has to be undone for it."""
    ann, member = two(bench)
    joined(bench, *holders(bench, ann, member))
    parted(bench, name(member))
    assert 2 == len(set(holders(bench, ann, member)))
    joined(bench, *holders(bench, ann, member))
    assert 1 == len(set(holders(bench, ann, member)))


def test_an_undone_join_gives_back_ids_and_stages(bench: Bench) -> None:
    """After an undo both have their ids, their places and their stages in the CRMs again."""
    ann, member = two(bench)
    bench.sync()
    before = whole(bench)
    verdict = joined(bench, *holders(bench, ann, member))
    bench.sync()
    undone(bench, verdict)
    assert before == whole(bench)
    bench.sync()
    assert (before, "contact") == (whole(bench), bench.value(*member, "Stage__c"))


def test_an_undone_split_is_not_held(bench: Bench) -> None:
    """Those who were one are one again, though their stages differ meanwhile."""
    _, member = one(bench)
    bench.sync()
    before = whole(bench)
    verdict = parted(bench, name(member))
    bench.sync()
    undone(bench, verdict)
    bench.sync()
    assert (before, []) == (
        whole(bench),
        status(bench.deployment, now_s=bench.clock.now_s())["joins"],
    )


def test_two_joins_may_be_undone_in_either_order(bench: Bench) -> None:
    """The older of two joins that overlap is undone first, and in the end each has their own id again."""
    made = [bench.contact(f"p{number}@firm.example", last=f"L{number}") for number in range(3)]
    bench.form(made[1])
    bench.sync()
    bench.sync()
    before = whole(bench)
    ids = [bench.person("north", "contact", each) for each in made]
    said = [joined(bench, f"north/contact/{made[1]}", ids[0])]
    bench.sync()
    said.append(joined(bench, f"north/contact/{made[0]}", ids[2]))
    bench.sync()
    for verdict in said:
        undone(bench, verdict)
        bench.sync()
    assert before == whole(bench)


def test_who_is_swept_along_goes_back_too(bench: Bench) -> None:
    """A third record that a join let find its person is parted again with its own id."""
    north = [bench.contact("info@firm.example", last=last) for last in ("Ng", "Hill")]
    bench.member("info@firm.example", LastName="Ng")
    bench.sync()
    bench.sync()
    before = whole(bench)
    assert 3 == len(before[1])
    verdict = joined(bench, *(bench.person("north", "contact", each) for each in north))
    bench.sync()
    assert 1 == len(whole(bench)[1])
    undone(bench, verdict)
    bench.sync()
    assert before == whole(bench)


def told(bench: Bench, key: str) -> list[Mapping[str, Any]]:
    return [each for each in bench.audit() if key in each["result"]]


def test_every_word_is_in_the_log(bench: Bench) -> None:
    """The log names who said what of which records and who took it back, for each person, and no address."""
    ann, member = two(bench)
    verdict = joined(bench, *holders(bench, ann, member))
    undone(bench, verdict)
    entries = [each for each in told(bench, "verdict") if "says" in each["result"]]
    assert [("bea", "together")] * 2 + [("cyd", "undone")] == [
        (each["actor"], each["result"]["says"]) for each in entries
    ]
    assert {verdict} == {each["result"]["verdict"] for each in entries}
    assert sorted([name(ann), name(member)]) == entries[0]["result"]["records"]
    assert "@" not in str(entries)


def test_every_change_of_person_is_in_the_log(bench: Bench) -> None:
    """Joins, parts and merges, of themselves or by hand, tell record, old and new person, and why."""
    ann, member = one(bench)
    (person,) = set(holders(bench, ann, member))
    bench.south.edit("contact", member[2], {"Email": "ann@home.example"})
    bench.sync()
    # The connections are pulled side by side: either record may be the older one, which keeps the id.
    left = next(each for each in (ann, member) if bench.person(*each) != person)
    alone = bench.person(*left)
    verdict = joined(bench, person, alone)
    winner = bench.contact("winner@firm.example", last="Other")
    bench.sync()
    stranger = bench.person("north", "contact", winner)
    bench.north.merge("contact", winner, into=ann[2])
    bench.sync()
    assert [
        (name(left), person, alone, "parted", None),
        (name(left), alone, person, "joined", verdict),
        (f"north/contact/{winner}", stranger, person, "merged", None),
    ] == [
        (
            f"{each['connection']}/{each['object']}/{each['id']}",
            each["before"],
            each["after"],
            each["result"]["identity"],
            each["result"].get("verdict"),
        )
        for each in told(bench, "identity")
    ]


def test_explain_shows_the_verdicts(bench: Bench) -> None:
    """The person's document has every verdict on their records, undone ones included."""
    ann, member = two(bench)
    first = joined(bench, *holders(bench, ann, member))
    undone(bench, first)
    second = joined(bench, *holders(bench, ann, member))
    bench.sync()
    found = explain(bench.deployment, name(ann))["verdicts"]
    assert [(first, "cyd"), (second, None)] == [
        (each["verdict"], each["undone_by"]) for each in found
    ]
    assert [second] == [each["verdict"] for each in listed(bench.deployment)]
    assert [first, second] == [each["verdict"] for each in listed(bench.deployment, undone=True)]


def test_what_cannot_be_said_is_refused(bench: Bench) -> None:
    """Nobody is joined with themselves, parted from nobody, or taken back twice; an account is no person."""
    company = bench.north.add("company", {"domain": "firm.example"})
    ann, member = one(bench)
    (person,) = set(holders(bench, ann, member))
    verdict = parted(bench, name(member))
    undone(bench, verdict)
    now_s = bench.clock.now_s()
    deployment = bench.deployment
    with pytest.raises(ArgumentError, match="already"):
        join(deployment, "ann@firm.example", str(person), by="bea", now_s=now_s)
    with pytest.raises(ArgumentError, match="is an account"):
        join(deployment, f"north/company/{company}", str(person), by="bea", now_s=now_s)
    with pytest.raises(ArgumentError, match="no person's record"):
        split(deployment, "north/contact/none", by="bea", now_s=now_s)
    with pytest.raises(ArgumentError, match="stands"):
        undo(deployment, verdict, by="bea", now_s=now_s)
    parted(bench, name(member))
    with pytest.raises(ArgumentError, match="alone"):
        split(deployment, name(member), by="bea", now_s=now_s)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["join", "split", "undo", "run"]), st.integers(0, 7), st.integers(0, 7)
    ),
    min_size=1,
    max_size=8,
)


def crowd(bench: Bench) -> list[str]:
    """Eight records: shared and own addresses, a duplicate, a converted lead; the names of them."""
    north = [
        bench.contact("ann@firm.example", first="Ann", last="Ng"),
        bench.contact("info@firm.example", first="Bob", last="Hill"),
        bench.contact("info@firm.example", first="Cyd", last="Low"),
        bench.contact("ann@firm.example", first="A", last="Ng"),
    ]
    bench.form(north[0])
    lead = bench.member("ann@firm.example", kind="lead", LastName="Ng")
    info = bench.member("info@firm.example", LastName="Hill")
    other = bench.member("dan@firm.example", LastName="Lee")
    bench.sync()
    contact = bench.south.convert("lead", lead, {"IsConverted": "true"}, to="contact")
    bench.sync()
    bench.sync()
    return [
        *(f"north/contact/{each}" for each in north),
        f"south/lead/{lead}",
        *(f"south/contact/{each}" for each in (info, other, contact)),
    ]


def check_undoing(steps: list[tuple[str, int, int]], order: Any) -> None:
    bench = make_bench()
    refs = crowd(bench)
    before = whole(bench)
    said: list[str] = []
    for step, one_, other in steps:
        bench.clock.advance(seconds=5)
        try:
            if step == "join":
                said.append(joined(bench, refs[one_], refs[other]))
            elif step == "split":
                said.append(parted(bench, refs[one_]))
            elif step == "undo" and said:
                undone(bench, said.pop(one_ % len(said)))
            elif step == "run":
                bench.sync()
        except ArgumentError:
            continue
    order.shuffle(said)
    for verdict in said:
        undone(bench, verdict)
    assert before == whole(bench)
    bench.sync()
    assert before == whole(bench)
    bench.store.close()


def test_undoing_everything_restores_everything() -> None:
    """Any joins and splits, with runs between them and all of them undone in any order, leave what was."""
    told = settings(
        max_examples=examples(10),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    told(given(steps=STEPS, order=st.randoms(use_true_random=False))(check_undoing))()
