"""A vendor that answers what is no answer, and a disk that takes nothing more: told, waited for, and over without hands."""

from __future__ import annotations

import asyncio
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.machine.crms import Door

from stagesync.sandbox import Sandbox, hubspot, salesforce, start
from stagesync.sandbox.server import serve
from stagesync.store import records

from .deployments import COMMAND, Place, environment, make_place, set_up, wait_until
from .vendors import Vendors

SOON_S = 40.0
HTML = b"<!DOCTYPE html><html><body>Scheduled maintenance, ann@firm.example</body></html>"
CUT = b'{"results": [{"id": "1", "properties": {"email": "ann@fi'


def saying(body: bytes, kind: bytes) -> ASGIApp:
    """Answers everything with 200 and this."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def endless(_scope: Scope, receive: Receive, send: Send) -> None:
    """Begins an answer, and goes on with it for as long as somebody listens."""
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    gone = asyncio.ensure_future(_gone(receive))
    while not gone.done():
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.sleep(0.02)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


BAD: dict[str, ASGIApp] = {
    "a page of HTML": saying(HTML, b"text/html"),
    "JSON that is cut off": saying(CUT, b"application/json"),
    "an answer without end": endless,
}


class Behind:
    """Both simulators behind doors, so that another program can answer in their place."""

    def __init__(self, sandbox: Sandbox, doors: dict[str, Door], place: Place, vendors: Vendors):
        self.apps: dict[str, ASGIApp] = {
            "hubspot": hubspot.create_app(sandbox.hubspot),
            "salesforce": salesforce.create_app(sandbox.salesforce),
        }
        self.doors, self.place, self.vendors = doors, place, vendors

    def answer(self, crm: str, app: ASGIApp | None = None) -> None:
        self.doors[crm].behind = app or self.apps[crm]


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """A settled deployment that gives up on an answer after five seconds."""
    doors = {"hubspot": Door(), "salesforce": Door()}
    folder = tmp_path_factory.mktemp("behind")
    with (
        start(contacts=20) as sandbox,
        serve(doors["hubspot"]) as first,
        serve(doors["salesforce"]) as second,
    ):
        told = sandbox.credentials()
        told["hubspot"]["url"], told["salesforce"]["url"] = first.url, second.url
        vendors = Vendors(told)
        place = make_place(folder, told)
        found = Behind(sandbox, doors, place, vendors)
        for crm in doors:
            found.answer(crm)
        set_up(place)
        # The simulators' time cannot be asked of whoever answers in their place.
        text = place.config.read_text().replace("clock: sandbox", "clock: real")
        text = text.replace("    poll: 1s\n", "    poll: 1s\n    timeout_s: 0.5\n")
        place.config.write_text(text)
        prompt = {"index_lag_create_s": 0.0, "index_lag_update_s": 0.0}
        vendors.ask("hubspot", "PUT", "settings", prompt)
        vendors.ask("salesforce", "PUT", "settings", {"commit_lag_share": 0.0})
        assert place.run("sync", "--json").code == 0
        yield found
        vendors.close()


@pytest.mark.gate
@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
@pytest.mark.parametrize("what", BAD)
def test_a_vendor_that_answers_nonsense_is_told_and_healed(
    behind: Behind, crm: str, what: str
) -> None:
    """Exit code 4 with its name, nothing of what it said in any message; the other one goes on, and the next run heals."""
    behind.answer(crm, BAD[what])
    began = time.monotonic()
    ran = behind.place.run("sync", "--json")
    seconds = time.monotonic() - began
    behind.answer(crm)
    assert (4, [crm]) == (ran.code, list(ran.json["troubles"])), ran.err
    assert "ann@" not in ran.err + ran.out
    assert "maintenance" not in ran.err + ran.out
    assert seconds < 45.0, "it was waited for without end"
    healed = behind.place.run("sync", "--json")
    assert (0, {}) == (healed.code, healed.json["troubles"]), healed.err


def _limit(process: subprocess.Popen[bytes], size: int) -> None:
    """So large may a file grow that this process writes, from now on."""
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_daemon_outlives_a_disk_that_takes_nothing_more(behind: Behind) -> None:
    """Neither its store nor its own log can be written; when they can, what happened meanwhile is done."""
    place, vendors = behind.place, behind.vendors
    contact = min(vendors.hubspot("contacts", ["email"]), key=int)
    errors = place.folder / "full.err"

    def title() -> Any:
        with place.open() as found, found.deployment.store.begin() as tx:
            return records.records_of(tx, "hubspot", "contact", [contact])[contact].fields[
                "jobtitle"
            ]

    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [COMMAND, "run", "--config", place.config],
            env=environment(place.folder),
            stderr=stderr,
        )
        try:
            assert wait_until(lambda: b"run ended" in errors.read_bytes(), seconds=SOON_S)
            _limit(process, 1)
            vendors.edit("hubspot", "contacts", contact, jobtitle="Keeper of the Disk")
            time.sleep(4.0)
            assert process.poll() is None, errors.read_text()
            assert "Keeper of the Disk" != title()
            _limit(process, resource.RLIM_INFINITY)
            healed = wait_until(lambda: title() == "Keeper of the Disk", seconds=SOON_S)
            assert healed, errors.read_text()
            process.send_signal(signal.SIGTERM)
            assert 0 == process.wait(timeout=30)
        finally:
            process.kill()
            process.wait()
