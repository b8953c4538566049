"""The simulated Salesforce org as the sandbox holds it."""

import threading
from collections.abc import Mapping
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.journal import RequestLog
from stagesync.sandbox.salesforce.api import ApiAnswer, ApiRequest
from stagesync.sandbox.salesforce.auth import Sessions, make_app
from stagesync.sandbox.salesforce.convert import convert_lead, live_row
from stagesync.sandbox.salesforce.errors import (
    ApiError,
    Problem,
    RowRefusedError,
    bad_request,
    invalid_session,
)
from stagesync.sandbox.salesforce.furnish import archive, furnish, load_seed, refresh_lead_status
from stagesync.sandbox.salesforce.incoming import read_values
from stagesync.sandbox.salesforce.limits import DailyLimit, concurrent_exceeded, total_exceeded
from stagesync.sandbox.salesforce.locks import SalesforceFaults
from stagesync.sandbox.salesforce.merge import delete_by_hand, merge_records, undelete_by_hand
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.query import Cursors
from stagesync.sandbox.salesforce.routes import Backend, serve
from stagesync.sandbox.salesforce.switches import SalesforceSwitches
from stagesync.sandbox.salesforce.values import day_of
from stagesync.sandbox.salesforce.writing import WriteOptions, update_row
from stagesync.sandbox.seeds import SalesforceSeed

OWN_FAULTS = ("420", "concurrent_limit", "daily_limit", "lock_row", "query_timeout", "500_unknown")


class SalesforceSim:
    """One simulated org, with all that its users and its people can do to it.

    Args:
        seed: decides the org's ids and secrets, page lengths and commit lags.
    """

    def __init__(self, *, clock: SimClock | None = None, seed: int = 1) -> None:
        self.clock = clock or SimClock()
        self.switches = SalesforceSwitches()
        self.log = RequestLog()
        self.faults = SalesforceFaults(OWN_FAULTS, seed=seed)
        self.app = make_app(seed)
        self.org = Org(clock=self.clock, switches=self.switches, seed=seed)
        self.sessions = Sessions(self.org)
        self._limit = DailyLimit(clock=self.clock, switches=self.switches)
        self._backend = Backend(self.org, Cursors(self.org), self._limit)
        self._lock = threading.RLock()
        self._archived_on = day_of(self.clock.now())
        furnish(self.org)

    def load(
        self, seed: SalesforceSeed, *, users: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        """Fills the org; see `load_seed` for the arguments and what it refuses."""
        with self._lock:
            load_seed(self.org, seed, users=users)

    def credentials(self) -> dict[str, Any]:
        """What a client needs to log in, beside the address."""
        return {"client_id": self.app.client_id, "client_secret": self.app.client_secret}

    def serve(self, request: ApiRequest, *, token: str) -> tuple[ApiAnswer, str]:
        """Answers a REST request; the second value is the usage header.

        Raises:
            ApiError: when the session is not good or no request is left for today.
        """
        with self._lock:
            self._catch_up()
            self.sessions.use(token)
            self._limit.count()
            return serve(self._backend, request), self._limit.header()

    def edit(
        self, object_name: str, record_id: str, *, properties: Mapping[str, Any], actor: str
    ) -> None:
        """Changes a record as a person or another integration would; it may commit late."""
        with self._lock:
            self._catch_up()
            definition = self.org.definition(object_name)
            if definition is None:
                raise LookupError(f"there is no object {object_name}")
            row = live_row(self.org, definition.name, record_id)
            user_id = self.org.human_id if actor == "human" else self.org.other_app_id
            options = WriteOptions(
                user_id, auto_assign=False, allow_duplicates=True, by_api=False, late=True
            )
            try:
                fields = {field.name.lower(): field for field in definition.fields.values()}
                values = read_values(definition, properties, fields=fields)
                update_row(self.org, definition, row["Id"], values=values, options=options)
            except (ApiError, RowRefusedError) as error:
                raise ValueError(str(error)) from error

    def convert(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Converts a lead; see `convert_lead` for the payload."""
        with self._lock:
            self._catch_up()
            try:
                return convert_lead(self.org, payload)
            except RowRefusedError as error:
                raise ValueError(str(error)) from error

    def merge(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Merges records; see `merge_records` for the payload."""
        with self._lock:
            self._catch_up()
            return merge_records(self.org, payload)

    def delete(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Deletes the record {"object", "id"}."""
        with self._lock:
            self._catch_up()
            try:
                return delete_by_hand(self.org, payload)
            except RowRefusedError as error:
                raise ValueError(str(error)) from error

    def undelete(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Restores the record {"object", "id"}."""
        with self._lock:
            self._catch_up()
            return undelete_by_hand(self.org, payload)

    def state(self) -> dict[str, Any]:
        """Live rows per object, rows under way, sessions, and the use of the daily limit."""
        with self._lock:
            self._catch_up()
            tables = {name: self.org.table(name) for name in self.org.objects}
            return {
                "objects": {name: table.live for name, table in tables.items()},
                "deleted": {name: len(t.rows) - t.live for name, t in tables.items()},
                "uncommitted": sum(len(table.pending) for table in tables.values()),
                "custom_fields": sorted(
                    row["FullName"] for row in self.org.table("CustomField").rows.values()
                ),
                "sessions": len(self.sessions),
                "limits": {"daily": {"used": self._limit.used(), "most": self._limit.most}},
            }

    def fault_answer(self, kind: str, *, method: str, path: str) -> tuple[Response, float]:
        """The vendor's own answer for a fault, and the seconds to wait before giving it."""
        del method, path
        if kind == "expired_token":
            self.sessions.end_all()
        if kind in _PAGES:
            status, words = _PAGES[kind]
            page = f"<html><head><title>{words}</title></head><body><h1>{words}</h1></body></html>"
            return HTMLResponse(page, status), 0.0
        error = _ANSWERS[kind]()
        return JSONResponse(error.body(), error.status), 0.0

    def _catch_up(self) -> None:
        """Does what the passing of time and the switches ask for before anything is read."""
        self.org.settle()
        refresh_lead_status(self.org)
        today = day_of(self.clock.now())
        if today != self._archived_on:
            self._archived_on = today
            archive(self.org)


_PAGES = {
    "420": (420, "Enhance Your Calm"),
    "429": (429, "Too Many Requests"),
    "500_html": (500, "Internal Server Error"),
    "502": (502, "Bad Gateway"),
}


def _unavailable() -> ApiError:
    return ApiError(503, [Problem("SERVER_UNAVAILABLE", "Server Too Busy")])


def _unknown() -> ApiError:
    message = (
        "An unexpected error occurred. Please include this ErrorId if you contact support: "
        "1234567890-12345 (-1234567890)"
    )
    return ApiError(500, [Problem("UNKNOWN_EXCEPTION", message)])


def _query_timeout() -> ApiError:
    return bad_request("QUERY_TIMEOUT", "Your query request was running for too long.")


_ANSWERS = {
    "429_daily": total_exceeded,
    "500_unknown": _unknown,
    "503": _unavailable,
    "concurrent_limit": concurrent_exceeded,
    "daily_limit": total_exceeded,
    "expired_token": invalid_session,
    "query_timeout": _query_timeout,
}
