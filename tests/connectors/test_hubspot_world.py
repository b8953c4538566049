"""The generated world through the connector, and values in the forms HubSpot may give them."""

import time
from itertools import pairwise

import pytest

from sandbox_clock import SandboxClock
from stagesync.connector import FieldType, Pull, Unavailable
from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.world import make_world
from stagesync_hubspot import api
from stagesync_hubspot.cursor import read_cursor
from stagesync_hubspot.describe import type_of
from stagesync_hubspot.records import Wish, to_records
from stagesync_hubspot.stages import DealStages

from .hubspot_account import MONTH_S, account, pages_of, pull_all, rows, small_account, wanted

PLURALS = {name: one.plural for name, one in api.OBJECTS.items() if not one.is_feed}
# HubSpot computes these while it answers, from the time that has passed.
MOVING = {"hs_v2_time_in_current_stage"}


@pytest.fixture(scope="module")
def world():
    seed = make_world(contacts=300, seed=5, now=time.time()).hubspot
    with account(**seed.objects, links=seed.associations) as opened:
        yield opened


@pytest.mark.parametrize("name", list(PLURALS))
def test_every_described_property_comes_as_the_account_holds_it(world, name):
    """A pull of every property of an object equals the simulator's own state, value by value."""
    connector = world.connect()
    fields = tuple(set(connector.describe([name])[name].fields) - MOVING - set(api.DEAL_FLAGS))
    own = {"createdate", "hs_createdate", "lastmodifieddate", "hs_lastmodifieddate", "hs_object_id"}
    found, _ = pull_all(connector, [Pull(name, fields)])
    got = {
        key: {field: value for field, value in one.fields.items() if value and field not in own}
        for key, one in found[name].items()
    }
    held = {
        key: {field: value for field, value in one.items() if value and field in fields}
        for key, one in world.stored(PLURALS[name]).items()
    }
    assert held == got


@pytest.mark.parametrize("name", ["deal", "meeting", "call"])
def test_links_by_list_and_by_association_read_are_the_same(world, name):
    """Both ways to a record's links agree for the whole world."""
    connector = world.connect()
    found, _ = pull_all(connector, [Pull(name, ())])
    inline = {key: one.links for key, one in found[name].items() if one.links}
    asked = connector.links(name, list(found[name]))
    assert {key: ordered(one) for key, one in inline.items()} == {
        key: ordered(one) for key, one in asked.items()
    }


def ordered(links):
    return {name: sorted(ids) for name, ids in links.items()}


def test_store_that_follows_edits_equals_the_account():
    """Ten rounds of edits and pulls, with the index lagging, end with equal values."""
    with account(**small_account(time.time())) as crm:
        connector = crm.connect()
        store, cursors = pull_all(connector, wanted())
        for turn in range(10):
            crm.edit("contact", range(1 + turn, 231, 7), firstname=f"turn {turn}")
            crm.edit("company", [1001 + turn % 7], name=f"turn {turn}")
            found, cursors = pull_all(connector, wanted(cursors))
            crm.clock.sleep(120)
            store = {name: {**store[name], **found[name]} for name in store}
        crm.clock.sleep(60)
        found, _ = pull_all(connector, wanted(cursors))
        store = {name: {**store[name], **found[name]} for name in store}
        got = {key: one.fields["firstname"] for key, one in store["contact"].items()}
        held = {key: one.get("firstname") for key, one in crm.stored("contacts").items()}
        names = {key: one.fields["name"] for key, one in store["company"].items()}
        firms = {key: one["name"] for key, one in crm.stored("companies").items()}
        assert (held, firms) == (got, names)


def test_clock_that_runs_ahead_skips_nothing():
    """With our clock an hour ahead of the server's, the bookmark is by the server's."""
    with account(contacts=rows(3, at=time.time() - MONTH_S, email="p{n}@x.example")) as crm:
        crm.clock = SandboxClock(SimClock(lambda: time.time() + 3600))
        (page,) = pages_of(crm.connect(), Pull("contact", ("email",)))
        since_ms = read_cursor(page.cursor).since_ms
        assert since_ms is not None
        assert since_ms <= time.time() * 1000


def test_cursors_of_a_pull_never_go_back():
    """Each page of a first load goes on behind the one before it."""
    with account(contacts=rows(350, at=time.time() - MONTH_S, email="p{n}@x.example")) as crm:
        pages = pages_of(crm.connect(), Pull("contact", ("email",)))
        places = [int(read_cursor(page.cursor).after) for page in pages[:-1]]
        assert all(one < other for one, other in pairwise(places))
        assert [False] * len(places) + [True] == [page.last for page in pages]


def test_milliseconds_become_instants():
    """Where HubSpot gives an instant as milliseconds, the record holds ISO 8601 with zone."""
    raw = {
        "id": "1",
        "properties": {"when": "1793404514332", "n": "1793404514332", "lastmodifieddate": "5000"},
    }
    wish = Wish(api.OBJECTS["contact"], ("when", "n"), frozenset({"when"}))
    with account() as crm:
        (record,) = to_records([raw], wish, stages=DealStages(crm.connect()._transport))
    assert (5.0, {"when": "2026-10-30T23:55:14.332Z", "n": "1793404514332"}) == (
        record.changed_at_s,
        dict(record.fields),
    )


def test_stage_that_no_pipeline_has_is_asked_for_once_more_only():
    """A stage made since the pipelines were read makes them be read again; an unknown one once."""
    with account(**small_account(time.time())) as crm:
        connector = crm.connect()
        stages = DealStages(connector._transport)
        stages.flags(["closedwon"])
        unknown = [dict(stages.flags(["nowhere"])["nowhere"]) for _ in range(3)]
        expected = [{"stage_is_won": None, "stage_is_closed": None}] * 3
        assert (expected, 2) == (unknown, connector.calls)


def test_pipelines_that_could_not_be_read_are_read_by_the_next_pull():
    """A read that fails leaves no stage known as unknown: the same process reads it rightly later."""
    with account(**small_account(time.time())) as crm:
        stages = DealStages(crm.connect()._transport)
        crm.sim.faults.add("502", 5, "pipelines")
        with pytest.raises(Unavailable):
            stages.flags(["closedwon"])
        flags = {"stage_is_won": True, "stage_is_closed": True}
        assert flags == stages.flags(["closedwon"])["closedwon"]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ({"type": "bool", "fieldType": "booleancheckbox"}, FieldType.FLAG),
        ({"type": "enumeration", "fieldType": "booleancheckbox"}, FieldType.FLAG),
        ({"type": "enumeration", "fieldType": "checkbox"}, FieldType.CHOICES),
        ({"type": "enumeration", "referencedObjectType": "OWNER"}, FieldType.REFERENCE),
        ({"type": "date", "fieldType": "date"}, FieldType.DATE),
        ({"type": "object_coordinates", "fieldType": "text"}, FieldType.OTHER),
        ({}, FieldType.OTHER),
    ],
)
def test_widget_tells_what_the_type_leaves_open(raw, kind):
    """Truths, several choices and references are told from single choices."""
    assert kind == type_of(raw)
