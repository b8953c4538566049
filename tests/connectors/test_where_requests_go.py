"""Requests go to the configured machine alone, encrypted, to one that proves itself; tokens go nowhere else."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import urllib3
from tests.fuzz import feeding

from stagesync.connector import (
    CrmError,
    OptionsRefused,
    Origin,
    Pull,
    Reach,
    RequestRefused,
    Secret,
    Unavailable,
    trusted_roots,
)
from stagesync_hubspot import connect as connect_hubspot
from stagesync_salesforce import connect as connect_salesforce
from still_clock import StillClock
from tls import listening, self_signed

TOKEN = "pat-eu1-s3cret-token"


def hubspot(url: str) -> Any:
    return connect_hubspot("hs", {"token": Secret(TOKEN), "url": url}, clock=StillClock(1.8e9))


def hubspot_app(url: str) -> Any:
    oauth = {"client_id": "c", "client_secret": Secret(TOKEN), "refresh_token": Secret(TOKEN)}
    given = {"auth": {"oauth": oauth}, "url": url}
    return connect_hubspot("hs", given, clock=StillClock(1.8e9))


def salesforce(url: str) -> Any:
    auth = {"client_credentials": {"id": "k", "secret": Secret(TOKEN)}}
    return connect_salesforce("sf", {"auth": auth, "url": url}, clock=StillClock(1.8e9))


def salesforce_soap(url: str) -> Any:
    auth = {"soap_login": {"username": "u", "password": Secret(TOKEN)}}
    return connect_salesforce("sf", {"auth": auth, "url": url}, clock=StillClock(1.8e9))


CONNECTORS = [hubspot, hubspot_app, salesforce, salesforce_soap]
Connect = Callable[[str], Any]


@pytest.fixture(autouse=True)
def _tempting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An environment that would lead other programs astray: a proxy, a bundle of certificates, a .netrc."""
    with listening(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as proxy:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        bundle = self_signed(tmp_path)
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(name, str(bundle))
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ann password n3trc")
        yield
        assert 0 == proxy.visits, "a proxy of the environment was asked"


@pytest.mark.parametrize("connect", CONNECTORS)
def test_a_machine_that_does_not_prove_itself_gets_nothing(
    connect: Connect, tmp_path: Path
) -> None:
    """With a certificate that nobody vouches for the handshake ends, and no byte of the request is sent."""
    with listening(b"HTTP/1.1 200 OK\r\n\r\n", certificate=tmp_path / "server.pem") as server:
        connector = connect(server.url)
        with pytest.raises(Unavailable, match=r"certificate"):
            connector.check()
        connector.close()
        assert (True, []) == (server.visits > 0, server.heard)


@pytest.mark.parametrize("connect", CONNECTORS)
def test_a_company_may_name_its_own_authority(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `SSL_CERT_FILE` vouches for is asked, by every connector; nothing else in the environment changes that."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    refusal = b"HTTP/1.1 401 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    with listening(refusal, certificate=tmp_path / "server.pem") as server:
        connector = connect(server.url)
        with pytest.raises(CrmError):
            connector.check()
        connector.close()
        assert server.heard[0].startswith((b"GET /", b"POST /"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("connect", CONNECTORS)
def test_redirects_are_not_followed(connect: Connect, status: int) -> None:
    """An answer that leads elsewhere is an error, and nobody comes there, with a token or without."""
    with listening(b"HTTP/1.1 200 OK\r\n\r\n{}") as elsewhere:
        told = f"HTTP/1.1 {status} Go\r\nLocation: {elsewhere.url}/x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        with listening(told.encode()) as server:
            connector = connect(server.url)
            with pytest.raises(CrmError):
                connector.check()
            connector.close()
            assert (True, 0) == (bool(server.heard), elsewhere.visits)


@pytest.mark.parametrize("connect", CONNECTORS)
def test_what_is_not_loopback_is_asked_encrypted_only(connect: Connect) -> None:
    """Plain http to another machine is refused as an option, however this machine's name is imitated."""
    for host in ("api.hubapi.com", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "0.0.0.0",
                 "169.254.169.254", "2130706433", "0x7f.1", "[::ffff:10.0.0.1]", "[fe80::1]"):  # fmt: skip
        with pytest.raises(OptionsRefused):
            connect(f"http://{host}")


@pytest.mark.parametrize(
    "url",
    [
        "https://u:p@api.example", "https://api.example/?a=b", "https://api.example#x", "ftp://api.example", "https://",
        "https://api.example\\@evil.example", "https://api example", "https://api.example\n.evil", "file:///etc/passwd",
        "//api.example", "https://api.example:999999999", "javascript:1", "https://api.exa\tmple",
    ],
)  # fmt: skip
@pytest.mark.parametrize("connect", CONNECTORS)
def test_only_bare_addresses_are_options(connect: Connect, url: str) -> None:
    """An address that two readers could understand in two ways is none."""
    with pytest.raises(OptionsRefused):
        connect(url)


FOREIGN = [
    "http://169.254.169.254/latest/meta-data", "https://169.254.169.254/", "https://intranet/", "https://[::1]/",
    "https://acme.my.salesforce.com.evil.example/", "https://evilsalesforce.com/", "https://salesforce.com/",
    "https://acme.my.salesforce.com:8443/", "http://acme.my.salesforce.com/", "https://127.0.0.1/",
    "https://acme.my.salesforce.com@evil.example/", "https://evil.example/acme.my.salesforce.com",
    "https://evil.example\\.salesforce.com/", "https://acme.my.salesforce.com%2eevil.example/",
    "https://acme.my.salesforce.com。evil.example/", "gopher://acme.my.salesforce.com/", "",
]  # fmt: skip


@pytest.mark.parametrize("url", FOREIGN)
def test_no_other_address_is_reached(url: str) -> None:
    """The last thing before the socket refuses each address that is not ours, in words without path or query."""
    reach = Reach.of("https://login.salesforce.com", "salesforce.com")
    with pytest.raises(RequestRefused, match="was not sent") as refused:
        reach.demand(f"{url}?token={TOKEN}")
    assert TOKEN not in str(refused.value)


def test_what_is_ours_is_reached() -> None:
    """The configured address and the vendor's own domains; a home of another name adds none of its kind."""
    reach = Reach.of("https://proxy.corp.example:8443/x", "salesforce.com")
    allowed = [each for each in (
        "https://proxy.corp.example:8443/y?z", "https://acme.my.salesforce.com/services", "https://ACME.my.Salesforce.COM",
        "https://proxy.corp.example/", "https://other.corp.example:8443/", "https://a.proxy.corp.example:8443/",
    ) if reach.allows(each)]  # fmt: skip
    assert 3 == len(allowed), allowed
    assert Origin("https", "proxy.corp.example", 8443) == reach.home


def test_both_clients_refuse_old_tls() -> None:
    """Nothing older than TLS 1.2 is spoken, certificates and names are checked, and no option says otherwise."""
    made = urllib3.util.ssl_.create_urllib3_context()
    assert (ssl.TLSVersion.TLSv1_2, ssl.CERT_REQUIRED, True) == (
        made.minimum_version,
        made.verify_mode,
        made.check_hostname,
    )
    connector = hubspot("https://api.hubapi.com")
    pool = connector._transport.client.rest_client.pool_manager
    assert ssl.CERT_REQUIRED == pool.connection_pool_kw["cert_reqs"]
    session = salesforce("https://acme.my.salesforce.com")._transport._http
    assert (trusted_roots(), False) == (session.verify, session.trust_env)
    connector.close()


def test_paging_links_lead_nowhere_else() -> None:
    """HubSpot's `next.link` is not followed at all, and what stands in `after` stays a value of a query."""
    asked: list[str] = []

    def answer(_: str, url: str) -> feeding.Answer:
        asked.append(url)
        page = {"after": "http://169.254.169.254/?x", "link": "http://169.254.169.254/latest"}
        body = {"results": [], "paging": {"next": page}}
        return 200, {}, json.dumps(body).encode()

    connector, _ = feeding.hubspot(answer)
    list(islice(connector.pull([Pull("contact", ("email",))]), 3))
    assert {"api.hubapi.com"} == {urllib3.util.parse_url(each).host for each in asked}
