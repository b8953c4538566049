"""Sessions, faults and limits of the simulated org, and what never leaves this machine."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import responses
import simple_salesforce
from simple_salesforce.api import Salesforce

import stagesync_salesforce
from stagesync.connector import (
    AnswerUnreadable,
    Connector,
    CredentialsRefused,
    PermissionMissing,
    Pull,
    QuotaExhausted,
    Reach,
    RequestRefused,
    Secret,
    Unavailable,
    Write,
)
from stagesync_salesforce.budget import Usage, read_usage
from stagesync_salesforce.client import Wire, make_session
from stagesync_salesforce.connector import SalesforceConnector
from stagesync_salesforce.transport import Part, Transport

TOKEN = ("POST", "/services/oauth2/token")
HOST = "https://acme.my.salesforce.com"


def requests_of(bench: Any) -> list[tuple[str, str, int]]:
    return [
        (entry["method"], entry["path"].rpartition("/")[2], entry["status"])
        for entry in bench.log()
    ]


def first_contact(bench: Any) -> str:
    return str(next(iter(bench.rows("Contact"))))


def test_vendor_client_sends_every_call(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call that the org counts has gone through simple-salesforce."""
    sent: list[str] = []
    original = Salesforce._call_salesforce

    def spy(self: Any, method: str, url: str, *args: Any, **more: Any) -> Any:
        sent.append(method)
        return original(self, method, url, *args, **more)

    # A spy, not a stand-in: the vendor's own method still does the work.
    monkeypatch.setattr(Salesforce, "_call_salesforce", spy)
    bench.connector.check()
    list(bench.connector.pull([Pull("contact", ("Email",))]))
    bench.connector.write([Write("contact", first_contact(bench), {"Title": "x"})])
    bench.connector.describe(["lead"])
    assert len(sent) == len(bench.calls_in_log()) == bench.connector.calls
    assert simple_salesforce.__name__ == Salesforce.__module__.partition(".")[0]


def test_entry_point_makes_a_connector(bench: Any) -> None:
    """`connect` gives what the contract asks for, and sends nothing yet."""
    made: Connector = stagesync_salesforce.connect("sf", bench.options, clock=bench.clock)
    assert (made.name, made.calls, requests_of(bench)) == ("sf", 0, [])
    made.close()


def test_check_costs_one_call(bench: Any) -> None:
    """Proving the credentials is one login and one counted call."""
    bench.connector.check()
    assert requests_of(bench) == [("POST", "token", 200), ("GET", "query", 200)]


def test_wrong_secret_is_refused_with_its_code(bench: Any) -> None:
    """A wrong secret ends at once with the vendor's code."""
    client = bench.options["auth"]["client_credentials"] | {"secret": Secret("wrong")}
    connector = bench.connect(auth={"client_credentials": client})
    with pytest.raises(CredentialsRefused, match="invalid_client"):
        connector.check()
    assert requests_of(bench) == [("POST", "token", 400)]
    connector.close()


def test_expired_session_is_renewed_once(bench: Any) -> None:
    """An expired token costs one more login, and the call goes through."""
    bench.connector.check()
    bench.sim.sessions.end_all()
    bench.connector.check()
    assert requests_of(bench)[2:] == [
        ("GET", "query", 401),
        ("POST", "token", 200),
        ("GET", "query", 200),
    ]
    assert bench.connector.calls == 2


def test_session_refused_twice_is_fatal(bench: Any) -> None:
    """A second refusal in a row is the end: two logins, two tries, no loop."""
    bench.sim.faults.add("expired_token", 9, "query")
    with pytest.raises(CredentialsRefused):
        bench.connector.check()
    assert [status for _, _, status in requests_of(bench)] == [200, 401, 200, 401]


def test_threads_share_one_new_login(bench: Any) -> None:
    """Eight calls that meet an expired session at the same time log in once."""
    transport: Transport = bench.connector._transport
    bench.connector.check()
    bench.sim.sessions.end_all()
    bench.log()
    bench.sim.log.clear()
    together = threading.Barrier(8)

    def call(_: int) -> Any:
        together.wait()
        return transport.call("GET", "query", params={"q": "SELECT Id FROM Organization"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, range(8)))
    logins = [entry for entry in requests_of(bench) if entry[1] == "token"]
    assert (len(answers), len(logins)) == (8, 1)


@pytest.mark.parametrize(
    "kind", ["503", "502", "500_html", "500_unknown", "429", "420", "cut_before"]
)
def test_outages_are_waited_out(bench: Any, kind: str) -> None:
    """Three failures in a row are followed by a good answer, after growing waits."""
    bench.sim.faults.add(kind, 3, "query")
    bench.connector.check()
    assert bench.clock.slept_s == [1.0, 2.0, 4.0]


def test_outage_that_lasts_is_told(bench: Any) -> None:
    """After four tries the error goes up and says when to come back."""
    bench.sim.faults.add("503", 9, "query")
    with pytest.raises(Unavailable) as failed:
        bench.connector.check()
    assert (failed.value.retry_after_s, bench.connector.calls) == (1.0, 4)


def test_lost_answer_of_a_write_is_written_again(bench: Any) -> None:
    """A connection cut after the write was applied leads to one more try and one right value."""
    contact = first_contact(bench)
    bench.sim.faults.add("cut_after", 1, "composite")
    [result] = bench.connector.write([Write("contact", contact, {"Title": "twice"})])
    assert (result.refusal, bench.rows("Contact")[contact]["Title"]) == (None, "twice")
    assert [status for _, path, status in requests_of(bench) if path == "sobjects"] == [200, 200]


def test_silent_org_does_not_hang_us(bench: Any) -> None:
    """An org that never answers ends in an error after the configured time."""
    connector = bench.connect(timeout_s=0.2)
    bench.sim.faults.add("timeout", 9, "query")
    with pytest.raises(Unavailable, match="in time"):
        connector.check()
    connector.close()


def test_unreachable_org_is_unavailable(bench: Any) -> None:
    """A port where nobody listens is an outage, at the login too."""
    connector = bench.connect(url="http://127.0.0.1:9")
    with pytest.raises(Unavailable):
        connector.check()
    assert connector.calls == 0
    connector.close()


def test_daily_limit_ends_at_once(bench: Any) -> None:
    """Used-up requests are not tried again within this run."""
    bench.sim.faults.add("daily_limit", 9, "query")
    with pytest.raises(QuotaExhausted) as failed:
        bench.connector.check()
    assert (failed.value.retry_after_s, bench.clock.slept_s) == (900.0, [])


def test_crowded_org_is_tried_again(bench: Any) -> None:
    """Too many long requests is the same code and a matter of seconds."""
    bench.sim.faults.add("concurrent_limit", 1, "query")
    bench.connector.check()
    assert bench.clock.slept_s == [3.0]


def test_query_timeout_is_tried_again(bench: Any) -> None:
    """A query that ran too long is asked again, as a whole composite call."""
    bench.sim.faults.add("query_timeout", 1, "composite")
    assert len(list(bench.connector.pull([Pull("account", ())]))) >= 1


def test_settings_of_the_machine_do_not_act(
    bench: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither a proxy nor a password file of the machine touches our requests."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    bench.connector.check()
    assert bench.connector.calls == 1


def test_answers_are_compact(bench: Any) -> None:
    """No pretty-printed bodies are asked for, and gzip is."""
    client = bench.connector._transport._current().client
    headers = {**client.session.headers, **client.headers}
    assert (headers.get("X-PrettyPrint"), headers["Accept-Encoding"]) == (None, "gzip")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "sobjects/Lead/00Q000000000001AAA"),
        ("delete", "composite/sobjects?ids=00Q000000000001AAA"),
        ("POST", "sobjects/Lead/00Q000000000001AAA?_HttpMethod=DELETE"),
        ("POST", "actions/standard/merge"),
    ],
)
def test_deletes_and_merges_are_refused(bench: Any, method: str, path: str) -> None:
    """Nothing that deletes or merges is sent, alone or as a part."""
    transport: Transport = bench.connector._transport
    with pytest.raises(RequestRefused, match="never deletes"):
        transport.call(method, path)
    with pytest.raises(RequestRefused, match="never deletes"):
        transport.composite([Part(method, f"/services/data/v64.0/{path}")])
    assert requests_of(bench) == []


def test_wire_refuses_deletes_of_anybody(bench: Any) -> None:
    """Even a call past our transport cannot delete."""
    client: Any = bench.connector._transport._current().client
    with pytest.raises(RequestRefused, match="never deletes"):
        client.Lead.delete("00Q000000000001AAA")


def test_wire_sends_nothing_unencrypted_to_the_world() -> None:
    """Plain http goes to this machine only, whatever redirects say."""
    reach = Reach.of("https://acme.my.salesforce.com", "salesforce.com")
    session = make_session(timeout_s=1.0, reach=reach, seen=lambda _: None)
    with pytest.raises(RequestRefused, match=r"http://acme\.my\.salesforce\.com was not sent"):
        session.get("http://acme.my.salesforce.com/")
    assert isinstance(session.get_adapter("http://x"), Wire)
    session.close()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("api-usage=8370/15000", Usage(8370, 15_000)),
        ("api-usage=10018/100000; api-bursts=1/750", Usage(10_018, 100_000)),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=x)", Usage(25, 5_000, 17)),
        ("per-app-api-usage=17/250(appName=x); api-usage=25/5000", Usage(25, 5_000, 17)),
        ("per-app-api-usage=17/250(appName=x)", None),
        ("", None),
        ("api-usage=?", None),
    ],
)
def test_usage_header(header: str, expected: Usage | None) -> None:
    """The org-wide figure is found in every form of the header."""
    assert read_usage(header) == expected


Scripted = tuple[SalesforceConnector, Any]
SESSION = {"access_token": "t", "instance_url": HOST, "id": "x/005"}


def answers(mock: responses.RequestsMock, *given: dict[str, Any]) -> None:
    mock.post(f"{HOST}/services/oauth2/token", json=SESSION)
    for item in given:
        mock.get(f"{HOST}/services/data/v64.0/query", **item)


# `responses` stands in only for bodies that the simulator cannot be brought to send.
@pytest.mark.parametrize(
    ("status", "given", "expected"),
    [
        (
            401,
            {
                "json": [
                    {
                        "errorCode": "INVALID_SESSION_ID",
                        "message": "This session is not valid for use with the REST API",
                    }
                ]
            },
            CredentialsRefused,
        ),
        (403, {"json": [{"errorCode": "API_DISABLED_FOR_ORG", "message": "x"}]}, PermissionMissing),
        (410, {"json": [{"errorCode": "GONE", "message": "x"}]}, RequestRefused),
        (404, {"body": ""}, RequestRefused),
    ],
)
def test_permanent_answers_are_not_tried_again(
    scripted: Scripted, status: int, given: dict[str, Any], expected: type[Exception]
) -> None:
    """What cannot be mended by trying costs one call and one login."""
    connector, clock = scripted
    with responses.RequestsMock() as mock:
        answers(mock, {"status": status, **given})
        with pytest.raises(expected):
            connector.check()
        assert (len(mock.calls), clock.slept_s) == (2, [])


@pytest.mark.parametrize(
    "given",
    [
        {"json": {"error": "invalid_token"}, "status": 401},
        {"body": "<html>login</html>", "status": 401},
        {"body": "", "status": 401},
        {"body": "Bad_OAuth_Token", "status": 403},
    ],
)
def test_odd_forms_of_an_expired_session(scripted: Scripted, given: dict[str, Any]) -> None:
    """A 401 of any shape leads to one new login."""
    connector, _ = scripted
    with responses.RequestsMock() as mock:
        answers(mock, given, {"json": {"records": [], "done": True}})
        connector.check()
        logins = [call for call in mock.calls if call.request.url.endswith("/token")]
    assert (len(logins), connector.calls) == (2, 1)


def test_new_instance_is_used_after_a_new_login(scripted: Scripted) -> None:
    """An org that moved answers under the address of the new login, and people see it there."""
    connector, _ = scripted
    moved = "https://acme2.my.salesforce.com"
    with responses.RequestsMock() as mock:
        answers(mock, {"status": 401, "json": [{"errorCode": "INVALID_SESSION_ID"}]})
        mock.post(f"{HOST}/services/oauth2/token", json=SESSION | {"instance_url": moved})
        mock.get(f"{moved}/services/data/v64.0/query", json={"records": [], "done": True})
        connector.check()
    assert connector.record_url("lead", "00Q1") == f"{moved}/00Q1"


def test_page_that_is_no_json_is_unreadable(scripted: Scripted) -> None:
    """HTML with status 200 is told as such after some tries."""
    connector, clock = scripted
    with responses.RequestsMock() as mock:
        answers(mock, {"body": "<html>maintenance</html>"})
        with pytest.raises(AnswerUnreadable):
            connector.check()
    assert clock.slept_s == [1.0, 2.0, 4.0]


def test_failing_part_lets_the_call_be_repeated(scripted: Scripted) -> None:
    """A part that may succeed on another try is asked again together with the others."""
    connector, clock = scripted
    part = {"referenceId": "p0", "httpHeaders": {}}
    busy = {**part, "httpStatusCode": 503, "body": [{"errorCode": "SERVER_UNAVAILABLE"}]}
    good = {**part, "httpStatusCode": 200, "body": {"records": [], "done": True}}
    with responses.RequestsMock() as mock:
        answers(mock)
        for item in (busy, good):
            mock.post(f"{HOST}/services/data/v64.0/composite", json={"compositeResponse": [item]})
        pages = list(connector.pull([Pull("lead", ())]))
    assert ([page.last for page in pages], clock.slept_s) == ([True], [1.0])


@pytest.mark.parametrize(
    "answer",
    [{}, [], {"compositeResponse": []}, {"compositeResponse": [{"referenceId": "p0"}]}],
)
def test_composite_answer_without_its_parts_is_unreadable(
    scripted: Scripted, answer: object
) -> None:
    """An answer that lacks a part is an error, not an empty page."""
    connector, _ = scripted
    with responses.RequestsMock() as mock:
        answers(mock)
        mock.post(f"{HOST}/services/data/v64.0/composite", json=answer)
        with pytest.raises(AnswerUnreadable):
            list(connector.pull([Pull("lead", ())]))


def test_write_answered_short_is_unreadable(scripted: Scripted) -> None:
    """Fewer results than rows cannot be attributed, so none is."""
    connector, _ = scripted
    with responses.RequestsMock() as mock:
        answers(mock)
        mock.patch(f"{HOST}/services/data/v64.0/composite/sobjects", json=[])
        with pytest.raises(AnswerUnreadable):
            connector.write([Write("lead", "00Q1", {"Title": "x"})])


def test_login_answers_are_not_followed_elsewhere(scripted: Scripted) -> None:
    """A redirect of the login does not carry the secret to another host."""
    connector, _ = scripted
    with responses.RequestsMock() as mock:
        mock.post(
            f"{HOST}/services/oauth2/token",
            status=302,
            headers={"Location": "https://elsewhere.example/"},
        )
        with pytest.raises(CredentialsRefused, match="HTTP 302"):
            connector.check()
        assert len(mock.calls) == 1
