"""Answers that refuse, in HubSpot's envelope. Every field of it is optional.

Source: https://developers.hubspot.com/docs/api-reference/error-handling (seen 2026-11).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.responses import HTMLResponse

HTML_404 = "<html>\n<head><title>Error 404 Not Found</title></head>\n<body><h2>HTTP ERROR 404</h2>\n</body>\n</html>\n"


class Refusal(Exception):
    """An answer with an error status.

    Attributes:
        status: the HTTP status.
        body: the JSON body without `status` and `correlationId`, or HTML text.
        headers: sent beside the usual ones.
    """

    def __init__(
        self,
        status: int,
        body: Mapping[str, Any] | str,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def invalid(message: str, **more: Any) -> Refusal:
    """400 VALIDATION_ERROR."""
    return Refusal(400, {"message": message, **more, "category": "VALIDATION_ERROR"})


def not_found(message: str = "resource not found", **more: Any) -> Refusal:
    """404 for an unknown record; `category=` makes it the form with a category."""
    return Refusal(404, {"message": message, **more})


def unknown_type(name: str) -> Refusal:
    """400 for an object type that HubSpot cannot guess."""
    return invalid(f"Unable to infer object type from: {name}")


def bad_values(problems: Iterable[Mapping[str, str]]) -> Refusal:
    """400 for property values; says which properties, never which record."""
    found = [dict(problem) for problem in problems]
    listed = ",".join(
        f'{{"isValid":false,"message":"{_escaped(p["message"])}","error":"{p["code"]}","name":"{p["name"]}"}}'
        for p in found
    )
    errors = [
        {"message": p["message"], "code": p["code"], "context": {"propertyName": [p["name"]]}}
        for p in found
    ]
    return invalid(f"Property values were not valid: [{listed}]", errors=errors)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def html_404() -> HTMLResponse:
    """What a path that does not exist answers."""
    return HTMLResponse(HTML_404, 404)
