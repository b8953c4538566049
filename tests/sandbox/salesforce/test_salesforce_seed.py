"""What the simulator makes of a seed, and of a whole generated world."""

import pytest

from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.salesforce import SalesforceSim
from stagesync.sandbox.salesforce.ids import full_id, with_checksum
from stagesync.sandbox.seeds import SalesforceSeed
from stagesync.sandbox.world import make_world


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("001500000000001", "001500000000001AAA"),
        ("001D000000IqhSL", "001D000000IqhSLIAZ"),
        ("00150ABCDE00000", "00150ABCDE00000A5A"),
    ],
)
def test_checksum(short, long):
    """The suffix has a bit for each capital, counted from the left of each block of five."""
    assert long == with_checksum(short)
    assert [long, long] == [full_id(short), full_id(long)]


@pytest.mark.parametrize("text", ["", "001", "001500000000001AAB", "00150000000000!", 7, None])
def test_what_is_no_id(text):
    """Wrong lengths, wrong suffixes and other characters are no ids."""
    assert full_id(text) is None


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"Xyzzy": []}, "unknown object Xyzzy"),
        ({"Lead": [{"Id": "00Q"}]}, "without an 18-character id"),
        ({"Lead": [{"Nope": 1}]}, "unknown fields of Lead: Nope"),
    ],
)
def test_wrong_seeds_are_refused(rows, said):
    """A seed with an unknown object or field, or a bad id, is refused and says which."""
    with pytest.raises(ValueError, match=said):
        SalesforceSim().load(SalesforceSeed(rows))


def test_a_generated_world_loads(now):
    """Every row of a generated world is there, and its own fields and values are described."""
    world = make_world(contacts=200, seed=3, now=now)
    sim = SalesforceSim(clock=SimClock(lambda: now), seed=3)
    names = {owner.salesforce_id: (owner.first, owner.last) for owner in world.owners}
    sim.load(world.salesforce, users=names)
    tables = {name: sim.org.table(name).rows for name in world.salesforce.rows}
    assert {name: len(rows) for name, rows in world.salesforce.rows.items()} == {
        name: len(rows) for name, rows in tables.items()
    }
    lead = sim.org.objects["Lead"]
    assert {"Relationship__c", "Main_Need__c"} <= sim.org.readable(lead).keys() | {
        field.name for field in sim.org.readable(lead).values()
    }
    statuses = [row["ApiName"] for row in sim.org.table("LeadStatus").rows.values()]
    assert [entry.value for entry in lead.fields["Status"].picklist] == statuses
    users = sim.org.table("User").rows
    shown = {
        user_id: (users[user_id]["FirstName"], users[user_id]["LastName"]) for user_id in names
    }
    assert names == shown


def test_what_a_world_derives_it_keeps(now):
    """The fields that the simulator derives agree with what the world's generator wrote."""
    world = make_world(contacts=200, seed=3, now=now)
    sim = SalesforceSim(clock=SimClock(lambda: now), seed=3)
    sim.load(world.salesforce)
    derived = {
        "Opportunity": ("IsClosed", "IsWon"),
        "Task": ("IsClosed", "IsArchived"),
        "CampaignMember": ("HasResponded", "LeadOrContactId"),
    }
    for name, fields in derived.items():
        rows = sim.org.table(name).rows
        for row in world.salesforce.rows[name]:
            kept = {field: rows[row["Id"]].get(field, False) for field in fields if field in row}
            assert {field: row[field] for field in kept} == kept


def test_the_same_seed_has_the_same_secrets():
    """Credentials depend on the seed alone."""
    first, again, other = (SalesforceSim(seed=seed).credentials() for seed in (1, 1, 2))
    assert first == again
    assert first["client_secret"] != other["client_secret"]
