"""HubSpot: marketing events, lists, forms, event occurrences and e-mail events."""

import pytest
from tests.sandbox.conftest import NOON

from stagesync.sandbox.world import make_world

EVENTS = "/marketing/marketing-events/2026-03"


def _fed(hs, kind, **payload):
    return hs.control("feed", kind=kind, **payload)["id"]


@pytest.fixture
def webinar(hs):
    """An event with one contact in each of four states; the contacts by state."""
    hs.event = _fed(hs, "marketing_event", name="Webinar", start_at=NOON - 7_200)
    hs.guests = {}
    for n, state in enumerate(("REGISTERED", "ATTENDED", "CANCELLED", "NO_SHOW")):
        guest = hs.make(email=f"g{n}@firm.example")
        hs.guests[state] = guest
        more = {"duration_s": 1_800, "percentage": "0.5"} if state == "ATTENDED" else {}
        payload = {"event_id": hs.event, "contact_id": guest, "state": state, "at": NOON - 3_600}
        _fed(hs, "participation", **payload, **more)
    return hs


def test_event_counts_its_guests(webinar):
    """An event tells its name, that it is over, and how many came or did not."""
    (event,) = webinar.get(EVENTS).body["results"]
    assert (event["objectId"], event["eventName"]) == (webinar.event, "Webinar")
    counted = [event[name] for name in ("registrants", "attendees", "cancellations", "noShows")]
    assert (event["eventStatus"], counted) == ("PAST", [3, 1, 1, 1])
    totals = webinar.get(f"{EVENTS}/participations/{webinar.event}").body
    assert totals == {"attended": 1, "registered": 1, "cancelled": 1, "noShows": 1}


def test_breakdown_tells_who_attended(webinar):
    """A row has the contact, the state, the instant in milliseconds and how long they stayed."""
    path = f"{EVENTS}/participations/{webinar.event}/breakdown?state=ATTENDED"
    (row,) = webinar.get(path).body["results"]
    contact = row["associations"]["contact"]
    assert (contact["contactId"], contact["email"]) == (
        webinar.guests["ATTENDED"],
        "g1@firm.example",
    )
    assert row["properties"] == {
        "attendanceState": "ATTENDED",
        "occurredAt": int((NOON - 3_600) * 1000),
        "attendanceDurationSeconds": 1_800,
        "attendancePercentage": "0.5",
    }


def test_breakdown_pages(webinar):
    """Pages lead through all rows; a limit above 100 is refused."""
    path = f"/marketing/v3/marketing-events/participations/{webinar.event}/breakdown"
    first = webinar.get(path + "?limit=3").body
    rest = webinar.get(f"{path}?limit=3&after={first['paging']['next']['after']}").body
    assert [len(first["results"]), len(rest["results"])] == [3, 1]
    assert "paging" not in rest
    assert webinar.get(path + "?limit=101").status == 400


def test_breakdown_by_contact(webinar):
    """One contact's events are found by its id and by its address."""
    guest = webinar.guests["NO_SHOW"]
    by_id = webinar.get(f"{EVENTS}/participations/contacts/{guest}/breakdown").body["results"]
    by_mail = webinar.get(f"{EVENTS}/participations/contacts/g3@firm.example/breakdown")
    assert by_mail.body["results"] == by_id
    assert by_id[0]["associations"]["marketingEvent"]["marketingEventId"] == webinar.event


@pytest.mark.parametrize("front", ["/crm/v3/lists", "/crm/lists/2026-03"])
def test_list_is_found_by_name(hs, front):
    """Search takes a part of the name in any case, and pages by offset."""
    made = [_fed(hs, "list", name=f"Clients {n}") for n in range(3)]
    _fed(hs, "list", name="Others")
    got = hs.post(front + "/search", {"query": "clients", "offset": 0, "count": 2}).body
    assert ([row["listId"] for row in got["lists"]], got["total"]) == (made[:2], 3)
    assert (got["hasMore"], got["offset"]) == (True, 2)
    named = hs.get(front + "/object-type-id/0-1/name/Others").body["list"]
    assert hs.get(f"{front}/{named['listId']}").body["list"] == named


def test_members_come_in_the_order_in_which_they_joined(hs):
    """join-order sorts by the instant of joining, memberships by record id."""
    list_id = _fed(hs, "list", name="Clients")
    early, late = hs.make(), hs.make()
    _fed(hs, "membership", list_id=list_id, record_id=late, at=NOON - 100)
    _fed(hs, "membership", list_id=list_id, record_id=early, at=NOON - 50)
    path = f"/crm/lists/2026-03/{list_id}/memberships"
    joined = hs.get(path + "/join-order").body["results"]
    assert [row["recordId"] for row in joined] == [late, early]
    assert joined[0]["membershipTimestamp"] == "2026-11-17T11:58:20Z"
    assert [row["recordId"] for row in hs.get(path).body["results"]] == [early, late]
    assert hs.get(path + "/join-order?limit=251").status == 400


def test_lists_of_a_record(hs):
    """A record's memberships name its lists; after a merge the new record has them."""
    list_id = _fed(hs, "list", name="Clients")
    one, two = hs.make(email="a@firm.example"), hs.make(email="b@firm.example")
    _fed(hs, "membership", list_id=list_id, record_id=two)
    new = hs.control("merge", object="contacts", primary_id=one, merged_id=two)["id"]
    for record_id in (new, one):
        path = f"/crm/lists/2026-03/records/0-1/{record_id}/memberships"
        assert [row["listId"] for row in hs.get(path).body["results"]] == [list_id]


def test_submissions_come_newest_first(hs):
    """A form's submissions are newest first, at most 50 a page, and know only an address."""
    form = _fed(hs, "form", name="Contact")
    for n in range(60):
        values = {"email": "A@firm.example", "firstname": f"A{n}"}
        _fed(hs, "submission", form_id=form, values=values, at=NOON - n)
    path = f"/form-integrations/v1/submissions/forms/{form}"
    first = hs.get(path + "?limit=50").body
    rest = hs.get(f"{path}?limit=50&after={first['paging']['next']['after']}").body
    assert [len(first["results"]), len(rest["results"])] == [50, 10]
    times = [row["submittedAt"] for row in first["results"] + rest["results"]]
    assert times == sorted(times, reverse=True)
    email = {"name": "email", "value": "A@firm.example", "objectTypeId": "0-1"}
    assert email in first["results"][0]["values"]
    assert hs.get(path + "?limit=51").status == 400


def test_submission_makes_the_contact_and_counts(hs):
    """A submission makes the contact of its address, by FORM, and counts on it."""
    form = _fed(hs, "form", name="Demo")
    for _ in range(2):
        _fed(hs, "submission", form_id=form, values={"email": "a@firm.example", "firstname": "A"})
    path = "/crm/v3/objects/contacts/a@firm.example?idProperty=email"
    names = "num_conversion_events,recent_conversion_event_name,hs_object_source,firstname"
    values = hs.get(f"{path}&properties={names}").body["properties"]
    assert [values[name] for name in names.split(",")] == ["2", "Demo", "FORM", "A"]


def test_comment_forms_give_nothing(hs):
    """A blog_comment form is 400 FORM_TYPE_NOT_ALLOWED, and no form of the plain list."""
    form = _fed(hs, "form", name="Comments", type="blog_comment")
    got = hs.get(f"/form-integrations/v1/submissions/forms/{form}")
    assert (got.status, got.body["errors"][0]["errorType"]) == (400, "FORM_TYPE_NOT_ALLOWED")
    assert hs.get("/marketing/v3/forms/").body["results"] == []
    every = hs.get("/marketing/forms/2026-09-beta?formTypes=all").body["results"]
    assert [row["formType"] for row in every] == ["blog_comment"]


def test_occurrences_are_for_enterprise(hs):
    """Without the subscription the API is 403."""
    assert hs.get("/events/event-occurrences/2026-03?eventType=e_visited_page").status == 403


def test_occurrences_need_a_type(hs):
    """With it, an eventType or an objectType is needed; an eventType alone covers the account."""
    hs.switch(enterprise=True)
    one, two = hs.make(email="a@firm.example"), hs.make(email="b@firm.example")
    _fed(hs, "occurrence", type="e_visited_page", contact_id=one, at=NOON - 60)
    _fed(hs, "occurrence", type="e_visited_page", contact_id=two, at=NOON - 30)
    for path in ("/events/event-occurrences/2026-03", "/events/v3/events/"):
        bare = hs.get(path)
        assert (bare.status, bare.body["message"]) == (
            400,
            "Must specify an eventType or objectType",
        )
        rows = hs.get(path + "?eventType=e_visited_page").body["results"]
        assert [row["objectId"] for row in rows] == [one, two]
        later = hs.get(path + "?eventType=e_visited_page&occurredAfter=2026-11-17T11:59:15Z")
        assert [row["objectId"] for row in later.body["results"]] == [two]
        mine = hs.get(f"{path}?objectType=contact&objectId={one}").body["results"]
        assert [row["eventType"] for row in mine] == ["e_visited_page"]
    types = hs.get("/events/event-occurrences/2026-09/event-types").body["eventTypes"]
    assert "e_submitted_form" in types


def test_email_events_come_newest_first(hs):
    """Mail events are newest first, filtered by time and type, with an opaque offset."""
    for n, type_ in enumerate(("SENT", "OPEN", "CLICK", "OPEN")):
        _fed(hs, "email_event", type=type_, recipient="A@firm.example", at=NOON - 10 * n)
    path = "/email/public/v1/events"
    first = hs.get(path + "?limit=3").body
    assert ([row["type"] for row in first["events"]], first["hasMore"]) == (
        ["SENT", "OPEN", "CLICK"],
        True,
    )
    rest = hs.get(f"{path}?limit=3&offset={first['offset']}").body
    assert ([row["type"] for row in rest["events"]], rest["hasMore"]) == (["OPEN"], False)
    opened = hs.get(f"{path}?eventType=OPEN&startTimestamp={int((NOON - 15) * 1000)}").body
    assert [row["recipient"] for row in opened["events"]] == ["a@firm.example"]
    assert hs.get(path + "?limit=1001").status == 400


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        (EVENTS, "crm.objects.marketing_events.read"),
        ("/crm/lists/2026-03/1", "crm.lists.read"),
        ("/marketing/v3/forms", "forms"),
    ],
)
def test_each_feed_has_its_scope(hs, path, scope):
    """A token without the feed's scope is told which one it lacks."""
    token = hs.sim.tokens.add_static({"crm.objects.contacts.read"})
    got = hs.get(path, token=token)
    context = got.body["errors"][0]["context"]
    assert (got.status, context) == (403, {"requiredGranularScopes": [scope]})


def test_senseless_feed_is_refused(hs):
    """An unknown kind is 400, an unknown contact 404."""
    assert hs.post("/_sandbox/feed", {"kind": "rain"}).status == 400
    payload = {"kind": "occurrence", "type": "e_visited_page", "contact_id": "1"}
    assert hs.post("/_sandbox/feed", payload).status == 404


def test_furnishing_tells_the_story_of_the_counters(hs):
    """Feeds made from a world agree with its contacts' counters; no contact's modified date moves."""
    world = make_world(contacts=120, seed=5, now=NOON)
    hs.sim.load(world.hubspot)
    hs.switch(limits_on=False, enterprise=True, short_pages=False)
    before = hs.get("/crm/v3/objects/contacts?limit=100").body
    made = hs.control("furnish")
    assert all(made.values()), made
    assert hs.get("/crm/v3/objects/contacts?limit=100").body == before
    names = ["hs_email_open", "email"]
    opened = {"propertyName": "hs_email_open", "operator": "GT", "value": "0"}
    rows = hs.search(filterGroups=[{"filters": [opened]}], properties=names, limit=200).body
    for row in rows["results"][:5]:
        values = row["properties"]
        path = f"/email/public/v1/events?eventType=OPEN&recipient={values['email']}"
        assert len(hs.get(path).body["events"]) == min(20, int(values["hs_email_open"]))
    assert hs.search("emails").body["total"] == made["emails"]
    assert hs.post("/_sandbox/furnish", {}).status == 400
