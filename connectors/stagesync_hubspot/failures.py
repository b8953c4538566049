"""What HubSpot's refusals mean, as errors of the contract.

Bodies hold personal data: only codes, scopes and texts without addresses go on from here.
Source: https://developers.hubspot.com/docs/api-reference/error-handling (seen 2026-11)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from stagesync.connector import (
    AnswerUnreadable,
    CredentialsRefused,
    CrmError,
    PermissionMissing,
    QuotaExhausted,
    RequestRefused,
    Throttled,
    Unavailable,
    without_secrets,
)

FAULT_DELAY_S = 1.0
LOCKED_DELAY_S = 2.0
MIGRATION_DELAY_S = 60.0
BURST_DELAY_S = 10.0
SECOND_DELAY_S = 1.0
DAY_UNKNOWN_S = 3_600.0

_ADDRESS = re.compile(r"[^\s\"'<>(),;:\[\]]+@[^\s\"'<>(),;:\[\]]+")
_LONGEST_MESSAGE = 500


class Refused(RequestRefused):
    """HubSpot refused a request as it stands.

    Attributes:
        status: of the answer.
        codes: what is wrong with each property it names; empty when it names none.
    """

    def __init__(self, message: str, *, code: str, status: int, codes: Mapping[str, str]) -> None:
        super().__init__(message, code=code)
        self.status = status
        self.codes = codes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no success, as far as it can be read.

    Attributes:
        headers: by lower-case name.
        body: the envelope; empty when it is HTML or no object.
        place: method and path, for messages.
        searching: whether it was a search, which has a limit of its own and no headers.
    """

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any] = field(repr=False)
    place: str
    searching: bool = False

    @property
    def correlation_id(self) -> str:
        """HubSpot's name for this exchange, which its support asks for."""
        header = self.headers.get("x-hubspot-correlation-id", "")
        return str(self.body.get("correlationId") or header)

    @property
    def category(self) -> str:
        """HubSpot's class of the error; empty when it gives none."""
        return str(self.body.get("category") or self.body.get("errorType") or "")


def envelope(data: bytes) -> Mapping[str, Any]:
    """The body as an object; empty for HTML and for anything else that is none."""
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turns the failure to find in an answer what every such answer has into our own error."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AnswerUnreadable(f"HubSpot sent {what} that cannot be read") from error


def without_addresses(text: object) -> str:
    """The vendor's words with every e-mail address and secret taken out, cut to a readable length."""
    # Cut first: the search for addresses takes the square of the length. A half one at the cut goes, too.
    whole = without_secrets(str(text or ""))
    said = whole[: 2 * _LONGEST_MESSAGE]
    if len(said) < len(whole):
        said = said.rpartition(" ")[0]
    return _ADDRESS.sub("(address)", said)[:_LONGEST_MESSAGE]


def error_of(answer: Answer, *, now_s: float, time_zone: str) -> CrmError:
    """The error that this answer stands for.

    Args:
        now_s: Unix seconds.
        time_zone: the account's, by IANA name; empty when unknown.
    """
    match answer.status:
        case 401 | 530:
            # 530 is what the network in front of HubSpot answers to a malformed token.
            return CredentialsRefused(
                f"HubSpot does not accept the token ({answer.category or answer.status})",
                hint="make a new service key in HubSpot and put it where `token` is read from; an app"
                " is installed anew",
            )
        case 403:
            return _permission(answer)
        case 429:
            return _throttled(answer, now_s=now_s, time_zone=time_zone)
        case 423:
            delay = _retry_after_s(answer) or LOCKED_DELAY_S
            return Throttled("HubSpot has locked what was asked for", retry_after_s=delay)
        case 477:
            delay = _retry_after_s(answer) or MIGRATION_DELAY_S
            return Throttled("HubSpot is moving this account", retry_after_s=delay)
        case status if status >= 500:
            delay = _retry_after_s(answer) or FAULT_DELAY_S
            message = f"HubSpot answered {status} to {answer.place}"
            return Unavailable(message, retry_after_s=delay)
        case status if status >= 400:
            return refused(answer)
        case status:
            return AnswerUnreadable(f"HubSpot answered {status} to {answer.place}")


def refused(answer: Answer) -> Refused:
    """A request that HubSpot will not take however often it is sent."""
    first = next(iter(_errors(answer.body)), {})
    code = str(first.get("code") or first.get("subCategory") or answer.category)
    words = without_addresses(first.get("message") or answer.body.get("message"))
    return Refused(
        f"HubSpot refused {answer.place}: {words or f'status {answer.status}'}",
        code=code,
        status=answer.status,
        codes=_codes(answer.body),
    )


def _codes(body: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(name): str(error.get("code") or "")
        for error in _errors(body)
        for name in (error.get("context") or {}).get("propertyName") or ()
    }


def _permission(answer: Answer) -> PermissionMissing:
    """Both forms: the scopes stand in the body's own context or in that of its first error."""
    contexts = [answer.body.get("context"), *(one.get("context") for one in _errors(answer.body))]
    scopes = [
        str(scope)
        for context in contexts
        for scope in (context or {}).get("requiredGranularScopes") or ()
    ]
    if not scopes:
        return PermissionMissing(f"HubSpot forbids {answer.place}")
    named = " or ".join(dict.fromkeys(scopes))
    return PermissionMissing(
        f"HubSpot forbids {answer.place}: the token lacks the scope {named}",
        hint="add the scope to the service key; any one of those named is enough",
    )


def _throttled(answer: Answer, *, now_s: float, time_zone: str) -> CrmError:
    told = _retry_after_s(answer)
    words = f"{answer.body.get('policyName') or ''} {answer.body.get('message') or ''}".casefold()
    if "daily" in words or answer.headers.get("x-hubspot-ratelimit-daily-remaining") == "0":
        delay = told or until_midnight_s(now_s, time_zone)
        return QuotaExhausted("HubSpot: the day's calls are used up", retry_after_s=delay)
    per_second = "secondly" in words and "ten_secondly" not in words
    # Older bodies name no policy; then the kind of request tells which limit it was.
    unnamed = "secondly" not in words and answer.searching
    usual = SECOND_DELAY_S if per_second or unnamed else BURST_DELAY_S
    return Throttled("HubSpot asks to slow down", retry_after_s=told or usual)


def until_midnight_s(now_s: float, time_zone: str) -> float:
    """Seconds until the account's day ends, or an hour when its time zone is unknown."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return DAY_UNKNOWN_S
    local = datetime.fromtimestamp(now_s, UTC).astimezone(zone)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    # Through UTC: the day on which clocks change has 23 or 25 hours.
    return (midnight.astimezone(UTC) - local.astimezone(UTC)).total_seconds()


def _retry_after_s(answer: Answer) -> float | None:
    """What the answer itself says; None when it says nothing that is a number of seconds."""
    text = answer.headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 < seconds < float("inf") else None


def _errors(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    errors = body.get("errors")
    return [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
