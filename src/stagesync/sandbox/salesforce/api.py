"""One REST request and its answer, apart from HTTP: a composite call makes them from its body."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from stagesync.sandbox.salesforce.errors import ApiError, bad_request


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request below ``/services/data/vXX.X/``.

    Attributes:
        path: without the version, without slashes at its ends.
        headers: by lower-case name.
        raw: the body; `parsed` takes its place in the subrequest of a composite.
        user_id: on whose behalf it runs.
    """

    method: str
    version: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    parsed: Any = None
    user_id: str = ""

    @property
    def root(self) -> str:
        """What stands before ``/sobjects`` in the url of a record."""
        return f"/services/data/v{self.version}"

    def json(self) -> Any:
        """The body.

        Raises:
            ApiError: JSON_PARSER_ERROR.
        """
        if self.parsed is not None:
            return self.parsed
        try:
            return orjson.loads(self.raw)
        except orjson.JSONDecodeError as error:
            raise bad_request("JSON_PARSER_ERROR", f"{error} at [line:1, column:1]") from error

    def json_object(self) -> dict[str, Any]:
        """The body, which must be an object.

        Raises:
            ApiError: JSON_PARSER_ERROR.
        """
        body = self.json()
        if not isinstance(body, dict):
            sentence = "The HTTP entity body is required, but this request has no entity body."
            raise bad_request("JSON_PARSER_ERROR", sentence)
        return body

    def flag_header(self, name: str, *, default: bool) -> bool:
        """A header that says TRUE or FALSE; anything else counts as true."""
        value = self.headers.get(name)
        return default if value is None else value.strip().lower() != "false"

    def sub(
        self, method: str, *, version: str, url: str, body: Any, headers: Mapping[str, str]
    ) -> "ApiRequest":
        """The request that a part of a composite stands for; `url` is below the version."""
        parts = urlsplit(url)
        return replace(
            self,
            method=method.upper(),
            version=version,
            path=parts.path.strip("/"),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers=headers,
            raw=b"",
            parsed={} if body is None else body,
        )


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """An answer; `body` None means none. `records` is what the request log shows.

    `text` stands for a body that is no JSON, but CSV.
    """

    status: int = 200
    body: Any = None
    records: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None


def refusal(error: ApiError) -> ApiAnswer:
    """The answer that an error stands for."""
    return ApiAnswer(error.status, error.body())
