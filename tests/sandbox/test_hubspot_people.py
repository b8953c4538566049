"""HubSpot: what people do in the CRM itself, and what becomes of records then."""

import itertools
import time

import pytest
from tests.sandbox.conftest import NOON, HubSpotApi

from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.hubspot import HubSpotSim, create_app
from stagesync.sandbox.server import serve


def _history(hs, record_id, name):
    path = f"/crm/v3/objects/contacts/{record_id}?propertiesWithHistory={name}"
    return hs.get(path).body["propertiesWithHistory"][name]


@pytest.mark.parametrize(
    ("actor", "kind", "is_a_user"),
    [
        ("human", "CRM_UI", True),
        ("bulk", "CRM_UI_BULK_ACTION", True),
        ("mobile", "MOBILE_IOS", True),
        ("import", "IMPORT", True),
        ("workflow", "AUTOMATION_PLATFORM", False),
        ("form", "FORM", False),
        ("salesforce", "SALESFORCE", False),
        ("other_app", "INTEGRATION", False),
    ],
)
def test_history_names_the_actor(hs, actor, kind, is_a_user):
    """Each actor's changes are signed in its own way; a user's with the user id."""
    contact = hs.make(email="a@firm.example")
    hs.control("edit", object="contacts", id=contact, properties={"phone": "1"}, actor=actor)
    newest = _history(hs, contact, "phone")[0]
    assert newest["sourceType"] == kind
    assert ("updatedByUserId" in newest) is is_a_user


def test_history_keeps_as_many_entries_as_a_switch_says(hs):
    """By default all entries are told, else the newest ones."""
    contact = hs.make(phone="1")
    for phone in ("2", "3"):
        hs.control("edit", object="contacts", id=contact, properties={"phone": phone})
    assert [one["value"] for one in _history(hs, contact, "phone")] == ["3", "2", "1"]
    hs.switch(history_depth=2)
    assert [one["value"] for one in _history(hs, contact, "phone")] == ["3", "2"]


def test_unknown_actor_is_refused(hs):
    """An actor nobody knows is 400 and names the known ones."""
    contact = hs.make()
    body = {"object": "contacts", "id": contact, "properties": {}, "actor": "ghost"}
    got = hs.post("/_sandbox/edit", body)
    assert got.status == 400
    assert "workflow" in got.body["error"]


def test_workflow_moves_a_stage_forward_only(hs):
    """A person may move a stage back, a workflow may not."""
    contact = hs.make(lifecyclestage="customer")
    for actor, stage in (("workflow", "customer"), ("mobile", "lead")):
        wish = {"lifecyclestage": "lead"}
        hs.control("edit", object="contacts", id=contact, properties=wish, actor=actor)
        assert hs.value("contacts", contact, "lifecyclestage") == stage


def test_import_makes_and_changes(hs):
    """An import changes the contacts whose address it knows, makes the others, and says which."""
    known = hs.make(email="p1@firm.example")
    rows = [{"properties": {"email": f"p{n}@firm.example", "city": "Lyon"}} for n in range(3)]
    got = hs.control("import", object="contacts", rows=rows)
    assert (got["created"], got["changed"]) == (2, 1)
    assert known in got["ids"]
    assert _history(hs, known, "city")[0]["sourceType"] == "IMPORT"


def test_import_stamps_all_records_alike():
    """All records of an import bear one millisecond, though the clock goes on meanwhile."""
    ticks = itertools.count(NOON, 0.01)
    sim = HubSpotSim(clock=SimClock(lambda: next(ticks)))
    with serve(create_app(sim)) as server:
        api = HubSpotApi(sim, server.url)
        api.control("import", object="contacts", rows=[{"properties": {}} for _ in range(20)])
        page = api.get("/crm/v3/objects/contacts?limit=100").body["results"]
        assert len({row["updatedAt"] for row in page}) == 1
        later = api.get(f"/crm/v3/objects/contacts/{api.make()}").body
        assert later["updatedAt"] != page[0]["updatedAt"]


def test_bulk_change_takes_ids_or_all(hs):
    """Many records get the same values at once, those named or every one."""
    ids = [hs.make() for _ in range(3)]
    wish = {"city": "Lyon"}
    got = hs.control("import", object="contacts", ids=ids[:2], properties=wish, actor="bulk")
    assert got["changed"] == 2
    assert _history(hs, ids[0], "city")[0]["sourceType"] == "CRM_UI_BULK_ACTION"
    assert hs.value("contacts", ids[2], "city") is None
    assert hs.control("import", object="contacts", ids="all", properties=wish)["changed"] == 3
    assert hs.value("contacts", ids[2], "city") == "Lyon"


def test_25_000_records_on_one_stamp_stay_quick(hs):
    """Every one of 25,000 records of one millisecond is found by id windows, in a few seconds."""
    hs.switch(limits_on=False)
    rows = [{"properties": {"firstname": "A"}} for _ in range(25_000)]
    begun = time.monotonic()
    made = hs.control("import", object="contacts", rows=rows)["ids"]
    hs.sim.clock.advance(300)
    stamp = {"propertyName": "lastmodifieddate", "operator": "EQ", "value": str(int(NOON * 1000))}
    seen, last = [], "0"
    while True:
        above = {"propertyName": "hs_object_id", "operator": "GT", "value": last}
        group = [{"filters": [stamp, above]}]
        sorts = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        page = hs.search(filterGroups=group, sorts=sorts, limit=200).body["results"]
        if not page:
            break
        seen += [row["id"] for row in page]
        last = seen[-1]
    assert seen == made
    assert time.monotonic() - begun < 30


def test_index_may_lag_for_minutes(hs):
    """With a lag of 300 seconds search sees a record exactly then; the list sees it at once."""
    hs.switch(index_lag_create_s=300.0)
    hs.make()
    assert len(hs.get("/crm/v3/objects/contacts").body["results"]) == 1
    hs.sim.clock.advance(299)
    assert hs.search().body["total"] == 0
    hs.sim.clock.advance(1)
    assert hs.search().body["total"] == 1


def test_recalculation_moves_no_stamp(hs):
    """Calculated properties change without the modified date; search shows the new value later."""
    contact = hs.make(email="a@firm.example")
    before = hs.get(f"/crm/v3/objects/contacts/{contact}").body["updatedAt"]
    hs.sim.clock.advance(60)
    values = {"hs_analytics_num_page_views": "12"}
    assert hs.control("recalculate", ids=[contact], properties=values) == {"changed": 1}
    got = hs.get(f"/crm/v3/objects/contacts/{contact}?properties=hs_analytics_num_page_views").body
    assert got["properties"]["hs_analytics_num_page_views"] == "12"
    assert got["updatedAt"] == before
    hs.sim.clock.advance(2)
    row = hs.search(properties=["hs_analytics_num_page_views"]).body["results"][0]
    assert row["properties"]["hs_analytics_num_page_views"] == "12"


def test_recalculation_counts_what_the_feeds_hold(hs):
    """Without values given, counters follow page views and mail events."""
    contact = hs.make(email="a@firm.example")
    view = {"kind": "occurrence", "type": "e_visited_page", "contact_id": contact}
    hs.control("feed", **view)
    hs.control("feed", kind="email_event", type="OPEN", recipient="a@firm.example")
    assert hs.control("recalculate") == {"changed": 1}
    for name in ("hs_analytics_num_page_views", "hs_email_open"):
        assert hs.value("contacts", contact, name) == "1"
    assert hs.value("contacts", contact, "hs_email_last_open_date") == "2026-11-17T12:00:00Z"
    hs.switch(calculated_moves_stamp=True)
    hs.sim.clock.advance(60)
    hs.control("feed", **view)
    hs.control("recalculate")
    updated = hs.get(f"/crm/v3/objects/contacts/{contact}").body["updatedAt"]
    assert updated == "2026-11-17T12:01:00Z"


def test_custom_stages_have_numeric_ids(hs):
    """A stage an admin adds has a numeric id, stands where it was put and obeys the order."""
    got = hs.control("stages", add=[{"label": "Prospect", "after": "lead"}], remove=["evangelist"])
    new = got["added"]["Prospect"]
    assert new.isdigit()
    assert got["stages"].index(new) == got["stages"].index("lead") + 1
    options = hs.get("/crm/properties/2026-03/contacts/lifecyclestage").body["options"]
    assert [option["value"] for option in options] == got["stages"]
    assert "evangelist" not in got["stages"]
    contact = hs.make(lifecyclestage=new)
    path = f"/crm/v3/objects/contacts/{contact}"
    assert hs.patch(path, {"properties": {"lifecyclestage": "lead"}}).status == 200
    assert hs.value("contacts", contact, "lifecyclestage") == new
    assert hs.value("contacts", contact, f"hs_v2_date_entered_{new}") is not None
    company = hs.make("companies", lifecyclestage=new)
    assert hs.value("companies", company, "lifecyclestage") == new


def test_admins_edit_options(hs):
    """After an admin has removed a choice, writing it is refused; records keep what they have."""
    contact = hs.make(hs_lead_status="NEW")
    options = [{"value": "OPEN", "label": "Open"}]
    hs.control("options", object="contacts", property="hs_lead_status", options=options)
    path = f"/crm/v3/objects/contacts/{contact}"
    got = hs.patch(path, {"properties": {"hs_lead_status": "NEW"}})
    assert got.body["errors"][0]["code"] == "INVALID_OPTION"
    assert hs.value("contacts", contact, "hs_lead_status") == "NEW"
    wrong = {"object": "contacts", "property": "nothing", "options": options}
    assert hs.post("/_sandbox/options", wrong).status == 404


def test_restored_record_is_as_before(hs):
    """A restored record has its id, values, associations and modified date; search finds it again."""
    contact, company = hs.make(email="a@firm.example"), hs.make("companies", name="Firm")
    pair = f"/crm/v4/objects/contacts/{contact}/associations"
    hs.call("PUT", f"{pair}/default/companies/{company}")
    before = hs.get(f"/crm/v3/objects/contacts/{contact}?properties=email").body
    hs.sim.clock.advance(60)
    hs.call("DELETE", f"/crm/v3/objects/contacts/{contact}")
    assert hs.value("companies", company, "num_associated_contacts") == "0"
    hs.control("restore", object="contacts", id=contact)
    assert hs.get(f"/crm/v3/objects/contacts/{contact}?properties=email").body == before
    assert len(hs.get(f"{pair}/companies").body["results"]) == 1
    assert hs.value("companies", company, "num_associated_contacts") == "1"
    assert hs.get("/crm/v3/objects/contacts?archived=true").body["results"] == []
    hs.sim.clock.advance(10)
    assert hs.search().body["total"] == 1
    assert hs.post("/_sandbox/restore", {"object": "contacts", "id": contact}).status == 404


def test_restoring_may_move_the_stamp(hs):
    """With the switch on, a restored record is modified now."""
    hs.switch(restore_moves_stamp=True)
    contact = hs.make()
    hs.sim.clock.advance(60)
    hs.control("delete", object="contacts", id=contact)
    hs.control("restore", object="contacts", id=contact)
    updated = hs.get(f"/crm/v3/objects/contacts/{contact}").body["updatedAt"]
    assert updated == "2026-11-17T12:01:00Z"


def test_archived_records_page_by_id(hs):
    """The archived list pages like the live one, and has no live record."""
    hs.switch(short_pages=False)
    made = [hs.make() for _ in range(5)]
    for record_id in made[:4]:
        hs.call("DELETE", f"/crm/v3/objects/contacts/{record_id}")
    first = hs.get("/crm/v3/objects/contacts?archived=true&limit=3").body
    after = first["paging"]["next"]["after"]
    rest = hs.get(f"/crm/v3/objects/contacts?archived=true&limit=3&after={after}").body
    assert [row["id"] for row in first["results"] + rest["results"]] == made[:4]
    assert all(row["archived"] and row["archivedAt"] for row in rest["results"])


def test_old_ids_lead_to_the_merged_record_everywhere(hs):
    """After two merges every old id leads to the last record: read, batch, history, associations."""
    one, two, three = (hs.make(email=f"{n}@firm.example") for n in "abc")
    company = hs.make("companies", name="Firm")
    hs.call("PUT", f"/crm/v4/objects/contacts/{two}/associations/default/companies/{company}")
    first = hs.control("merge", object="contacts", primary_id=one, merged_id=two)["id"]
    last = hs.control("merge", object="contacts", primary_id=three, merged_id=first)["id"]
    old = [one, two, three, first]
    assert {hs.get(f"/crm/v3/objects/contacts/{i}").body["id"] for i in old} == {last}
    read = {"inputs": [{"id": i} for i in old], "properties": ["hs_merged_object_ids"]}
    got = hs.post("/crm/v3/objects/contacts/batch/read", read)
    assert (got.status, {row["id"] for row in got.body["results"]}) == (200, {last})
    merged = got.body["results"][0]["properties"]["hs_merged_object_ids"]
    assert set(merged.split(";")) == set(old)
    path = "/crm/v4/associations/contacts/companies/batch/read"
    linked = hs.post(path, {"inputs": [{"id": two}]}).body["results"][0]["to"]
    assert [row["toObjectId"] for row in linked] == [int(company)]
    hs.sim.clock.advance(10)
    by_old = {"propertyName": "associations.contact", "operator": "EQ", "value": two}
    assert hs.search("companies", filterGroups=[{"filters": [by_old]}]).body["total"] == 1


def test_erasing_leaves_nothing(hs):
    """After an erasure no id, address, search, history, list, form or feed leads to the person."""
    one, two = hs.make(email="a@firm.example"), hs.make(email="b@firm.example")
    form = hs.control("feed", kind="form", name="Demo")["id"]
    hs.control("feed", kind="submission", form_id=form, values={"email": "b@firm.example"})
    list_id = hs.control("feed", kind="list", name="Clients")["id"]
    hs.control("feed", kind="membership", list_id=list_id, record_id=one)
    event = hs.control("feed", kind="marketing_event", name="Webinar")["id"]
    hs.control("feed", kind="participation", event_id=event, contact_id=two)
    hs.control("feed", kind="email_event", type="OPEN", recipient="a@firm.example")
    new = hs.control("merge", object="contacts", primary_id=one, merged_id=two)["id"]
    gone = hs.post("/crm/v3/objects/contacts/gdpr-delete", {"objectId": new})
    assert gone.status == 204
    hs.sim.clock.advance(600)
    for record_id in (one, two, new):
        for query in ("", "?archived=true"):
            assert hs.get(f"/crm/v3/objects/contacts/{record_id}{query}").status == 404
    assert hs.sim.portal.stores["contacts"].aliases == {}
    for email in ("a@firm.example", "b@firm.example"):
        assert hs.get(f"/crm/v3/objects/contacts/{email}?idProperty=email").status == 404
    assert hs.search().body["total"] == 0
    left = [
        f"/form-integrations/v1/submissions/forms/{form}",
        f"/crm/v3/lists/{list_id}/memberships",
        f"/marketing/v3/marketing-events/participations/{event}/breakdown",
    ]
    assert [hs.get(path).body["results"] for path in left] == [[], [], []]
    assert hs.get("/email/public/v1/events").body["events"] == []


def test_new_version_warns_of_normalised_values(hs):
    """2026-09 says which values are kept otherwise than they were written; 2026-03 does not."""
    body = {"properties": {"email": "A@Firm.example", "firstname": "Ana"}}
    made = hs.post("/crm/objects/2026-09/contacts", body).body
    (warning,) = made["warnings"]
    assert warning["category"] == "PROPERTY_VALUE_NORMALIZED"
    assert warning["context"] == {
        "propertyName": ["email"],
        "rawValue": ["A@Firm.example"],
        "normalizedValue": ["a@firm.example"],
    }
    update = {"inputs": [{"id": made["id"], **body}]}
    for version, warned in (("2026-03", False), ("2026-09", True)):
        got = hs.post(f"/crm/objects/{version}/contacts/batch/update", update)
        assert ("warnings" in got.body["results"][0]) is warned


def test_archived_records_are_gone_after_ninety_days(hs):
    """What was archived can be brought back for 90 days, then no more."""
    early, late = hs.make(), hs.make()
    for record_id in (early, late):
        hs.control("delete", object="contacts", id=record_id)
    hs.sim.clock.advance(90 * 86_400)
    hs.control("restore", object="contacts", id=early)
    hs.sim.clock.advance(1)
    assert hs.get("/crm/v3/objects/contacts?archived=true").body["results"] == []
    assert hs.post("/_sandbox/restore", {"object": "contacts", "id": late}).status == 404


def test_a_record_takes_250_merges(hs):
    """The merge above the limit is refused and changes nothing."""
    many = ";".join(str(n) for n in range(1, 249))
    one, two, three = hs.make(), hs.make(), hs.make()
    hs.sim.portal.stores["contacts"].find(int(one)).values["hs_merged_object_ids"] = many
    merge = {"primaryObjectId": one, "objectIdToMerge": two}
    new = hs.post("/crm/v3/objects/contacts/merge", merge).body["id"]
    merge = {"primaryObjectId": new, "objectIdToMerge": three}
    assert hs.post("/crm/v3/objects/contacts/merge", merge).status == 400
    assert {hs.get(f"/crm/v3/objects/contacts/{i}").body["id"] for i in (new, three)} == {
        new,
        three,
    }
