"""What a simulator offers to the shared control calls and to the middleware."""

from collections.abc import Mapping
from typing import Any, Protocol

from starlette.responses import Response

from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.faults import Faults
from stagesync.sandbox.journal import RequestLog
from stagesync.sandbox.settings import Switches

ACTORS = ("human", "other_app")


class Simulator(Protocol):
    """One simulated CRM.

    `edit`, `convert`, `merge` and `delete` raise ValueError for what makes no sense and
    LookupError for a record or object that does not exist; both messages reach the caller.
    """

    @property
    def clock(self) -> SimClock:
        """The simulated time."""

    @property
    def log(self) -> RequestLog:
        """The requests served so far."""

    @property
    def faults(self) -> Faults:
        """The failures that wait for requests."""

    @property
    def switches(self) -> Switches:
        """What the documents leave open."""

    def edit(
        self, object_name: str, record_id: str, *, properties: Mapping[str, Any], actor: str
    ) -> None:
        """Changes a record as a person ("human") or as another integration ("other_app") would."""

    def convert(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Turns a lead into a contact, as a person does in the CRM."""

    def merge(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Merges two records, as a person does in the CRM."""

    def delete(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Deletes a record, as a person does in the CRM."""

    def state(self) -> dict[str, Any]:
        """Counts per object, limits and how much of them is used."""

    def fault_answer(self, kind: str, *, method: str, path: str) -> tuple[Response, float]:
        """The vendor's own answer for a fault, and the seconds to wait before giving it.

        Asked for every kind of `faults.kinds` but `timeout`, `cut_before`, `cut_after`, `slow`.
        """
