"""One request and one answer, as the handlers see them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from stagesync.sandbox.hubspot.errors import invalid, unknown_type
from stagesync.sandbox.hubspot.hooks import Webhooks
from stagesync.sandbox.hubspot.journal_feed import Journal
from stagesync.sandbox.hubspot.model import Kind, Source, kind_named
from stagesync.sandbox.hubspot.portal import Portal


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has passed the door.

    Attributes:
        path: the parts of the address by name ("type", "id", "to", "name").
        query: every value of each query parameter.
        version: "v3", "v4", "2026-03" or "2026-09".
        app_id: of the token's owner; what its writes are signed with.
        hooks: the webhooks of the account's own app; `journal` its journal.
        base_url: how the client reached the simulator, without a slash at the end.
    """

    portal: Portal
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    raw: bytes
    version: str
    app_id: int
    base_url: str = ""
    hooks: Webhooks | None = None
    journal: Journal | None = None

    @property
    def kind(self) -> Kind:
        """The object type in the address."""
        return named_kind(self.path["type"])

    @property
    def source(self) -> Source:
        """How a write of this call is signed in the history."""
        return Source("INTEGRATION", str(self.app_id))

    def asking(self, names: Iterable[str]) -> None:
        """Remembers which properties a client has asked for; `state()` shows them."""
        self.portal.asked[self.kind.name].update(names)

    def one(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return self.query.get(name, [default])[-1]

    def many(self, name: str) -> list[str]:
        """A list parameter, whether repeated or separated by commas."""
        return [part for text in self.query.get(name, []) for part in text.split(",") if part]

    def flag(self, name: str) -> bool:
        """A true/false parameter."""
        return self.one(name).lower() == "true"

    def whole(self, name: str, default: int) -> int:
        """A whole number; the refusal is the one HubSpot's parser gives."""
        text = self.one(name, str(default))
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise invalid(f'Cannot deserialize value of type `long` from String "{text}"')
        return int(text)

    def json(self) -> dict[str, Any]:
        """The body, which must be an object."""
        body = self._parsed()
        if not isinstance(body, dict):
            raise invalid("Invalid input JSON on line 1, column 1: Expected an object")
        return body

    def json_list(self) -> list[Any]:
        """The body, which must be a list."""
        body = self._parsed()
        if not isinstance(body, list):
            raise invalid("Invalid input JSON on line 1, column 1: Expected a list")
        return body

    def _parsed(self) -> Any:
        try:
            return orjson.loads(self.raw)
        except orjson.JSONDecodeError as error:
            raise invalid("Invalid input JSON on line 1, column 1: Unable to parse body") from error

    def inputs(self, limit: int = 100) -> list[dict[str, Any]]:
        """The inputs of a batch call."""
        inputs = self.json().get("inputs")
        if not isinstance(inputs, list) or not all(isinstance(item, dict) for item in inputs):
            raise invalid("Invalid input JSON: Some required fields were not set: [inputs]")
        if len(inputs) > limit:
            raise invalid(f"The number of inputs ({len(inputs)}) exceeds the limit of {limit}.")
        return inputs


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives back; `records` goes into the request log."""

    body: Any = None
    status: int = 200
    records: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


Endpoint = Callable[[Call], Answer]


def named_kind(name: str) -> Kind:
    """The object type of this name.

    Raises:
        Refusal: 400, when HubSpot knows none.
    """
    kind = kind_named(name)
    if kind is None:
        raise unknown_type(name)
    return kind


def record_id(text: Any) -> int | None:
    """A record id as number; None when it is none."""
    shown = str(text)
    return int(shown) if shown.isascii() and shown.isdigit() else None


def names(value: Any, what: str) -> list[str]:
    """A JSON list of names; absent means empty."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid(f"Invalid input JSON: {what} must be a list of text")
    return value
