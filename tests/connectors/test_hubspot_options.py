"""Options, paths and cursors of the HubSpot connector: nothing here sends anything."""

import pytest

from sandbox_clock import SandboxClock
from stagesync.connector import AnswerUnreadable, OptionsRefused, Secret
from stagesync.sandbox.clock import SimClock
from stagesync_hubspot import api, connect
from stagesync_hubspot.auth import static_token
from stagesync_hubspot.cursor import Cursor, read_cursor
from stagesync_hubspot.options import read_options

TOKEN = Secret("pat-eu1-abc")


def problems(**options):
    with pytest.raises(OptionsRefused) as refused:
        read_options({"token": TOKEN, **options})
    return dict(refused.value.problems)


def test_token_alone_is_enough():
    """The address, the version and the limits have the vendor's defaults."""
    options = read_options({"token": TOKEN})
    found = (options.url, options.api_version, options.calls_per_10s, options.searches_per_s)
    assert ("https://api.hubapi.com", "2026-03", 190, 5) == found


def test_every_problem_is_told_at_once():
    """A wrong version, a wrong number and an unknown key come in one refusal."""
    assert {"api_version", "in_flight", "tokn"} == set(
        problems(api_version="2019-01", in_flight=0, tokn="x")
    )


def test_unknown_option_lists_the_known_ones():
    """A misspelt key is answered with the list of keys."""
    assert "searches_per_s" in problems(serches=1)["serches"]


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:1", "http://[::1]:1"),
        ("https://proxy.example/hubspot/", "https://proxy.example/hubspot"),
    ],
)
def test_safe_address_is_taken(url, taken):
    """Plain http is for this machine only, and a slash at the end is dropped."""
    assert taken == read_options({"token": TOKEN, "url": url}).url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.hubapi.com",
        "ftp://127.0.0.1",
        "api.hubapi.com",
        "https://u:p@x",
        "https://x?a=1",
    ],
)
def test_unsafe_address_is_refused(url):
    """An address that would send the token in the clear, or that is no bare address, is a problem."""
    assert ["url"] == list(problems(url=url))


@pytest.mark.parametrize("token", ["", "  ", "pat\n-x", "pat x", "pät", "plain text, not a Secret"])
def test_bad_token_is_refused_without_showing_it(token):
    """A token that cannot stand in a header is refused, and its text is in no message."""
    given = token if token.startswith("plain") else Secret(token)
    with pytest.raises(OptionsRefused) as refused:
        read_options({"token": given})
    assert ["token"] == [key for key, _ in refused.value.problems]
    assert not token.strip() or token.strip() not in str(refused.value)


def test_connecting_sends_nothing():
    """Making a connector for an address where nobody listens is no error."""
    options = {"token": TOKEN, "url": "http://127.0.0.1:9"}
    connector = connect("crm", options, clock=SandboxClock(SimClock()))
    assert 0 == connector.calls
    connector.close()


def test_objects_stand_in_the_order_of_pulling():
    """Companies come before the contacts that name them, contacts before what names those."""
    expected = ["company", "contact", "deal", "meeting", "call", "email", "participation"]
    assert expected == list(api.OBJECTS)


@pytest.mark.parametrize(
    ("path", "dated"),
    [
        ("/crm/v3/objects/{objectType}/search", "/crm/objects/2026-09/{objectType}/search"),
        ("/crm/v4/associations/{a}/{b}/batch/read", "/crm/associations/2026-09/{a}/{b}/batch/read"),
        ("/crm/v3/properties/{objectType}/groups", "/crm/properties/2026-09/{objectType}/groups"),
        ("/crm/v3/pipelines/{objectType}", "/crm/pipelines/2026-09/{objectType}"),
        ("/account-info/v3/details", "/account-info/2026-09/details"),
    ],
)
def test_paths_take_the_dated_form(path, dated):
    """In dated versions the version stands behind the area, also for what was v4."""
    assert (dated, path) == (api.versioned(path, "2026-09"), api.versioned(path, "v3"))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/crm/v3/objects/{objectType}/{objectId}"),
        ("DELETE", "/crm/v3/properties/{objectType}/{propertyName}"),
        ("POST", "/crm/v3/objects/{objectType}/batch/archive"),
        ("POST", "/crm/v3/objects/{objectType}/batch/create"),
        ("POST", "/crm/v3/objects/{objectType}/merge"),
        ("POST", "/crm/v3/objects/{objectType}/gdpr-delete"),
        ("POST", "/crm/v4/associations/{fromObjectType}/{toObjectType}/batch/archive"),
        ("PUT", "/crm/v3/objects/{objectType}"),
    ],
)
def test_nothing_that_takes_away_may_be_sent(method, path):
    """Deleting, archiving, merging and erasing are not among what the connector sends."""
    assert not api.may_send(method, path)


def test_static_token_has_one_try():
    """A token that does not renew is sent once; a 401 ends the flow."""
    flow = static_token(TOKEN)()
    assert {"Authorization": "Bearer pat-eu1-abc"} == next(flow)
    with pytest.raises(StopIteration):
        flow.send(401)


def test_cursor_comes_back_as_it_went():
    """A cursor survives the way through the store."""
    cursor = Cursor(since_ms=1, until_ms=2, after="3", above_id=4)
    assert cursor == read_cursor(cursor.to_text())


@pytest.mark.parametrize("text", ["", "5", "[]", '{"v":2}', '{"v":1,"place":3}', "{"])
def test_cursor_of_another_form_is_kept(text):
    """A cursor that cannot be read ends the pull; it never starts an account from the beginning."""
    with pytest.raises(AnswerUnreadable):
        read_cursor(text)


@pytest.mark.parametrize(
    ("given", "seconds"), [("90m", 5400.0), ("1d", 86_400.0), (600, 600.0), ("never", None)]
)
def test_span_is_read(given, seconds):
    """A span is a number of seconds or one with its unit; `never` is none."""
    assert seconds == read_options({"token": TOKEN, "sweep_every": given}).sweep_every


@pytest.mark.parametrize("given", ["soon", "1x", 5, "30d", True, None, "-6h"])
def test_span_that_is_none_is_refused(given):
    """Words, unknown units and spans out of range are problems of their key."""
    assert ["sweep_every"] == list(problems(sweep_every=given))


def test_cursor_of_the_version_before_is_read():
    """A cursor without the marks of slow work goes on from its bookmark."""
    old = '{"v":1,"since_ms":5,"until_ms":null,"after":"","above_id":0}'
    assert Cursor(since_ms=5) == read_cursor(old)


def test_cursor_survives_its_text():
    """What a cursor holds comes back as it was."""
    cursor = Cursor(since_ms=5, archived=((7, 8), (9, 10)), job="archived", job_unseen=(8,))
    assert cursor == read_cursor(cursor.to_text())
