"""What a connector knows again after it was killed and made anew: by the store, against the simulators."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from sandbox_clock import SandboxClock
from stagesync.connector import (
    Connector,
    QuotaExhausted,
    Secret,
)
from stagesync.engine.standing import give_memory
from stagesync.errors import StoreError
from stagesync.store import Store, connections, open_store
from stagesync.store.schema import metadata
from stagesync_salesforce.connector import SalesforceConnector
from stagesync_salesforce.options import read_options

from .hubspot_account import account, rows

HOUR_S = 3_600.0


@dataclass
class Deployed:
    """A simulated account with rotating refresh tokens, and lives of one connection to it.

    Attributes:
        rotation: the simulator's switch.
        static: options by which the day is counted, and no token rotates.
        consent: the options with another refresh token than before, of a consent of its own.
    """

    sim: Any
    store: Store
    options: dict[str, Any]
    make: Callable[[dict[str, Any]], Connector]
    consent: Callable[[], dict[str, Any]]
    rotation: str
    static: dict[str, Any]

    def live(self, **options: Any) -> Connector:
        """A new life, as a new process would begin it."""
        made = self.make({**self.options, **options})
        give_memory(made, self.store)
        return made

    def kept(self) -> Any:
        with self.store.begin() as tx:
            return orjson.loads(connections.remembered(tx, "crm") or "{}")

    def logins(self) -> list[int]:
        log = self.sim.log.entries()
        return [each["status"] for each in log if each["path"].endswith("/token")]

    def pass_(self, seconds: float) -> None:
        self.sim.clock.advance(seconds)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 'stagesync.db'}")
    yield made
    made.close()


@pytest.fixture
def hubspot(store: Store) -> Iterator[Deployed]:
    with account(contacts=rows(3, at=time.time() - HOUR_S, email="p{n}@x.example")) as crm:
        crm.sim.switches.update({"rotate_refresh_token": True})
        tokens, oauth = crm.sim.tokens, crm.sim.oauth

        def install() -> dict[str, Any]:
            client = {"client_id": tokens.client_id, "client_secret": tokens.client_secret}
            form = {"grant_type": "authorization_code", "redirect_uri": "https://ours.example"}
            code = {"code": oauth.install("https://ours.example")}
            told = oauth.token({**form, **client, **code}, version="2026-03")
            way = {
                "client_id": tokens.client_id,
                "client_secret": Secret(tokens.client_secret),
                "refresh_token": Secret(told["refresh_token"]),
            }
            return {"token": None, "auth": {"oauth": way}}

        def make(options: dict[str, Any]) -> Connector:
            crm.clock = SandboxClock(crm.sim.clock)
            return crm.connect(**options)

        static = {"token": Secret(crm.sim.token), "auth": None}
        yield Deployed(crm.sim, store, install(), make, install, "rotate_refresh_token", static)


@pytest.fixture
def salesforce(store: Store, empty_bench: Any) -> Iterator[Deployed]:
    sim, made = empty_bench.sim, []

    def consent() -> dict[str, Any]:
        told = sim.make_refresh_token()
        way = {
            "id": sim.credentials()["client_id"],
            "secret": Secret(sim.credentials()["client_secret"]),
            "refresh_token": Secret(told["refresh_token"]),
        }
        return {"auth": {"refresh_token": way}}

    def make(options: dict[str, Any]) -> Connector:
        given = read_options(empty_bench.options | options)
        made.append(SalesforceConnector("crm", given, clock=SandboxClock(sim.clock)))
        return made[-1]

    static = {"auth": empty_bench.options["auth"]}
    yield Deployed(sim, store, consent(), make, consent, "refresh_rotation", static)
    for each in made:
        each.close()


@pytest.fixture(params=["hubspot", "salesforce"])
def deployed(request: pytest.FixtureRequest) -> Deployed:
    found: Deployed = request.getfixturevalue(request.param)
    return found


def test_rotated_token_works_after_a_kill(deployed: Deployed) -> None:
    """Lives that end without a word go on with the token of the last one: the configured one is spent."""
    for _ in range(3):
        deployed.live().check()
        deployed.pass_(3 * HOUR_S)
    assert [200] * 3 == deployed.logins()


def test_rotated_token_is_kept_before_its_login_is_used(deployed: Deployed) -> None:
    """The store has the new token before the first call of the session goes out."""
    calls: list[int] = []
    made = deployed.make(deployed.options)
    made.remember(lambda: None, lambda _: calls.append(made.calls))  # type: ignore[attr-defined]
    made.check()
    # HubSpot's count rises as a call is about to be sent.
    assert calls[0] == 0
    assert made.calls == 1


def test_two_processes_share_one_line_of_tokens(deployed: Deployed) -> None:
    """A command beside the daemon and the daemon each go on with the token that the other was given."""
    daemon, command = deployed.live(), deployed.live()
    for _ in range(2):
        daemon.check()
        command.check()
        deployed.pass_(3 * HOUR_S)
    assert [200] * 4 == deployed.logins()


def test_newly_configured_token_wins_over_a_kept_one(deployed: Deployed) -> None:
    """After a person consented anew, nothing that was kept of the old consent is used, or kept on."""
    deployed.live().check()
    old = deployed.kept()["token"]
    deployed.options = deployed.consent()
    deployed.live().check()
    assert [200] * 2 == deployed.logins()
    assert old["of"] != deployed.kept()["token"]["of"]


def test_token_that_cannot_be_kept_ends_the_login(deployed: Deployed) -> None:
    """Without a place for the new token no call is made; the next try keeps it and goes on."""
    made, failures, kept = deployed.make(deployed.options), [StoreError("the disk is full")], []

    def keep(told: Secret) -> None:
        if failures:
            raise failures.pop()
        kept.append(told)

    made.remember(lambda: None, keep)  # type: ignore[attr-defined]
    with pytest.raises(StoreError, match="the disk is full"):
        made.check()
    assert 0 == made.calls
    made.check()
    assert ([200, 200], 1) == (deployed.logins(), len(kept))


def test_token_that_does_not_rotate_is_not_kept(deployed: Deployed) -> None:
    """Where the CRM leaves the configured token in force, the store holds none."""
    deployed.sim.switches.update({deployed.rotation: False})
    made = deployed.live()
    made.check()
    made.close()
    assert None is deployed.kept()["token"]


def sent_until_stopped(connector: Connector) -> int:
    """How many calls go out before the connector holds back by itself."""
    for number in range(200):
        try:
            connector.check()
        except QuotaExhausted:
            return number
    raise AssertionError("the budget has no end")


def test_daily_budget_goes_on_counting_after_a_restart(deployed: Deployed) -> None:
    """What lives that were killed have sent counts: of the share of 25 calls the second one has 14
    left, the third only the one that asks how the day stands; a day later there is room again."""
    deployed.sim.switches.update({"daily_limit": 100})
    first = deployed.live(**deployed.static)
    for _ in range(10):
        first.check()
    deployed.pass_(61)
    first.check()
    second = deployed.live(**deployed.static)
    sent = [sent_until_stopped(second)]
    second.close()
    third = deployed.live(**deployed.static)
    sent.append(sent_until_stopped(third))
    deployed.pass_(25 * HOUR_S)
    third.check()
    assert [14, 1] == sent


def test_calls_are_kept_once_a_minute(deployed: Deployed) -> None:
    """Calls are kept when a minute is over, and at the close; a life without any keeps nothing."""
    made, kept = deployed.make({**deployed.options, **deployed.static}), []
    made.remember(lambda: None, kept.append)  # type: ignore[attr-defined]
    made.close()
    counts = [len(kept)]
    for wait_s in (0, 0, 61, 0, 0):
        made.check()
        deployed.pass_(wait_s)
        counts.append(len(kept))
    made.close()
    assert [0, 0, 0, 0, 1, 1, 2] == [*counts, len(kept)]


def test_secret_shows_nowhere(
    deployed: Deployed, capfd: pytest.CaptureFixture[str], store: Store
) -> None:
    """Neither a log line, nor a repr, nor the error of a store that fails holds the kept token."""
    made = deployed.live()
    made.check()
    token = deployed.kept()["token"]["text"]
    with store.begin() as tx:
        tx.execute(text("DROP TABLE remembered"))
    deployed.pass_(3 * HOUR_S)
    with pytest.raises(StoreError) as failed:
        made.check()
    with store.begin() as tx:
        metadata.create_all(tx)
    shown, error = [repr(made), repr(vars(made))], failed.value
    while error is not None:
        shown += [str(error), repr(error)]
        error = error.__cause__ or error.__context__
    printed = capfd.readouterr()
    assert token not in "\n".join([*shown, printed.out, printed.err])
