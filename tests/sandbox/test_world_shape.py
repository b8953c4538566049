"""The world as a whole: the same for the same seed, the right shares, the right instants."""

import subprocess
import sys
from collections import Counter
from statistics import median

import orjson
import pytest

from stagesync.sandbox.world import World, make_world

NOW = 1_793_000_000.25
PRINT_DIGEST = """
import hashlib, orjson
from stagesync.sandbox.world import make_world
world = make_world(contacts=120, seed=7, now=1_793_000_000.25)
text = orjson.dumps([world.hubspot, world.salesforce, world.humans, world.owners])
print(hashlib.sha256(text).hexdigest())
"""
SHAPE = ("email", "firstname", "lastname", "lifecyclestage", "num_conversion_events")


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(contacts=500, seed=1, now=NOW)


def dump(world: World) -> bytes:
    return orjson.dumps([world.hubspot, world.salesforce, world.humans, world.owners])


def test_same_seed_gives_same_world() -> None:
    """Two worlds of one seed, size and now are equal to the byte."""
    first = make_world(contacts=150, seed=3, now=NOW)
    assert dump(first) == dump(make_world(contacts=150, seed=3, now=NOW))


def test_worlds_do_not_depend_on_the_process() -> None:
    """Processes with different hash seeds make the same world."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", PRINT_DIGEST],
            env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(digests) == 1


def test_other_seeds_give_other_people() -> None:
    """Another seed gives other e-mail addresses and other ids."""
    first, second = (make_world(contacts=80, seed=seed, now=NOW) for seed in (1, 2))
    emails, ids = (
        [
            {pick(record) for record in world.hubspot.objects["contacts"]}
            for world in (first, second)
        ]
        for pick in (lambda record: record.properties.get("email", record.id), lambda r: r.id)
    )
    assert not emails[0] & emails[1]
    assert not ids[0] & ids[1]


def test_now_moves_the_world_and_changes_nothing_else(world: World) -> None:
    """A later now shifts every stamp by the same amount and leaves ids and names alone."""
    later = make_world(contacts=500, seed=1, now=NOW + 86_400)
    for kind, records in world.hubspot.objects.items():
        for record, other in zip(records, later.hubspot.objects[kind], strict=True):
            assert record.id == other.id
            assert [record.properties.get(name) for name in SHAPE] == [
                other.properties.get(name) for name in SHAPE
            ]
            assert record.updated_at + 86_400 == pytest.approx(other.updated_at, abs=1e-5)
    for name, rows in world.salesforce.rows.items():
        for row, other_row in zip(rows, later.salesforce.rows[name], strict=True):
            assert {
                key: value + 86_400 if isinstance(value, float) and value > 1e9 else value
                for key, value in row.items()
                if key.endswith(("Id", "Stamp", "CreatedDate", "DateTime"))
            } == {
                key: value
                for key, value in other_row.items()
                if key.endswith(("Id", "Stamp", "CreatedDate", "DateTime"))
            }


@pytest.mark.parametrize("size", [100, 500, 2000])
def test_three_fifths_are_in_both(size: int) -> None:
    """60 % of the humans are in both CRMs and 20 % in each alone."""
    humans = make_world(contacts=size, seed=5, now=NOW).humans
    counted = Counter(
        (bool(human.hubspot_contacts), bool(human.salesforce_records)) for human in humans
    )
    assert {
        (True, True): size * 6 // 10,
        (True, False): size * 2 // 10,
        (False, True): size * 2 // 10,
    } == counted


def test_leads_and_contacts_are_about_as_many(world: World) -> None:
    """Salesforce holds about as many leads as contacts."""
    leads, contacts = (len(world.salesforce.rows[name]) for name in ("Lead", "Contact"))
    assert 0.7 < leads / contacts < 1.4


def test_every_record_of_a_person_belongs_to_one_human(world: World) -> None:
    """Each contact and lead is named by exactly one human, and each human by at least one record."""
    named = [
        record
        for human in world.humans
        for record in (*human.hubspot_contacts, *human.salesforce_records)
    ]
    assert sorted(named) == sorted(
        [record.id for record in world.hubspot.objects["contacts"]]
        + [str(row["Id"]) for name in ("Lead", "Contact") for row in world.salesforce.rows[name]]
    )
    assert all(human.hubspot_contacts or human.salesforce_records for human in world.humans)


def test_signs_have_a_long_tail(world: World) -> None:
    """Half of the active people gave about eight signs or fewer, a few gave hundreds."""
    signs: Counter[str] = Counter()
    for record in world.hubspot.objects["contacts"]:
        for name in ("hs_analytics_num_visits", "hs_email_open", "hs_email_click"):
            signs[record.id] += int(record.properties.get(name, "0"))
        signs[record.id] += int(record.properties["num_conversion_events"])
    for kind, _, to_kind, to_id in world.hubspot.associations:
        if kind in {"meetings", "calls"} and to_kind == "contacts":
            signs[to_id] += 1
    for name, key in (("Task", "WhoId"), ("Event", "WhoId"), ("CampaignMember", "LeadOrContactId")):
        for row in world.salesforce.rows[name]:
            signs[str(row[key])] += 1
    counts = [
        sum(signs[record] for record in (*human.hubspot_contacts, *human.salesforce_records))
        for human in world.humans
    ]
    active = [count for count in counts if count]
    assert 5 <= median(active) <= 12
    assert 2 <= sum(count >= 100 for count in active) <= len(active) * 0.05


@pytest.mark.parametrize("size", [0, 1, 2, 7])
def test_tiny_worlds_stand(size: int) -> None:
    """A world of any size has that many humans."""
    assert size == len(make_world(contacts=size, seed=1, now=NOW).humans)
