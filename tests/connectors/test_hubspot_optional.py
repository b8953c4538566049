"""E-mails and marketing events: pulled now and then, metadata only, and left out where forbidden."""

import time

import pytest

from stagesync.connector import FieldMissing, PermissionMissing, Pull, Secret
from stagesync.sandbox.hubspot.auth import ALL_SCOPES

from .hubspot_account import MONTH_S, account, pages_of, pull_all, rows, small_account

HOUR_S = 3600.0
EMAIL = Pull("email", ("hs_timestamp", "hs_email_direction", "hs_email_status"))
PART = Pull("participation", ("attendanceState", "occurredAt", "eventType"))
DAY = "2026-10-01T08:00:00.000Z"


@pytest.fixture
def crm():
    now = time.time()
    sent = {"hs_timestamp": DAY, "hs_email_direction": "EMAIL", "hs_email_status": "SENT"}
    private = {"hs_email_subject": "Our secret", "hs_email_text": "Dear you"}
    seed = small_account(now)
    seed["emails"] = rows(30, first=6000, at=now - MONTH_S, **sent, **private)
    seed["links"] += [("emails", str(6000 + n), "contacts", str(1 + n)) for n in range(20)]
    with account(**seed) as opened:
        yield opened


def event(crm, name="Webinar", *, kind="WEBINAR", days=0, **parts):
    """A marketing event that many days from now, with the state of each contact; its id."""
    at = crm.clock.now_s() + days * 86_400
    made = crm.control("feed", kind="marketing_event", name=name, type=kind, at=at)["id"]
    for contact, state in parts.items():
        take_part(crm, made, contact.removeprefix("c"), state)
    return made


def take_part(crm, event_id, contact, state):
    crm.control("feed", kind="participation", event_id=event_id, contact_id=contact, state=state)


def again(connector, pull, cursor):
    found, cursors = pull_all(connector, [Pull(pull.object, pull.fields, cursor)])
    return found[pull.object], cursors[pull.object]


def without(crm, *scopes):
    """A connection whose token lacks these scopes."""
    token = crm.control("tokens", scopes=sorted(set(ALL_SCOPES) - set(scopes)))["token"]
    return crm.connect(token=Secret(token))


def test_emails_come_with_metadata_and_people(crm):
    """Direction, status, time and the contact of each e-mail come, and nothing of its words."""
    connector = crm.connect()
    connector.describe(["email"])
    found, _ = pull_all(connector, [EMAIL])
    one = found["email"]["6003"]
    expected = {"hs_timestamp": DAY, "hs_email_direction": "EMAIL", "hs_email_status": "SENT"}
    assert (30, expected, {"contact": ("4",)}) == (len(found["email"]), dict(one.fields), one.links)


@pytest.mark.parametrize(
    ("name", "field"),
    [("email", "hs_email_subject"), ("email", "hs_email_html"), ("meeting", "hs_meeting_body")],
)
def test_what_people_wrote_cannot_be_asked_for(crm, name, field):
    """A mapping that names a text, a subject or a note is told that there is no such property."""
    connector = crm.connect()
    connector.describe([name])
    with pytest.raises(FieldMissing):
        pages_of(connector, Pull(name, (field,)))


def test_optional_object_is_pulled_once_an_hour(crm):
    """Within the hour a pull of e-mails costs nothing; after it, one search."""
    connector = crm.connect()
    _, cursors = pull_all(connector, [EMAIL])
    costs, cursor = [], cursors["email"]
    for _ in range(3):
        crm.clock.sleep(1500)
        before = connector.calls
        _, cursor = again(connector, EMAIL, cursor)
        costs.append(connector.calls - before)
    assert [0, 0, 1] == costs


def test_forbidden_emails_are_left_out_with_a_log_event(crm, capsys):
    """Without the scope for e-mails the pull goes on, says so, and takes them up when it may."""
    connector = without(crm, "sales-email-read")
    described = connector.describe(["email", "call"])
    found, cursors = pull_all(connector, [EMAIL, Pull("call", ("hs_timestamp",))])
    later, _ = again(crm.connect(), EMAIL, cursors["email"])
    said = capsys.readouterr().out
    assert (0, 20, 30, True, True) == (
        len(found["email"]),
        len(found["call"]),
        len(later),
        "hubspot_object_left_out" in said,
        set(EMAIL.fields) <= described["email"].fields.keys(),
    )


def test_forbidden_contacts_end_the_pull(crm):
    """Without its people an account is worth nothing: that is an error."""
    connector = without(crm, "crm.objects.contacts.read", "crm.objects.contacts.write")
    with pytest.raises(PermissionMissing):
        pages_of(connector, Pull("contact", ("email",)))


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_each_person_at_an_event_is_one_record(crm, version):
    """State, time, kind of event and contact of everybody come, whatever the API version."""
    made = event(crm, c1="ATTENDED", c2="REGISTERED", c3="NO_SHOW")
    found, _ = pull_all(crm.connect(api_version=version), [PART])
    got = {
        key: (one.fields["attendanceState"], one.fields["eventType"], one.links)
        for key, one in found["participation"].items()
    }
    assert {
        f"{made}-1": ("ATTENDED", "WEBINAR", {"contact": ("1",)}),
        f"{made}-2": ("REGISTERED", "WEBINAR", {"contact": ("2",)}),
        f"{made}-3": ("NO_SHOW", "WEBINAR", {"contact": ("3",)}),
    } == got


def test_instant_of_a_participation_is_iso_text(crm):
    """HubSpot gives milliseconds here; the engine gets what it gets everywhere."""
    event(crm, c1="ATTENDED")
    connector = crm.connect()
    connector.describe(["participation"])
    found, _ = pull_all(connector, [PART])
    (one,) = found["participation"].values()
    assert ("T", "Z") == (one.fields["occurredAt"][10], one.fields["occurredAt"][-1])


def test_furthest_state_counts(crm):
    """Who registered and then attended is one record, which says attended."""
    made = event(crm, c1="REGISTERED")
    connector = crm.connect()
    _, cursors = pull_all(connector, [PART])
    take_part(crm, made, "1", "ATTENDED")
    crm.clock.sleep(2 * HOUR_S)
    found, _ = again(connector, PART, cursors["participation"])
    assert {f"{made}-1": "ATTENDED"} == {
        key: one.fields["attendanceState"] for key, one in found.items()
    }


def test_event_of_long_ago_costs_nothing_more(crm):
    """An event that ended a month ago is not asked for again, one of last week is."""
    event(crm, days=-40, c1="ATTENDED")
    event(crm, days=-7, c2="ATTENDED")
    crm.clock.sleep(2 * HOUR_S)
    connector = crm.connect()
    first, cursors = pull_all(connector, [PART])
    crm.clock.sleep(2 * HOUR_S)
    before = connector.calls
    later, _ = again(connector, PART, cursors["participation"])
    assert (2, 1, 2) == (len(first["participation"]), len(later), connector.calls - before)


def test_many_events_and_people_are_paged(crm):
    """More events than a page and more people than a page come whole."""
    event(crm, **{f"c{n}": "ATTENDED" for n in range(1, 151)})
    for n in range(110):
        event(crm, f"Small {n}", c1="REGISTERED")
    pages = pages_of(crm.connect(), PART)
    assert (260, [True]) == (
        len({one.id for page in pages for one in page.records}),
        [page.last for page in pages if page.last],
    )


def test_participations_have_no_count_page_or_reading_by_id(crm):
    """What only an event tells has no count, no page of its own, and is not read by id."""
    made = event(crm, c1="ATTENDED")
    connector = crm.connect()
    connector.check()
    assert (None, "", []) == (
        connector.count("participation"),
        connector.record_url("participation", f"{made}-1"),
        connector.read("participation", [f"{made}-1"], PART.fields),
    )
