"""The daemon's web server over real HTTP, with CRMs in memory behind it."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import urllib3
from structlog.testing import capture_logs
from tests.engine.bench import Bench, make_bench

from stagesync.connector import Named
from stagesync.engine.live import Live
from stagesync.errors import ArgumentError
from stagesync.settings import WebSettings
from stagesync.store import inbox
from stagesync.web.rate import Rate
from stagesync.web.server import serve
from stagesync.web.webhooks import CALLS_AT_ONCE, LARGEST_BODY

PUBLIC = "https://stagesync.example/crm"


@dataclass
class Served:
    """A running server."""

    bench: Bench
    url: str
    called: threading.Event
    pool: urllib3.PoolManager

    def post(
        self, path: str, body: Any = b"", headers: Mapping[str, str] | None = None, **more: Any
    ) -> urllib3.BaseHTTPResponse:
        return self.pool.request(
            "POST", self.url + path, body=body, headers=headers, retries=False, **more
        )

    def tell(self, *named: Named, connection: str = "north") -> urllib3.BaseHTTPResponse:
        """The CRM calls."""
        path = f"/webhooks/{connection}"
        heard = self.bench.crms[connection].tell(*named, url=f"{PUBLIC}{path}")
        return self.post(path, heard.body, heard.headers)

    def kept(self) -> list[str]:
        with self.bench.store.begin() as tx:
            return [each.id for each in inbox.waiting(tx, "north")]


@pytest.fixture
def served() -> Iterator[Served]:
    bench, called, pool = make_bench(), threading.Event(), urllib3.PoolManager(maxsize=32)
    bench.north.hook_secret = "hush"
    settings = WebSettings(listen="127.0.0.1:0", public_url=PUBLIC, console=False)
    with serve(settings, Live(bench.deployment), call=called.set) as url:
        yield Served(bench, url, called, pool)
    pool.clear()
    bench.store.close()


def test_what_is_named_is_kept_before_it_is_answered(served: Served) -> None:
    """204 means that the names are stored and the daemon is woken."""
    answer = served.tell(Named("contact", "7"), Named("company", "8"))
    assert (204, b"", ["8", "7"], True) == (
        answer.status,
        answer.data,
        served.kept(),
        served.called.is_set(),
    )


def test_a_call_about_nothing_that_is_mapped_wakes_nobody(served: Served) -> None:
    """It is answered as any other, and the daemon sleeps on."""
    answer = served.tell(Named("invoice", "7"))
    assert (204, [], False) == (answer.status, served.kept(), served.called.is_set())


def test_a_hundred_records_are_answered_within_a_second(served: Served) -> None:
    """The largest request that HubSpot sends is kept and answered at once."""
    named = [Named("contact", str(n)) for n in range(100)]
    began = time.monotonic()
    status = served.tell(*named).status
    assert (204, True, 100) == (status, time.monotonic() - began < 1.0, len(served.kept()))


def test_a_wrong_signature_is_refused_in_a_word(served: Served) -> None:
    """401 with a code and nothing else; nothing is kept, nobody is woken, and the log names no record."""
    heard = served.bench.north.tell(Named("contact", "4711"), url=f"{PUBLIC}/webhooks/north")
    with capture_logs() as logs:
        answer = served.post("/webhooks/north", heard.body, {**heard.headers, "x-signature": "no"})
    assert (401, b"bad_signature", [], False) == (
        answer.status,
        answer.data,
        served.kept(),
        served.called.is_set(),
    )
    assert [
        {
            "event": "webhook refused",
            "log_level": "warning",
            "connection": "north",
            "code": "bad_signature",
        }
    ] == logs


def test_a_recorded_request_is_refused_later(served: Served) -> None:
    """The same request again within the window is one entry; after it, it is refused."""
    heard = served.bench.north.tell(Named("contact", "7"), url=f"{PUBLIC}/webhooks/north")
    again = [served.post("/webhooks/north", heard.body, heard.headers).status for _ in range(2)]
    served.bench.clock.advance(seconds=301)
    late = served.post("/webhooks/north", heard.body, heard.headers)
    assert ([204, 204], 401, b"too_old", ["7"]) == (again, late.status, late.data, served.kept())


@pytest.mark.parametrize("path", ["/webhooks/south", "/webhooks/nobody", "/webhooks/", "/", "/x"])
def test_only_connections_that_listen_have_an_address(served: Served, path: str) -> None:
    """A connection without a secret, an unknown one, and any other path are not found."""
    assert 404 == served.post(path, b"[]").status


def test_only_posts_are_taken(served: Served) -> None:
    """Reading the address of webhooks tells nothing."""
    answer = served.pool.request("GET", f"{served.url}/webhooks/north", retries=False)
    assert 405 == answer.status


def test_a_large_body_is_refused(served: Served) -> None:
    """More than a MiB is not read, whether its length is told before or not."""
    told = served.post("/webhooks/north", b"x" * (LARGEST_BODY + 1))
    parts = (b"x" * 65_536 for _ in range(17))
    untold = served.post("/webhooks/north", parts, chunked=True)
    most = served.post("/webhooks/north", b"x" * LARGEST_BODY)
    assert (413, 413, 401) == (told.status, untold.status, most.status)


def test_a_slow_body_is_given_up(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who promises a body and does not send it holds nothing for long."""
    monkeypatch.setattr("stagesync.web.webhooks.BODY_LIMIT_S", 0.2)
    host, _, port = served.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        sock.sendall(b"POST /webhooks/north HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n[")
        assert sock.recv(1024).startswith(b"HTTP/1.1 408 ")


def connected_to(served: Served) -> socket.socket:
    host, _, port = served.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=10)


@pytest.mark.parametrize("head", [b"", b"POST /webhooks/north HTTP/1.1\r\nHost: x\r\nX-"])
def test_a_slow_head_is_given_up(
    served: Served, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    """Who connects and does not say what he wants is hung up on, also when he trickles."""
    monkeypatch.setattr("stagesync.web.protocol.HEAD_LIMIT_S", 0.3)
    began = time.monotonic()
    with connected_to(served) as sock:
        sock.sendall(head)
        sock.settimeout(0.05)
        while time.monotonic() - began < 5.0:
            try:
                if sock.recv(1024) == b"":
                    break
            except TimeoutError:
                sock.sendall(b"a" if head else b"")
            except OSError:
                break
    assert 0.2 < time.monotonic() - began < 3.0


def test_a_second_head_has_its_own_time(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that was answered once may not trickle either, and a prompt one is answered again."""
    monkeypatch.setattr("stagesync.web.protocol.HEAD_LIMIT_S", 0.5)
    ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with connected_to(served) as sock:
        for _ in range(2):
            sock.sendall(ask)
            told = b""
            while not told.endswith(b"ok"):
                told += sock.recv(1024)
            time.sleep(0.3)
        sock.sendall(ask[:20])
        assert b"" == sock.recv(1024)


def test_a_large_head_is_refused(served: Served) -> None:
    """More than 16 KiB of headers is refused whether it comes in one piece or in many."""
    fat = {f"x-{n}": "y" * 1000 for n in range(17)}
    whole = served.post("/webhooks/north", b"[]", fat).status
    endless = b"POST /webhooks/north HTTP/1.1\r\n" + b"".join(
        b"x-%d: y\r\n" % n for n in range(9_000)
    )
    with connected_to(served) as sock:
        sock.sendall(endless)
        cut = sock.recv(1024)
    assert ({400, 431} >= {whole}, b"HTTP/1.1 400 ") == (True, cut[:13])


def test_all_bodies_together_are_bounded(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a sum of bytes in hand callers are put off, and taken again once there is room."""
    monkeypatch.setattr("stagesync.web.webhooks.MOST_IN_HAND", 1000)
    with connected_to(served) as sock:
        sock.sendall(
            b"POST /webhooks/north HTTP/1.1\r\nHost: x\r\nContent-Length: 901\r\n\r\n" + b"x" * 900
        )
        time.sleep(0.2)
        late = served.post("/webhooks/north", b"y" * 200)
        assert (503, "60") == (late.status, late.headers["Retry-After"])
    time.sleep(0.2)
    assert 204 == served.tell(Named("contact", "7")).status


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Encoding": "gzip"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
    ],
)
def test_no_body_is_unpacked(served: Served, headers: Mapping[str, str]) -> None:
    """What a body calls itself changes nothing: its bytes are proven as they came, and a bomb stays packed."""
    bomb = gzip.compress(b"[" * 5_000_000, compresslevel=1)
    assert served.post("/webhooks/north", bomb, headers).status in {400, 401}
    assert [] == served.kept()


def test_a_packed_transfer_is_refused_by_its_head(served: Served) -> None:
    """What would have to be unpacked to be read at all is not waited for."""
    with connected_to(served) as sock:
        head = (
            "POST /webhooks/north HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
        )
        sock.sendall(head.encode())
        assert sock.recv(4096).decode().startswith("HTTP/1.1 400 ")
    assert [] == served.kept()


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/north/", "/webhooks/north/x", "/webhooks/../webhooks/north", "/webhooks/%6eorth%00", "//webhooks/north",
        "/docs", "/openapi.json", "/numbers", "/.env",
    ],
)  # fmt: skip
def test_no_other_path_leads_anywhere(served: Served, path: str) -> None:
    """An address that is nearly right tells no more than a wrong one."""
    with connected_to(served) as sock:
        sock.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
        told = sock.recv(4096).decode()
    assert told.startswith(("HTTP/1.1 404 ", "HTTP/1.1 307 "))
    assert "Traceback" not in told
    assert [] == served.kept()


def test_what_breaks_inside_is_told_to_nobody(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours is put off with an empty answer; the log names its kind and nothing of the body."""

    def break_(*_: object, **__: object) -> int:
        raise KeyError("ann@acme.example")

    monkeypatch.setattr("stagesync.web.webhooks.note_heard", break_)
    with capture_logs() as logs:
        answer = served.tell(Named("contact", "7"))
    assert (503, b"") == (answer.status, answer.data)
    assert ["KeyError"] == [each["why"] for each in logs]
    assert "ann@acme" not in str(logs)


def test_a_store_that_is_held_for_long_puts_the_crm_off(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be written down in time is 503, so that the CRM sends it again; it is no loss if both arrive."""
    monkeypatch.setattr("stagesync.web.webhooks.ANSWER_LIMIT_S", 0.2)
    with served.bench.store.begin():
        late = served.tell(Named("contact", "7"))
    assert (503, "60") == (late.status, late.headers["Retry-After"])
    assert 204 == served.tell(Named("contact", "7")).status
    assert ["7"] == served.kept()


def test_too_many_calls_are_put_off(served: Served) -> None:
    """A flood is 429 after its first hundred, and the server goes on."""
    with ThreadPoolExecutor(16) as pool:
        asked = pool.map(lambda _: served.post("/webhooks/north", b"[]").status, range(400))
        statuses = list(asked)
    assert {401, 429} == set(statuses)
    assert statuses.count(401) >= CALLS_AT_ONCE
    assert 200 == served.pool.request("GET", f"{served.url}/healthz").status


def test_health_is_told_while_the_process_lives(served: Served) -> None:
    """`/healthz` is 200 also while a run holds the store."""
    with served.bench.store.begin():
        answer = served.pool.request("GET", f"{served.url}/healthz", timeout=5)
    assert (200, b"ok") == (answer.status, answer.data)


def test_a_port_in_use_is_named(served: Served) -> None:
    """Two daemons on one port: the second one says which, and what to do."""
    taken = WebSettings(listen=served.url.removeprefix("http://"))
    with (
        pytest.raises(ArgumentError, match=r"web\.listen: 127\.0\.0\.1:\d+ is in use") as refused,
        serve(taken, Live(served.bench.deployment), call=served.called.set),
    ):
        pass
    assert "web.listen" in str(refused.value.hint)


def test_the_address_is_the_public_one(served: Served) -> None:
    """A CRM signs the address that it calls: path, query and escapes reach the connector untouched."""
    asked = "/webhooks/north?a=%2C&b=1"
    heard = served.bench.north.tell(Named("contact", "7"), url=PUBLIC + asked)
    other = served.post(asked.replace("%2C", ","), heard.body, heard.headers)
    assert (401, 204) == (other.status, served.post(asked, heard.body, heard.headers).status)


def test_a_rate_fills_evenly() -> None:
    """So many at once, and then so many a second."""
    rate = Rate(per_s=2.0, burst=3.0)
    assert [True, True, True, False] == [rate.takes(100.0) for _ in range(4)]
    assert [False, True, False] == [rate.takes(100.0 + after) for after in (0.25, 0.5, 0.75)]
    assert [True, True, True, False] == [rate.takes(200.0) for _ in range(4)]
