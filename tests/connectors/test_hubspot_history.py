"""Who changed what, as HubSpot signs it, and which app is ours."""

import time
from pathlib import Path

import pytest

from stagesync.connector import Actor, OptionsRefused, Secret, TellsHistory, Write
from stagesync.sandbox.hubspot.actors import ACTORS
from stagesync.sandbox.hubspot.model import Source, Version
from stagesync_hubspot import history

from .hubspot_account import account, small_account

OWN = "stagesync_stage"
OPENAPI = Path(__file__).parents[1] / "openapi"
OUR_APP, OTHER_APP = "31415", str(ACTORS["other_app"].id)


@pytest.fixture
def crm():
    with account(**small_account(time.time())) as opened:
        opened.define("contacts", OWN, kind="string", widget="text")
        yield opened


def newest(connector, contact="1", name="phone"):
    """Actor and id of the last change."""
    change = connector.history("contact", [contact], [name])[contact][name][0]
    return change.actor, change.by


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        ("human", Actor.PERSON),
        ("mobile", Actor.PERSON),
        ("bulk", Actor.BULK),
        ("import", Actor.BULK),
        ("workflow", Actor.AUTOMATION),
        ("form", Actor.AUTOMATION),
        ("salesforce", Actor.INTEGRATION),
        ("other_app", Actor.INTEGRATION),
    ],
)
def test_source_names_the_actor(crm, actor, expected):
    """Whoever changed a value is told by the source that HubSpot names."""
    crm.sim.edit("contacts", "1", properties={"phone": "1"}, actor=actor)
    assert (expected, ACTORS[actor].id) == newest(crm.connect())


def test_unknown_source_is_unknown(crm):
    """A source that HubSpot names and we cannot place is nobody that we know."""
    record = next(one for one in crm.sim.portal.stores["contacts"].live() if str(one.id) == "1")
    record.history["phone"] = [Version("1", 0, Source("TALLY"))]
    assert (Actor.UNKNOWN, "") == newest(crm.connect())


def test_sources_are_those_that_hubspot_documents():
    """Every source of the table stands in HubSpot's own description of its API."""
    described = (OPENAPI / "2026-03" / "marketing-events.json").read_text(encoding="utf-8")
    assert [] == [name for name in history.ACTORS if f'"{name}"' not in described]


def test_company_that_moves_its_contact_is_automation(crm):
    """A stage that follows the primary company's was set by HubSpot, not by the one who moved that."""
    crm.sim.edit("companies", "1002", properties={"lifecyclestage": "customer"}, actor="human")
    assert Actor.AUTOMATION is newest(crm.connect(), name="lifecyclestage")[0]


@pytest.mark.parametrize("given", [31415, "31415"])
def test_app_of_the_options_is_ours(crm, given):
    """With `app_id` our changes are known from the first call, and others' stay others'."""
    connector = crm.connect(app_id=given)
    connector.write([Write("contact", "1", {"phone": "1"})])
    crm.sim.edit("contacts", "2", properties={"phone": "1"}, actor="other_app")
    assert [(Actor.OURS, OUR_APP), (Actor.INTEGRATION, OTHER_APP)] == [
        newest(connector, each) for each in ("1", "2")
    ]


@pytest.mark.parametrize("given", ["", "my app", True, -1])
def test_app_that_is_no_number_is_refused(crm, given):
    """An `app_id` that HubSpot cannot have given is a problem of the settings."""
    with pytest.raises(OptionsRefused) as refused:
        crm.connect(app_id=given)
    assert ["app_id"] == [key for key, _ in refused.value.problems]


def test_private_app_is_told_by_hubspot(crm):
    """HubSpot says which private app a token belongs to, and is asked once."""
    connector = crm.connect()
    connector.write([Write("contact", "1", {"phone": "1"})])
    crm.sim.edit("contacts", "2", properties={"phone": "1"}, actor="other_app")
    told = [newest(connector, each) for each in ("1", "2")]
    assert [(Actor.OURS, OUR_APP), (Actor.INTEGRATION, OTHER_APP)] == told
    asked = [each["path"] for each in crm.sim.log.entries()]
    assert 1 == asked.count("/oauth/v2/private-apps/get/access-token-info")


def test_app_is_an_integration_until_it_is_known(crm):
    """Before anything told which app is ours, our own change looks like another program's."""
    crm.sim.switches.private_app_info = False
    connector = crm.connect()
    connector.write([Write("contact", "1", {"phone": "1"})])
    assert (Actor.INTEGRATION, OUR_APP) == newest(connector)


@pytest.mark.parametrize("key", ["static", "service_key"])
def test_app_is_learnt_from_our_own_property(crm, key):
    """Whoever set our own stage is us, under any kind of token; it is remembered for records without one."""
    crm.sim.switches.private_app_info = False
    connector = crm.connect(token=Secret(getattr(crm.sim.tokens, key)))
    connector.write([Write("contact", "1", {OWN: "lead", "phone": "1"})])
    connector.write([Write("contact", "2", {"phone": "1"})])
    crm.sim.edit("contacts", "3", properties={"phone": "1"}, actor="other_app")
    told = connector.history("contact", ["1"], ["phone"])
    assert {"1": {"phone"}} == {each: set(fields) for each, fields in told.items()}
    actors = [newest(connector, each)[0] for each in ("1", "2", "3")]
    assert [Actor.OURS, Actor.OURS, Actor.INTEGRATION] == actors


def test_program_that_writes_over_our_own_property_is_not_us(crm):
    """Whoever was first to set our stage is us; what another program puts there later is its word."""
    crm.sim.switches.private_app_info = False
    connector = crm.connect()
    connector.write([Write("contact", "1", {OWN: "lead"})])
    crm.clock.sleep(60.0)
    crm.sim.edit("contacts", "1", properties={OWN: "client", "phone": "1"}, actor="other_app")
    told = connector.history("contact", ["1"], [OWN, "phone"])["1"]
    assert [Actor.INTEGRATION, Actor.OURS] == [each.actor for each in told[OWN]]
    assert Actor.INTEGRATION == told["phone"][0].actor


@pytest.mark.parametrize("version", ["2026-03", "2026-09", "v3"])
def test_oauth_app_is_told_by_hubspot(crm, version):
    """HubSpot says which app an OAuth token belongs to; v3 has no such call and the history tells."""
    connector = crm.connect_app(api_version=version)
    connector.write([Write("contact", "1", {"phone": "1", OWN: "lead"})])
    assert (Actor.OURS, OUR_APP) == newest(connector)


def test_oauth_app_that_is_not_told_is_no_failure(crm):
    """When the introspection fails the histories are read all the same, and it is asked once only."""
    connector = crm.connect_app()
    connector.write([Write("contact", "1", {"phone": "1"})])
    crm.sim.faults.add("cut_before", 1, "introspect")
    assert [(Actor.INTEGRATION, OUR_APP)] * 2 == [newest(connector) for _ in range(2)]


def test_fifty_records_a_call(crm):
    """Of 120 contacts the histories cost three calls, through the pacer as all else, and one to know our app."""
    connector = crm.connect()
    ids = [str(n) for n in range(1, 121)]
    found = connector.history("contact", ids, ["lifecyclestage", "email"])
    assert (4, ids) == (connector.calls, list(found))
    assert {"lifecyclestage", "email"} == set(found["120"])


def test_newest_comes_first_with_its_time(crm):
    """Every value that stood there is told, an empty one as None, dated by HubSpot's clock."""
    connector = crm.connect()
    began_s = crm.clock.now_s()
    for value in ("1", "", "2"):
        crm.clock.sleep(60)
        crm.edit("contacts", ["1"], phone=value)
    changes = connector.history("contact", ["1"], ["phone"])["1"]["phone"]
    expected = [("2", 180), (None, 120), ("1", 60)]
    assert expected == [(each.value, round(each.at_s - began_s)) for each in changes]


def test_short_memory_of_the_account(crm):
    """An account that keeps a few entries only tells those."""
    crm.sim.switches.update({"history_depth": 2})
    for value in ("1", "2", "3"):
        crm.edit("contacts", ["1"], phone=value)
    changes = crm.connect().history("contact", ["1"], ["phone"])["1"]["phone"]
    assert ["3", "2"] == [each.value for each in changes]


def test_gone_and_unknown_are_left_out(crm):
    """Archived records have no entry, nor have properties that HubSpot does not have."""
    crm.sim.delete({"object": "contact", "id": "2"})
    found = crm.connect().history("contact", ["1", "2", "999999"], ["email", "no_such_thing"])
    assert {"1": {"email"}} == {each: set(fields) for each, fields in found.items()}


def test_merged_record_is_told_under_the_id_asked_for(crm):
    """A merge gives a new id: whoever asks by an old one is answered under it."""
    crm.sim.merge({"object": "contact", "primary_id": "1", "merged_id": "2"})
    found = crm.connect().history("contact", ["1", "2", "3"], ["email"])
    assert ["1", "2", "3"] == list(found)


def test_pseudo_fields_and_events_have_no_history(crm):
    """What the connector derives itself was never changed by anybody."""
    connector = crm.connect()
    assert ({}, {}, 0) == (
        connector.history("deal", ["3000"], ["stage_is_won"]),
        connector.history("participation", ["1"], ["attendanceState"]),
        connector.calls,
    )


def test_connector_tells_history(crm):
    """The engine finds the ability by its protocol."""
    assert isinstance(crm.connect(), TellsHistory)
