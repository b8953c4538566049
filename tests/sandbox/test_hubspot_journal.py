"""HubSpot: the webhooks journal."""

import pytest
import urllib3

JOURNAL = "/webhooks-journal/journal/2026-03"
TOPICS = "/webhooks-journal/subscriptions/2026-03"
SCOPES = " ".join(
    f"developer.webhooks_journal.{right}"
    for right in ("read", "subscriptions.read", "subscriptions.write")
)


@pytest.fixture
def app(hs):
    """The account, called with the app's own token."""
    tokens = hs.sim.tokens
    got = hs.form(
        "/oauth/2026-03/token",
        grant_type="client_credentials",
        client_id=tokens.client_id,
        client_secret=tokens.client_secret,
        scope=SCOPES,
    )
    hs.app_token = got.body["access_token"]
    return hs


def _watch(app, type_="OBJECT", **more):
    body = {"subscriptionType": type_, "objectTypeId": "0-1", **more}
    got = app.post(TOPICS, body, token=app.app_token)
    assert got.status == 200, got
    return got.body


def _file(app, path):
    got = app.get(JOURNAL + path, token=app.app_token)
    assert got.status == 200, got
    return got.body["currentOffset"], urllib3.request("GET", got.body["url"]).json()


def test_changes_appear_in_a_file_later(app):
    """A change is in no file at first; a minute later the file's address gives it."""
    _watch(app)
    contact = app.make(email="a@firm.example")
    assert app.get(JOURNAL + "/earliest", token=app.app_token).status == 204
    app.sim.clock.advance(60)
    offset, body = _file(app, "/earliest")
    assert body["offset"] == offset
    first, second = body["journalEvents"]
    assert (first["action"], first["objectId"]) == ("CREATE", int(contact))
    assert (second["action"], second["propertyChanges"]["email"]) == ("UPDATE", "a@firm.example")


def test_offset_leads_to_the_next_file(app):
    """From one file to the next by its offset, and 204 at the end."""
    _watch(app, actions=["CREATE"])
    for _ in range(2):
        app.make()
        app.sim.clock.advance(61)
    first, _ = _file(app, "/earliest")
    second, _ = _file(app, f"/offset/{first}/next")
    assert _file(app, "/latest")[0] == second != first
    assert app.get(f"{JOURNAL}/offset/{second}/next", token=app.app_token).status == 204
    assert app.get(f"{JOURNAL}/offset/x/next", token=app.app_token).status == 404


def test_journal_tells_what_polling_misses(app):
    """Deletes, merges, restores, associations and erasures are told when subscribed to."""
    _watch(app, actions=["DELETE", "MERGE", "RESTORE"])
    _watch(app, "ASSOCIATION")
    _watch(app, "GDPR_PRIVACY_DELETION")
    one, two, three = (app.make(email=f"{n}@firm.example") for n in "abc")
    company = app.make("companies", name="Firm")
    app.call("PUT", f"/crm/v4/objects/contacts/{three}/associations/default/companies/{company}")
    app.call("DELETE", f"/crm/v3/objects/contacts/{three}")
    app.control("restore", object="contacts", id=three)
    app.control("merge", object="contacts", primary_id=one, merged_id=two)
    app.control("erase", object="contacts", id=three)
    app.sim.clock.advance(60)
    rows = _file(app, "/earliest")[1]["journalEvents"]
    assert [(row["type"], row["action"]) for row in rows] == [
        ("ASSOCIATION", "ASSOCIATION_ADDED"),
        ("OBJECT", "DELETE"),
        ("OBJECT", "RESTORE"),
        ("OBJECT", "MERGE"),
        ("GDPR_PRIVACY_DELETION", "DELETE"),
        ("OBJECT", "DELETE"),
    ]


def test_only_the_named_properties_count(app):
    """A subscription with properties hears of no others."""
    _watch(app, actions=["UPDATE"], properties=["phone"])
    app.make(email="a@firm.example", phone="1")
    app.sim.clock.advance(60)
    (row,) = _file(app, "/earliest")[1]["journalEvents"]
    assert row["propertyChanges"] == {"phone": "1"}


def test_files_are_kept_for_three_days(app):
    """After three days a file is gone; its offset still leads on."""
    _watch(app, actions=["CREATE"])
    app.make()
    app.sim.clock.advance(60)
    offset, _ = _file(app, "/earliest")
    app.sim.clock.advance(3 * 86_400 - 1_000)
    token = app.sim.tokens.add_static(set(SCOPES.split()))
    assert app.get(JOURNAL + "/earliest", token=token).status == 200
    app.sim.clock.advance(1_000)
    assert app.get(JOURNAL + "/earliest", token=token).status == 204
    assert app.get(f"{JOURNAL}/offset/{offset}/next", token=token).status == 204


def test_address_of_a_file_runs_out(app):
    """The signed address works for an hour and only as it was given."""
    _watch(app, actions=["CREATE"])
    app.make()
    app.sim.clock.advance(60)
    url = app.get(JOURNAL + "/latest", token=app.app_token).body["url"]
    assert urllib3.request("GET", url + "0").status == 403
    app.sim.clock.advance(3_600)
    assert urllib3.request("GET", url).status == 403


def test_journal_is_for_apps_and_costs_nothing(app):
    """An account's static token may not read it; reading it takes nothing from any limit."""
    assert app.get(JOURNAL + "/latest").status == 403
    before = app.sim.state()["limits"]["daily"]["used"]
    for _ in range(3):
        app.get(JOURNAL + "/latest", token=app.app_token)
    assert app.sim.state()["limits"]["daily"]["used"] == before


def test_subscription_can_be_listed_and_removed(app):
    """Subscriptions are listed until they are removed."""
    made = _watch(app, actions=["CREATE"])
    path = f"{TOPICS}/{made['id']}"
    assert app.get(TOPICS, token=app.app_token).body["results"] == [made]
    assert app.call("DELETE", path, token=app.app_token).status == 204
    assert app.get(path, token=app.app_token).status == 404
