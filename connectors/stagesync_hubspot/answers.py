"""Answers as they came, and what they say: bodies, headers, and failures below HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import urllib3

from stagesync.connector import AnswerUnreadable, Unavailable, without_secrets
from stagesync_hubspot import failures
from stagesync_hubspot.auth import Outcome


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it came.

    Attributes:
        data: the body, decompressed.
    """

    status: int
    headers: Mapping[str, str]
    data: bytes = field(repr=False)
    url: str


def outcome(answer: Raw) -> Outcome:
    """What a way of logging in is told of it."""
    if answer.status != 401:
        return Outcome(answer.status)
    return Outcome(401, str(failures.envelope(answer.data).get("category") or ""))


def read(answer: Raw, *, searching: bool = False) -> failures.Answer:
    """As far as it can be read; of a refusal without our secrets."""
    return failures.Answer(
        status=answer.status,
        headers={name.casefold(): without_secrets(value) for name, value in answer.headers.items()},
        body=failures.envelope(_shown(answer)),
        place=_place(answer),
        searching=searching,
    )


def _shown(answer: Raw) -> bytes:
    """The body; of a refusal without our secrets, should it repeat them: its words go on into messages."""
    if answer.status < 300:
        return answer.data
    return without_secrets(answer.data.decode("utf-8", "replace")).encode("utf-8", "replace")


def decoded(answer: Raw) -> dict[str, Any]:
    """Its JSON object.

    Raises:
        AnswerUnreadable: it holds none.
    """
    body = failures.envelope(answer.data)
    if not body:
        raise AnswerUnreadable(
            f"HubSpot answered {_place(answer)} with something that is no JSON object"
        )
    return dict(body)


def _place(answer: Raw) -> str:
    """The path without its query, which may hold values."""
    return urlsplit(answer.url).path


def unreachable(error: urllib3.exceptions.HTTPError) -> Unavailable:
    """What a failure below HTTP means; its own words may hold addresses and headers."""
    cause = getattr(error, "reason", None) or error
    if isinstance(cause, urllib3.exceptions.SSLError):
        return Unavailable(
            "HubSpot's certificate cannot be trusted from here",
            hint="check the address in `url` and this machine's certificates",
        )
    message = f"HubSpot gave no answer ({type(cause).__name__})"
    return Unavailable(message, retry_after_s=failures.FAULT_DELAY_S)


def count(text: str | None) -> int | None:
    """A number of calls; None for whatever is none."""
    return int(text) if text and re.fullmatch("[0-9]{1,15}", text) else None


def date_s(text: str | None) -> float | None:
    """Unix seconds of a header that tells an instant; None for whatever is none."""
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except ValueError:
        return None
