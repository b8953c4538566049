"""All our own fields, read back through the vendors' own endpoints: one value each, in both CRMs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

import pytest

from stagesync.store import people, records
from stagesync.store.people import Placed
from stagesync.store.records import StoredRecord

from .conftest import World, open_world
from .deployments import set_up

pytestmark = pytest.mark.xdist_group("own_fields")
"""One worker makes the world that these tests share; they run in any order, and leave it settled."""

WORDS = ("stage", "previous_stage", "score", "fit", "reason", "changed_at", "content")
PERSON = (*WORDS, "next_contact")
INSTANTS = {"changed_at", "next_contact"}


def in_hubspot(word: str) -> str:
    return f"stagesync_{word}"


def in_salesforce(word: str) -> str:
    return f"Lifecycle_{word.title()}__c"


@dataclass(frozen=True, slots=True)
class Synced:
    """A world after its first pass, with the write requests of that pass."""

    world: World
    writes: Mapping[str, list[tuple[str, str]]]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synced]:
    with ExitStack() as closing:
        world = open_world(tmp_path_factory.mktemp("own"), closing, contacts=200, seed=3)
        set_up(world.place)
        world.vendors.forget_log()
        ran = world.place.run("sync", "--json")
        assert (0, {"hubspot": 0, "salesforce": 0}) == (ran.code, ran.json["refused"]), ran.err
        writes = {name: world.vendors.writes(name) for name in ("hubspot", "salesforce")}
        world.vendors.settle()
        yield Synced(world, writes)


Told = dict[str, Any]
"""Word -> value, as one CRM holds it."""


def plain(word: str, value: Any) -> Any:
    """A value without its vendor's spelling; None for an empty one."""
    if value in (None, ""):
        return None
    if word in INSTANTS:
        return int(datetime.fromisoformat(str(value).replace("+0000", "+00:00")).timestamp())
    return float(value) if word == "score" else value


def told(world: World) -> dict[tuple[str, str, str], Told]:
    """(CRM, object, id) -> our fields of everybody who can be written."""
    ask = world.vendors
    found: dict[tuple[str, str, str], Told] = {}
    for plural, name, words in (
        ("contacts", "contact", PERSON),
        ("companies", "company", WORDS),
    ):
        for id_, one in ask.hubspot(plural, [in_hubspot(word) for word in words]).items():
            place = ("hubspot", name, id_)
            found[place] = {word: plain(word, one[in_hubspot(word)]) for word in words}
    for name, words, only in (
        ("Contact", PERSON, ""),
        ("Lead", PERSON, " WHERE IsConverted = false"),
        ("Account", WORDS, ""),
    ):
        columns = ", ".join(in_salesforce(word) for word in words)
        for id_, one in ask.salesforce(f"SELECT Id, {columns} FROM {name}{only}").items():
            place = ("salesforce", name.lower(), id_)
            found[place] = {word: plain(word, one[in_salesforce(word)]) for word in words}
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """What the store holds of those with records in both CRMs, and what the CRMs tell of them.

    Attributes:
        records: person or account -> records that can be written.
    """

    placed: Mapping[str, Placed]
    records: Mapping[str, list[StoredRecord]]
    told: Mapping[str, list[Told]]

    def one(self, who: str) -> Told:
        """What all records tell alike."""
        first, *others = self.told[who]
        assert [first] * len(others) == others, who
        return first


def known_of(world: World) -> Known:
    seen = told(world)
    objects = [(crm, name) for crm, name in dict.fromkeys((crm, name) for crm, name, _ in seen)]
    with world.place.open() as found, found.deployment.store.begin() as tx:
        by_holder: dict[str, list[StoredRecord]] = {}
        for each in records.all_records(tx, objects):
            if (each.connection, each.object, each.id) in seen:
                by_holder.setdefault(str(each.person or each.account), []).append(each)
        placed = people.placed(tx, "person", by_holder) | people.placed(tx, "account", by_holder)
    both = {
        who: own
        for who, own in by_holder.items()
        if {each.connection for each in own} == {"hubspot", "salesforce"}
    }
    return Known(
        placed,
        both,
        {
            who: [seen[each.connection, each.object, each.id] for each in own]
            for who, own in both.items()
        },
    )


@pytest.fixture
def known(synced: Synced) -> Known:
    return known_of(synced.world)


def test_every_own_field_is_one_in_both_crms(known: Known) -> None:
    """Whoever has records in both CRMs bears the same value of each own field on all of them; people and accounts."""
    torn = {who: own for who, own in known.told.items() if any(each != own[0] for each in own)}
    assert {} == torn
    kinds = Counter(who[:2] for who in known.told)
    assert kinds["p_"] > 80
    assert kinds["a_"] > 20


def test_the_fields_hold_what_the_store_knows(known: Known) -> None:
    """Stage, fit, content and the next contact are those of the last evaluation; every reason fits the field."""
    for who in known.told:
        one, placed = known.one(who), known.placed[who]
        assert placed.stages is not None
        assert placed.position is not None
        expected = (placed.stages["standard"], placed.position["fit"], placed.content or None)
        assert expected == (one["stage"], one["fit"], one["content"])
        assert placed.next_contact_at_s is None or "next_contact" in one
        if who.startswith("p_"):
            at_s = placed.next_contact_at_s
            assert (None if at_s is None else int(at_s)) == one["next_contact"]
        assert 0 < len(one["reason"]) <= 255
        assert "@" not in one["reason"]


def test_the_world_shows_each_kind_of_value(known: Known) -> None:
    """The base is varied enough for the tests above to mean something."""
    seen = [known.one(who) for who in known.told if who.startswith("p_")]
    assert {"unknown", "outside", "inside"} == {one["fit"] for one in seen}
    assert {"none", "nurturing", "awareness", "consideration", "loyalty"} <= {
        one["content"] for one in seen
    }
    assert sum(one["next_contact"] is not None for one in seen) > 2
    assert len({one["reason"] for one in seen}) > 10


def test_who_wants_no_contact_gets_none(synced: Synced, known: Known) -> None:
    """Somebody opted out in either CRM has the treatment `none` in both, and no date to be contacted again."""
    ask = synced.world.vendors
    out = {
        id_
        for id_, one in ask.hubspot("contacts", ["hs_email_optout"]).items()
        if one["hs_email_optout"] == "true"
    }
    for name in ("Contact", "Lead"):
        out |= set(ask.salesforce(f"SELECT Id FROM {name} WHERE HasOptedOutOfEmail = true"))
    suppressed = [who for who, own in known.records.items() if any(each.id in out for each in own)]
    assert len(suppressed) > 2
    for who in suppressed:
        one = known.one(who)
        assert ("none", None) == (one["content"], one["next_contact"])


def test_more_fields_cost_no_call_more(synced: Synced) -> None:
    """The first pass sends no more write requests than the records alone need, in full batches."""
    ask = synced.world.vendors
    sent = Counter(path.split("/")[-3] for _, path in synced.writes["hubspot"])
    assert {
        plural: ceil(len(ask.hubspot(plural, [])) / 100) for plural in ("contacts", "companies")
    } == sent
    rows = {
        name: len(ask.salesforce(f"SELECT Id FROM {name}{only}"))
        for name, only in (
            ("Account", ""),
            ("Contact", ""),
            ("Lead", " WHERE IsConverted = false"),
        )
    }
    assert sum(ceil(count / 200) for count in rows.values()) == len(synced.writes["salesforce"])


def moved(synced: Synced, who: str) -> tuple[Told, Told]:
    """What the CRMs tell of somebody after a pass, and after another, which must write nothing."""
    world = synced.world
    found = []
    for _ in range(2):
        world.vendors.advance(400)
        ran = world.place.run("sync", "--json")
        assert 0 == ran.code, ran.err
        world.vendors.settle()
        found.append(known_of(world).one(who))
    assert {"hubspot": 0, "salesforce": 0} == ran.json["written"]
    return found[0], found[1]


def test_a_change_of_stage_tells_where_from_and_why(synced: Synced, known: Known) -> None:
    """Accepted by hand in one CRM: both hold the stage before, the reason and the new treatment; a second pass writes nothing."""
    who = next(
        who
        for who in sorted(known.told)
        if who.startswith("p_") and known.one(who)["content"] == "consideration"
    )
    before = known.one(who)
    edit = {"lifecyclestage": "salesqualifiedlead"}
    there = next(each for each in known.records[who] if each.connection == "hubspot")
    synced.world.vendors.edit("hubspot", "contacts", there.id, **edit)
    after, again = moved(synced, who)
    assert after == again
    assert ("accepted", before["stage"], "sales: accepted", "decision") == (
        after["stage"],
        after["previous_stage"],
        after["reason"],
        after["content"],
    )
    assert after["changed_at"] > before["changed_at"]


def test_a_wish_for_peace_empties_the_date_in_both_crms(synced: Synced, known: Known) -> None:
    """An opt-out clears the next contact and turns the content to `none`, and leaves all about the stage as it was."""
    who = next(
        who
        for who in sorted(known.told)
        if who.startswith("p_") and known.one(who)["next_contact"] is not None
    )
    before = known.one(who)
    there = next(each for each in known.records[who] if each.connection == "salesforce")
    synced.world.vendors.edit("salesforce", there.object.title(), there.id, HasOptedOutOfEmail=True)
    after, again = moved(synced, who)
    assert after == again == before | {"content": "none", "next_contact": None}
