"""HubSpot: the lifecycle stage goes forward only, and what moves it by itself."""

import pytest

CONTACTS = "/crm/v3/objects/contacts"


def _set(hs, record_id, stage, kind="contacts"):
    return hs.patch(
        f"/crm/v3/objects/{kind}/{record_id}", {"properties": {"lifecyclestage": stage}}
    )


def _stage(hs, record_id, kind="contacts"):
    return hs.value(kind, record_id, "lifecyclestage")


def _link(hs, one, other):
    (from_kind, from_id), (to_kind, to_id) = one, other
    path = f"/crm/v4/associations/{from_kind}/{to_kind}/batch/associate/default"
    body = {"inputs": [{"from": {"id": from_id}, "to": {"id": to_id}}]}
    assert hs.post(path, body).status == 200


@pytest.mark.parametrize("kind", ["contacts", "companies"])
def test_new_records_are_leads(hs, kind):
    """A record made without a stage is a lead, unless the switch is empty."""
    assert _stage(hs, hs.make(kind), kind) == "lead"
    hs.switch(default_stage="")
    assert _stage(hs, hs.make(kind), kind) is None


def test_given_stage_is_kept(hs):
    """A stage given on creation stands."""
    assert _stage(hs, hs.make(lifecyclestage="customer")) == "customer"


def test_forward_is_granted(hs):
    """A later stage is written and echoed."""
    got = _set(hs, hs.make(), "opportunity")
    assert (got.status, got.body["properties"]["lifecyclestage"]) == (200, "opportunity")


def test_backward_is_refused_in_silence(hs):
    """An earlier stage is a success that changes nothing and echoes the present one."""
    record_id = hs.make(lifecyclestage="customer")
    hs.sim.clock.advance(60)
    got = _set(hs, record_id, "lead")
    assert (got.status, got.body["properties"]["lifecyclestage"]) == (200, "customer")
    assert hs.value("contacts", record_id, "lastmodifieddate") == "2026-11-17T12:00:00Z"


def test_move_back_is_refused_or_taken_by_a_switch(hs):
    """Where the switch says so a program's move back is taken; a workflow's never is."""
    record_id = hs.make(lifecyclestage="customer")
    hs.switch(stage_forward_only=False)
    hs.sim.edit("contacts", record_id, properties={"lifecyclestage": "lead"}, actor="workflow")
    assert _stage(hs, record_id) == "customer"
    _set(hs, record_id, "lead")
    assert _stage(hs, record_id) == "lead"


def test_backward_in_a_batch_refuses_only_the_stage(seeded):
    """In a batch the other values of the same input are written."""
    properties = {"lifecyclestage": "subscriber", "jobtitle": "CTO"}
    body = {"inputs": [{"id": "101", "properties": properties}]}
    got = seeded.post(f"{CONTACTS}/batch/update", body)
    assert got.status == 200
    echoed = got.body["results"][0]["properties"]
    assert (echoed["lifecyclestage"], echoed["jobtitle"]) == ("lead", "CTO")


def test_clear_then_set_goes_back(hs):
    """Cleared first, any stage is granted."""
    record_id = hs.make(lifecyclestage="customer")
    _set(hs, record_id, "")
    assert _stage(hs, record_id) is None
    _set(hs, record_id, "subscriber")
    assert _stage(hs, record_id) == "subscriber"


@pytest.mark.parametrize(("actor", "expected"), [("human", "lead"), ("other_app", "customer")])
def test_people_may_go_back_and_programs_may_not(hs, actor, expected):
    """In the application a stage can be put back; another program's write is refused too."""
    record_id = hs.make(lifecyclestage="customer")
    hs.sim.edit("contacts", record_id, properties={"lifecyclestage": "lead"}, actor=actor)
    assert _stage(hs, record_id) == expected


def test_dates_of_the_stages(hs):
    """Entering and leaving a stage is dated, and the time in it is counted."""
    record_id = hs.make()
    hs.sim.clock.advance(60)
    _set(hs, record_id, "customer")
    hs.sim.clock.advance(5)
    names = [
        "hs_v2_date_entered_lead",
        "hs_v2_date_exited_lead",
        "hs_v2_latest_time_in_lead",
        "hs_v2_cumulative_time_in_lead",
        "hs_v2_date_entered_customer",
        "hs_v2_date_entered_current_stage",
        "hs_v2_time_in_current_stage",
    ]
    got = hs.get(f"{CONTACTS}/{record_id}?properties={','.join(names)}").body["properties"]
    assert [got[name] for name in names] == [
        "2026-11-17T12:00:00Z",
        "2026-11-17T12:01:00Z",
        "60000",
        "60000",
        "2026-11-17T12:01:00Z",
        "2026-11-17T12:01:00Z",
        "5000",
    ]


def test_custom_stage_by_number(hs):
    """A stage that the account has put between two others counts in its place."""
    path = "/crm/v3/properties/contacts/lifecyclestage"
    options = hs.get(path).body["options"]
    placed = [{**option, "displayOrder": option["displayOrder"] * 10} for option in options]
    trial = {"label": "Trial", "value": "1234567", "displayOrder": 45, "hidden": False}
    assert hs.patch(path, {"options": [*placed, trial]}).status == 200
    record_id = hs.make(lifecyclestage="opportunity")
    _set(hs, record_id, "1234567")
    assert _stage(hs, record_id) == "1234567"
    _set(hs, record_id, "opportunity")
    assert _stage(hs, record_id) == "1234567"
    entered = hs.value("contacts", record_id, "hs_v2_date_entered_1234567")
    assert entered == "2026-11-17T12:00:00Z"


def test_lead_status_moves_any_way(hs):
    """Only the lifecycle stage is bound forward."""
    record_id = hs.make(hs_lead_status="CONNECTED")
    hs.patch(f"{CONTACTS}/{record_id}", {"properties": {"hs_lead_status": "NEW"}})
    assert hs.value("contacts", record_id, "hs_lead_status") == "NEW"


@pytest.mark.parametrize(("is_on", "expected"), [(True, "customer"), (False, "lead")])
def test_contact_follows_its_primary_company(seeded, is_on, expected):
    """A company's stage moves its contacts forward, unless the switch is off."""
    seeded.switch(sync_company_to_contact=is_on)
    _set(seeded, "900", "customer", "companies")
    assert _stage(seeded, "101") == expected


def test_contact_never_follows_backward(seeded):
    """A contact ahead of its company stays."""
    _set(seeded, "101", "customer")
    _set(seeded, "900", "opportunity", "companies")
    assert [_stage(seeded, "101"), _stage(seeded, "102")] == ["customer", "opportunity"]
    rows = seeded.get(f"{CONTACTS}/102?propertiesWithHistory=lifecyclestage").body
    assert rows["propertiesWithHistory"]["lifecyclestage"][0]["sourceType"] == "COMPANIES"


def test_deal_made_and_won(seeded):
    """An open deal makes its people opportunities, a won one customers."""
    deal = seeded.make("deals", dealname="D", dealstage="qualifiedtobuy", pipeline="default")
    _link(seeded, ("deals", deal), ("contacts", "103"))
    assert _stage(seeded, "103") == "opportunity"
    seeded.sim.edit("deals", deal, properties={"dealstage": "closedwon"}, actor="human")
    assert _stage(seeded, "103") == "customer"


@pytest.mark.parametrize(
    ("switches", "dealstage", "expected"),
    [
        ({"sync_deal_created": False}, "qualifiedtobuy", "lead"),
        ({"sync_deal_won": False}, "closedwon", "opportunity"),
        ({"sync_deal_won": False, "sync_deal_created": False}, "closedwon", "lead"),
        ({}, "closedlost", "lead"),
    ],
)
def test_deal_automation_is_switched(seeded, switches, dealstage, expected):
    """Each automatic move has its switch; a lost deal moves nobody."""
    seeded.switch(**switches)
    deal = seeded.make("deals", dealname="D", dealstage=dealstage, pipeline="default")
    _link(seeded, ("deals", deal), ("contacts", "103"))
    assert _stage(seeded, "103") == expected


def test_deal_stage_decides_closed_and_won(hs):
    """The calculated properties of a deal follow its stage."""
    names = ("hs_is_closed", "hs_is_closed_won", "hs_deal_stage_probability")
    deal = hs.make("deals", dealname="D", dealstage="contractsent", pipeline="default")
    assert [hs.value("deals", deal, name) for name in names] == ["false", "false", "0.9"]
    hs.patch(f"/crm/v3/objects/deals/{deal}", {"properties": {"dealstage": "closedwon"}})
    assert [hs.value("deals", deal, name) for name in names] == ["true", "true", "1.0"]


def test_load_moves_nobody(seeded):
    """A seed is loaded as it is: no default stage, no automation, no new dates."""
    assert seeded.value("companies", "900", "lifecyclestage") is None
    assert seeded.value("contacts", "101", "associatedcompanyid") == "900"
    assert seeded.value("contacts", "101", "lastmodifieddate") == "2026-11-17T10:11:00Z"
