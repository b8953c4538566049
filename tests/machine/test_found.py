"""Sequences that the machine found, each as a plain story."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from stagesync.engine.undo import undo
from stagesync.store import people, records

from .crms import Doors
from .world import Settings, World


@pytest.fixture
def settings() -> Settings:
    """As most worlds are."""
    return Settings()


@pytest.fixture
def world(tmp_path, settings) -> Iterator[World]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    doors = Doors()
    opened = World(doors, tmp_path, settings)
    yield opened
    opened.close()
    doors.close()
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_our_value_stays_ours_when_the_index_is_behind(world):
    """A plan made before HubSpot's search shows our own write does not turn it into somebody's word."""
    eva = ("hubspot", "contact", "5")
    world.run()
    world.crms.advance(60)
    world.crms.edit(eva, {"jobtitle": "Assistant", "country": "Japan"})
    world.crms.submit_form(eva)
    world.crms.advance(60)
    world.run()
    assert "BAD_TIMING" == world.crms.everything([eva[:2]])[eva]["hs_lead_status"]
    world.run(write=False)
    world.crms.advance(60)
    world.run()
    world.crms.edit(eva, {"jobtitle": "Marketing Director", "country": "France"})
    firm = ("hubspot", "company", "1002")
    world.crms.edit(firm, {"numberofemployees": "200", "industry": "COMPUTER_SOFTWARE"})
    world.crms.advance(60)
    world.run()
    with world.deployment.store.begin() as tx:
        who = str(records.records_of(tx, "hubspot", "contact", ["5"])["5"].person)
        assert "active" == people.placed(tx, "person", [who])[who].position["disposition"]


@pytest.mark.parametrize("settings", [Settings(limits="narrow")])
def test_an_undo_is_written_where_something_else_is_held(world):
    """An approved undo sets a field back of which a held plan wants something, and the run ends well."""
    world.decide(world.run().plan.id, approve=True)
    first = world.run().run
    for each in ("1", "2", "3"):
        world.crms.submit_form(("hubspot", "contact", each))
    world.crms.advance(60)
    assert 0 < world.run().plan.held
    planned = undo(world.deployment, run=first, now_s=world.now_s)
    world.decide(planned.plan, approve=True)
    world.run()
    assert {None} == {
        each.get("stagesync_stage")
        for each in world.crms.everything([("hubspot", "contact")]).values()
    }


@pytest.mark.parametrize("settings", [Settings(ramp=4)])
def test_of_two_undos_of_a_field_the_later_is_written(world):
    """Two approved undos that wait for the same fields do not stop the runs."""
    first = world.run().run
    undos = []
    for _ in range(2):
        undos.append(undo(world.deployment, run=first, now_s=world.now_s))
        world.decide(undos[-1].plan, approve=True)
        world.run()
    for _ in range(5):
        world.crms.advance(3_601)
        world.run()
    there = world.crms.everything(world.objects)
    assert {None} == {
        there[each.connection, each.object, each.id].get(each.field) for each in undos[0].restored
    }
