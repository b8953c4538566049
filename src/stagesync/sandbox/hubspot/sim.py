"""The simulated account as the control calls, the tests and the application see it."""

import random
import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import orjson
from starlette.responses import HTMLResponse, Response

from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.control import want
from stagesync.sandbox.faults import Faults
from stagesync.sandbox.hubspot.actors import ACTORS, actor_named
from stagesync.sandbox.hubspot.auth import Tokens, expired
from stagesync.sandbox.hubspot.automation import write
from stagesync.sandbox.hubspot.changes import Change
from stagesync.sandbox.hubspot.courier import Courier
from stagesync.sandbox.hubspot.errors import Refusal
from stagesync.sandbox.hubspot.hooks import Webhooks
from stagesync.sandbox.hubspot.journal_feed import Journal
from stagesync.sandbox.hubspot.oauth import OAuth
from stagesync.sandbox.hubspot.people import judged_values, kind_of, record_of
from stagesync.sandbox.hubspot.planting import plant
from stagesync.sandbox.hubspot.portal import HUMAN_USER_ID, Owner, Portal
from stagesync.sandbox.hubspot.removing import archive, merge
from stagesync.sandbox.hubspot.switches import HubSpotSwitches
from stagesync.sandbox.journal import RequestLog
from stagesync.sandbox.seeds import HubSpotSeed

VENDOR_FAULTS = ("423", "477", "504", "524")


class HubSpotSim:
    """One HubSpot account.

    Attributes:
        lock: held while the account is read or changed.
        tokens: who may call; `tokens.add_static(scopes)` makes another token.
        oauth: installing the app, and the tokens that this gives.
        hooks: the app's webhooks, which `courier` delivers.
    """

    def __init__(self, *, clock: SimClock | None = None, seed: int = 1) -> None:
        self.clock = clock or SimClock()
        self.log = RequestLog()
        self.faults = Faults(VENDOR_FAULTS, seed=seed)
        self.switches = HubSpotSwitches()
        self.lock = threading.RLock()
        self.portal = Portal(self.clock, self.switches, random.Random(f"hubspot-{seed}"))
        self.tokens = Tokens(seed=seed, app_id=self.portal.app_id)
        self.limits = self.portal.limits
        self.oauth = OAuth(self.portal, self.tokens)
        self.hooks = Webhooks(self.portal, secret=self.tokens.client_secret, seed=seed)
        self.journal = Journal(self.portal)
        self.courier = Courier(self.hooks, lock=self.lock)
        self.portal.changes.listeners += [self._tell_hooks, self.journal.hear]

    @property
    def token(self) -> str:
        """The static token with every scope."""
        return self.tokens.static

    def credentials(self) -> dict[str, str]:
        """What a client needs beside the address: a static token, or the OAuth trio."""
        return {
            "token": self.tokens.static,
            "client_id": self.tokens.client_id,
            "client_secret": self.tokens.client_secret,
            "refresh_token": self.tokens.refresh_token,
        }

    def load(self, seed: HubSpotSeed) -> None:
        """Fills the account, at once visible to search and without any automation."""
        with self.lock:
            plant(self.portal, seed)

    def name_owners(self, owners: Iterable[tuple[str, str, str, str]]) -> None:
        """Makes these the users who may own records: (id, email, first name, last name)."""
        with self.lock:
            self.portal.name_owners(
                Owner(id_, HUMAN_USER_ID + n, email, first, last)
                for n, (id_, email, first, last) in enumerate(owners)
            )

    def edit(
        self, object_name: str, record_id: str, *, properties: Mapping[str, Any], actor: str
    ) -> None:
        """Changes a record as a person or another integration would."""
        source = actor_named(actor)
        with self.lock:
            kind = kind_of(object_name)
            record = record_of(self.portal, kind, record_id)
            values = judged_values(self.portal, kind, properties)
            write(self.portal, kind, record=record, values=values, source=source)

    def convert(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """HubSpot contacts are never converted."""
        raise ValueError(f"HubSpot has no conversion of leads; given {sorted(payload)}")

    def merge(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """{"object", "primary_id", "merged_id"}: makes a new record of two."""
        with self.lock:
            kind = kind_of(want(payload, "object", str))
            primary = record_of(self.portal, kind, want(payload, "primary_id", str))
            other = record_of(self.portal, kind, want(payload, "merged_id", str))
            if primary is other:
                raise ValueError("a record cannot be merged with itself")
            source = ACTORS["human"]
            record = merge(self.portal, kind, primary=primary, other=other, source=source)
            return {"id": str(record.id)}

    def delete(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """{"object", "id"}: archives a record."""
        with self.lock:
            kind = kind_of(want(payload, "object", str))
            record = record_of(self.portal, kind, want(payload, "id", str))
            archive(self.portal, kind, record, source=ACTORS["human"])
            return {"id": str(record.id)}

    def webhooks(self) -> dict[str, Any]:
        """The app's webhook settings, and what has been delivered with which outcome."""
        with self.lock:
            terms = self.hooks.terms
            return {
                "url": terms.url,
                "subscriptions": [asdict(each) for each in terms.subscriptions.values()],
                **self.courier.state(),
            }

    def _tell_hooks(self, change: Change) -> None:
        self.hooks.hear(change)
        if self.hooks.fresh:
            self.courier.start()

    def stop(self) -> None:
        """Ends what runs beside the server: no webhook is sent any more."""
        self.courier.stop()

    def state(self) -> dict[str, Any]:
        """Counts per object, limits and how much of them is used."""
        with self.lock:
            stores = self.portal.stores
            return {
                "objects": {name: len(store.live_ids) for name, store in stores.items()},
                "archived": {name: len(store.archived_ids) for name, store in stores.items()},
                "asked": {name: sorted(asked) for name, asked in self.portal.asked.items()},
                "limits": self.limits.state(self.clock.now()),
            }

    def fault_answer(self, kind: str, *, method: str, path: str) -> tuple[Response, float]:
        """HubSpot's own answer for a fault, and the seconds to wait before giving it."""
        now = self.clock.now()
        match kind:
            case "429":
                searching = method == "POST" and path.rstrip("/").endswith("/search")
                policy = "SECONDLY" if searching else "TEN_SECONDLY_ROLLING"
                return _json(self.limits.refusal(policy, request_id="fault")), 0.0
            case "429_daily":
                return _json(self.limits.refusal("DAILY", request_id="fault")), 0.0
            case "expired_token":
                return _json(expired(now, now=now)), 0.0
            case "423":
                return _json(Refusal(423, {"message": "Locked", "category": "LOCKED"})), 0.0
            case "477":
                wait = {"Retry-After": str(self.switches.migration_wait_s)}
                moving = Refusal(477, {"message": "Migration in progress"}, headers=wait)
                return _json(moving), 0.0
            case "524":
                return _page(524, "A timeout occurred"), self.switches.gateway_delay_s
            case "500_html":
                return _page(500, "Internal Server Error"), 0.0
            case _:
                return _page(int(kind), "Bad gateway"), 0.0


def _json(refusal: Refusal) -> Response:
    body = refusal.body if isinstance(refusal.body, Mapping) else {}
    sent = orjson.dumps({"status": "error", **body, "correlationId": str(uuid.uuid4())})
    return Response(sent, refusal.status, refusal.headers, "application/json;charset=utf-8")


def _page(status: int, title: str) -> Response:
    return HTMLResponse(f"<html><body><h1>{status} {title}</h1></body></html>", status)
