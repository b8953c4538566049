"""The simulated Salesforce org as the sandbox holds it."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.journal import RequestLog
from stagesync.sandbox.salesforce.admin import edit_options, edit_schema
from stagesync.sandbox.salesforce.api import ApiAnswer, ApiRequest
from stagesync.sandbox.salesforce.bulk.jobs import Jobs
from stagesync.sandbox.salesforce.bulk.loading import run_ingest
from stagesync.sandbox.salesforce.bulk.query import run_query
from stagesync.sandbox.salesforce.changes import ChangeLog
from stagesync.sandbox.salesforce.convert import convert_lead, live_row
from stagesync.sandbox.salesforce.errors import ApiError, RowRefusedError
from stagesync.sandbox.salesforce.failures import ENDS_SESSIONS, OWN_FAULTS, answer_fault
from stagesync.sandbox.salesforce.features import refresh
from stagesync.sandbox.salesforce.furnish import furnish, load_seed, refresh_lead_status
from stagesync.sandbox.salesforce.grants import Door, make_app
from stagesync.sandbox.salesforce.housekeeping import archive, empty_bin, forget_history
from stagesync.sandbox.salesforce.importing import ORIGIN, import_rows
from stagesync.sandbox.salesforce.incoming import read_values
from stagesync.sandbox.salesforce.limits import DailyLimit
from stagesync.sandbox.salesforce.locks import SalesforceFaults
from stagesync.sandbox.salesforce.merge import delete_by_hand, merge_records, undelete_by_hand
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.query import Cursors
from stagesync.sandbox.salesforce.routes import Backend, serve
from stagesync.sandbox.salesforce.sessions import RefreshTokens, Sessions
from stagesync.sandbox.salesforce.switches import SalesforceSwitches
from stagesync.sandbox.salesforce.values import day_of
from stagesync.sandbox.salesforce.writing import WriteOptions, update_row
from stagesync.sandbox.seeds import SalesforceSeed

_MINUTE_S = 60.0


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
        self.org.changes = ChangeLog()
        self.sessions = Sessions(self.org)
        self.door = Door(self.org, self.app, self.sessions, RefreshTokens(self.org))
        self.actors = ("human", "other_app", "automation")
        self._limit = DailyLimit(clock=self.clock, switches=self.switches)
        self._jobs = Jobs(self.org, runs={"query": run_query, "ingest": run_ingest})
        self._backend = Backend(self.org, Cursors(self.org), self._limit, self._jobs)
        self._lock = threading.RLock()
        self._archived_on = day_of(self.clock.now())
        self._swept_at = self.clock.now()
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

    def logins(self) -> dict[str, Any]:
        """Every way to log in: what `credentials` tells, and a user's name, password and token."""
        user = self.org.table("User").rows[self.org.user_id]
        return self.credentials() | {
            "username": user["Username"],
            "password": self.app.password,
            "security_token": self.app.security_token,
        }

    def make_refresh_token(self) -> dict[str, str]:
        """A refresh token of the integration user, as a login in a browser would give."""
        with self._lock:
            return {"refresh_token": self.door.refresh_tokens.open(self.org.user_id)[0]}

    def serve(self, request: ApiRequest, *, token: str, host: str) -> tuple[ApiAnswer, str]:
        """Answers a REST request; the second value is the usage header.

        Raises:
            ApiError: when the session is not good or no request is left for today.
        """
        with self._lock:
            self._catch_up()
            session = self.sessions.use(token, host=host)
            self._limit.count()
            mine = replace(request, user_id=session.user_id)
            return serve(self._backend, mine), self._limit.header()

    def edit(
        self, object_name: str, record_id: str, *, properties: Mapping[str, Any], actor: str
    ) -> None:
        """Changes a record as a person, another integration or an automation would.

        It may commit late.
        """
        with self._lock:
            self._catch_up()
            definition = self.org.definition(object_name)
            if definition is None:
                raise LookupError(f"there is no object {object_name}")
            row = live_row(self.org, definition.name, record_id)
            user_id, origin = self._acting(actor)
            options = WriteOptions(
                user_id, auto_assign=False, allow_duplicates=True, by_api=False, late=True
            )
            self.org.origin = origin
            try:
                fields = {field.name.lower(): field for field in definition.fields.values()}
                values = read_values(definition, properties, fields=fields)
                update_row(self.org, definition, row["Id"], values=values, options=options)
            except (ApiError, RowRefusedError) as error:
                raise ValueError(str(error)) from error
            finally:
                self.org.origin = ""

    def _acting(self, actor: str) -> tuple[str, str]:
        """The user who acts, and the changeOrigin of what they do."""
        if actor == "other_app":
            return self.org.other_app_id, "com/salesforce/api/rest/64.0;client=marketing_app"
        return {"human": self.org.human_id, "automation": self.org.automation_id}[actor], ""

    def import_rows(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Imports many rows at once; see `import_rows` of the module for the payload."""
        with self._lock:
            self._catch_up()
            self.org.origin = ORIGIN
            try:
                return import_rows(self.org, payload, user_id=self.org.other_app_id)
            finally:
                self.org.origin = ""

    def edit_options(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Edits the values of a picklist, as an administrator does."""
        with self._lock:
            self._catch_up()
            return edit_options(self.org, payload)

    def edit_schema(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Deletes, retypes or hides a custom field, as an administrator does."""
        with self._lock:
            self._catch_up()
            return edit_schema(self.org, payload)

    def changes(self) -> list[dict[str, Any]]:
        """What Change Data Capture has said so far."""
        with self._lock:
            self._catch_up()
            return self.org.changes.entries(self.clock.now())

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
        if kind in ENDS_SESSIONS:
            self.sessions.end_all()
        return answer_fault(kind), 0.0

    def _catch_up(self) -> None:
        """Does what the passing of time and the switches ask for before anything is read."""
        self.org.settle()
        refresh(self.org)
        self._jobs.advance()
        refresh_lead_status(self.org)
        today = day_of(self.clock.now())
        if today != self._archived_on:
            self._archived_on = today
            archive(self.org)
            forget_history(self.org)
        if self.clock.now() - self._swept_at >= _MINUTE_S:
            self._swept_at = self.clock.now()
            empty_bin(self.org)
