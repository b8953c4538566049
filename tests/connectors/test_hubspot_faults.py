"""A HubSpot that fails: what is tried again, what is given up, and with which words."""

import threading
import time
from datetime import datetime

import pytest
import structlog
import urllib3

from stagesync.connector import (
    AnswerUnreadable,
    CredentialsRefused,
    PermissionMissing,
    Pull,
    QuotaExhausted,
    Refusal,
    RequestRefused,
    Secret,
    Throttled,
    Unavailable,
    Write,
)
from stagesync.sandbox.server import serve

from .hubspot_account import MONTH_S, account, pull_all, rows, small_account, wanted

CONTACTS = [Pull("contact", ("email",))]


@pytest.fixture
def crm():
    with account(contacts=rows(3, at=time.time() - MONTH_S, email="p{n}@x.example")) as opened:
        yield opened


@pytest.fixture
def cursors(crm):
    return pull_all(crm.connect(), CONTACTS)[1]


def searched(cursors):
    return [Pull("contact", ("email",), cursors["contact"])]


def test_429_of_search_waits_a_second_and_goes_on(crm, cursors):
    """A search refused without any header is sent again after a second, and counted."""
    connector = crm.connect()
    crm.sim.faults.add("429", 1, "search")
    crm.clock.slept_s.clear()
    pull_all(connector, searched(cursors))
    assert (2, 1.0) == (connector.calls, crm.clock.slept_s[0])


def test_everybody_waits_after_a_429(crm):
    """When the tries are used up, the next call of any kind still keeps the ten seconds."""
    crm.sim.faults.add("429", 5, "contacts")
    connector = crm.connect()
    with pytest.raises(Throttled):
        pull_all(connector, CONTACTS)
    crm.clock.slept_s.clear()
    connector.check()
    assert [10] == [round(one) for one in crm.clock.slept_s]


def test_429_of_a_list_waits_ten_seconds(crm):
    """The limit over ten seconds is waited out as long."""
    crm.sim.faults.add("429", 1, "contacts")
    connector = crm.connect()
    pull_all(connector, CONTACTS)
    assert (2, 10.0) == (connector.calls, crm.clock.slept_s[0])


@pytest.mark.parametrize("kind", ["500_html", "502", "503", "504", "cut_before", "cut_after"])
def test_passing_fault_is_tried_again(crm, kind):
    """Pages of HTML and cut connections cost a call and a second, and lose nothing."""
    crm.sim.faults.add(kind, 1, "contacts")
    connector = crm.connect()
    found, _ = pull_all(connector, CONTACTS)
    assert (2, 3, 1.0) == (connector.calls, len(found["contact"]), crm.clock.slept_s[0])


def test_silent_server_is_given_up_after_the_timeout(crm):
    """A server that accepts and stays silent is tried again after `timeout_s`."""
    crm.sim.faults.add("timeout", 1, "contacts")
    connector = crm.connect(timeout_s=0.3)
    found, _ = pull_all(connector, CONTACTS)
    assert (2, 3) == (connector.calls, len(found["contact"]))


def test_nobody_listening_is_unavailable(crm):
    """An address where nothing runs is no crash: it is unavailable, and says when to try again."""
    connector = crm.connect(url="http://127.0.0.1:9")
    with pytest.raises(Unavailable) as down:
        connector.check()
    assert (5, 1.0) == (connector.calls, down.value.retry_after_s)


def test_certificate_that_cannot_be_trusted_is_not_tried_again(crm):
    """Trying again cannot mend a server that does not speak TLS as it should."""
    connector = crm.connect(url=crm.url.replace("http://", "https://"))
    with pytest.raises(Unavailable, match="certificate") as down:
        connector.check()
    assert (1, None) == (connector.calls, down.value.retry_after_s)


def test_date_that_cannot_be_read_is_passed_over():
    """A server with a strange Date header is served by our own clock."""

    async def app(scope, receive, send):
        headers = [(b"date", b"yesterday")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"results":[]}'})

    with account() as crm, serve(app) as server:
        (page,) = crm.connect(url=server.url).pull(CONTACTS)
        assert page.last


def test_association_fault_is_not_taken_for_no_links():
    """An error of another kind than `none found` ends the read instead of losing links."""

    async def app(scope, receive, send):
        body = b'{"results":[],"errors":[{"category":"INTERNAL_ERROR"}]}'
        await send({"type": "http.response.start", "status": 207, "headers": []})
        await send({"type": "http.response.body", "body": body})

    with account() as crm, serve(app) as server, pytest.raises(Unavailable):
        crm.connect(url=server.url).links("deal", ["1"])


def test_record_without_a_word_in_the_answer_is_not_taken_for_written():
    """A success that does not name the record proves nothing."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"status":"COMPLETE","results":[]}'})

    with account() as crm, serve(app) as server:
        write = Write("contact", "1", {"email": "x"})
        (result,) = crm.connect(url=server.url).write([write])
        assert (Refusal.OTHER, "NOT_CONFIRMED") == (result.refusal, result.code)


def test_daily_limit_returns_at_the_midnight_of_the_account(crm):
    """Once `check` learnt the time zone, the error names the seconds until its midnight."""
    connector = crm.connect()
    connector.check()
    crm.sim.faults.add("429_daily", 1, "contacts")
    with pytest.raises(QuotaExhausted) as out:
        pull_all(connector, CONTACTS)
    back_s = crm.clock.now_s() + (out.value.retry_after_s or 0)
    back = datetime.fromtimestamp(back_s, crm.sim.portal.zone)
    assert (0, 0) == (back.hour, back.minute)


def test_account_being_moved_comes_back_as_long_as_told(crm):
    """A wait of hours is not slept through: it is the caller's to plan."""
    crm.sim.switches.update({"migration_wait_s": 7200})
    crm.sim.faults.add("477", 1, "contacts")
    with pytest.raises(Throttled) as moving:
        pull_all(crm.connect(), CONTACTS)
    assert (7200.0, []) == (moving.value.retry_after_s, crm.clock.slept_s)


def test_locked_record_is_tried_again_after_two_seconds(crm):
    """A 423 passes."""
    crm.sim.faults.add("423", 1, "contacts")
    pull_all(crm.connect(), CONTACTS)
    assert 2.0 == crm.clock.slept_s[0]


def test_expired_token_is_refused_at_once(crm):
    """A static token does not renew, so an expired one is not tried again."""
    crm.sim.faults.add("expired_token", 1)
    connector = crm.connect()
    with pytest.raises(CredentialsRefused, match="EXPIRED_AUTHENTICATION"):
        pull_all(connector, CONTACTS)
    assert 1 == connector.calls


@pytest.mark.parametrize("token", ["pat-eu1-00000000-0000-4000-8000-000000000000", "junk"])
def test_wrong_token_is_refused_and_not_shown(crm, token):
    """An unknown token and a malformed one end in the same error, which does not hold it."""
    connector = crm.connect(token=Secret(token))
    with pytest.raises(CredentialsRefused) as refused:
        connector.check()
    assert (1, False) == (connector.calls, token in str(refused.value))


def test_long_token_is_taken_whole(crm):
    """A token of 1,200 characters is sent as it is."""
    token = "pat-eu1-" + "x" * 1_192
    tokens = crm.sim.tokens
    tokens.known[token] = tokens.known[tokens.static]
    found, _ = pull_all(crm.connect(token=Secret(token)), CONTACTS)
    assert 3 == len(found["contact"])


def test_missing_scope_for_records_is_named(crm):
    """The form of the object area lists scopes in its first error."""
    token = Secret(crm.sim.tokens.add_static(["crm.schemas.contacts.read"]))
    with pytest.raises(PermissionMissing, match=r"lacks the scope crm\.objects\.contacts\.read"):
        pull_all(crm.connect(token=token), CONTACTS)


def test_missing_scope_for_properties_is_named(crm):
    """The form of the schema area lists scopes in its context."""
    token = Secret(crm.sim.tokens.add_static(["crm.objects.deals.read"]))
    with pytest.raises(PermissionMissing, match=r"crm\.schemas\.contacts\.read or"):
        crm.connect(token=token).describe(["contact"])


def test_id_for_support_is_logged_and_the_body_is_not(crm):
    """A refusal's event holds the id that HubSpot's support asks for, and nothing of the message."""
    token = Secret(crm.sim.tokens.add_static(["crm.objects.deals.read"]))
    with structlog.testing.capture_logs() as logged, pytest.raises(PermissionMissing):
        pull_all(crm.connect(token=token), CONTACTS)
    (event,) = [one for one in logged if one["event"] == "hubspot_refused"]
    assert (403, 36) == (event["status"], len(event["correlation_id"]))
    assert "hasn't been granted" not in str(event)


def test_account_facts_that_are_forbidden_do_not_fail_the_check(crm):
    """A token without the right to the account's own facts is still a good token."""
    token = Secret(crm.sim.tokens.add_static(["crm.schemas.contacts.read"]))
    connector = crm.connect(token=token)
    connector.check()
    assert "" == connector.record_url("contact", "1")


def test_page_of_html_that_claims_success_is_unreadable():
    """A proxy's login page is told from an answer of HubSpot."""

    async def app(scope, receive, send):
        head = {"type": "http.response.start", "status": 200, "headers": []}
        await send(head)
        await send({"type": "http.response.body", "body": b"<html>log in</html>"})

    with account() as crm, serve(app) as server, pytest.raises(AnswerUnreadable):
        crm.connect(url=server.url).check()


def test_redirect_is_not_followed():
    """The token is never carried to another address."""

    async def app(scope, receive, send):
        headers = [(b"location", b"http://127.0.0.1:9/elsewhere")]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    with account() as crm, serve(app) as server:
        connector = crm.connect(url=server.url)
        with pytest.raises(AnswerUnreadable, match="302"):
            connector.check()
        assert 1 == connector.calls


def test_pacer_keeps_below_the_limits(crm, cursors):
    """Of sixty searches and two hundred lists at most two are too fast, on a machine that stutters."""
    connector = crm.connect()
    for _ in range(60):
        pull_all(connector, searched(cursors))
    for _ in range(200):
        pull_all(connector, CONTACTS)
    assert connector.calls <= 262


def test_lower_limit_of_the_account_is_learnt(crm):
    """A smaller plan tells its limit in a header; from then on calls keep to it."""
    crm.sim.switches.update({"burst_limit": 20})
    connector = crm.connect()
    for _ in range(60):
        pull_all(connector, CONTACTS)
    assert connector.calls <= 61


def test_nothing_that_deletes_can_be_sent(crm):
    """The vendor's own methods for archiving are refused before they reach the wire."""
    connector = crm.connect()
    with pytest.raises(RequestRefused, match="never sends DELETE"):
        connector._transport.call(connector._transport.records.archive, "contacts", "1")
    with pytest.raises(RequestRefused, match="never sends POST"):
        connector._transport.call(connector._transport.batches.archive, "contacts", {"inputs": []})
    assert 0 == connector.calls


def test_calls_are_counted_from_several_threads(crm):
    """The count of calls is exact when association reads run side by side."""
    connector = crm.connect()
    ids = [str(n) for n in range(1, 4001)]
    threads = [threading.Thread(target=connector.links, args=("contact", ids)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 12 == connector.calls


def test_everything_asked_for_is_free_of_words_and_addresses_in_logs(capsys):
    """Log lines hold counts, codes and ids: no e-mail address of the account is printed."""
    with account(**small_account(time.time())) as crm:
        connector = crm.connect()
        crm.sim.faults.add("500_html", 2)
        pull_all(connector, wanted())
        printed = capsys.readouterr()
        assert "@" not in printed.out + printed.err


def test_vendor_client_does_not_retry_by_itself(crm):
    """Every try is ours: the pool's own retries are off and Retry-After is left to us."""
    pool = crm.connect()._transport.client.rest_client.pool_manager
    retries = pool.connection_pool_kw["retries"]
    expected = urllib3.util.Retry(total=0, respect_retry_after_header=False)
    assert (expected.total, False) == (retries.total, retries.respect_retry_after_header)
