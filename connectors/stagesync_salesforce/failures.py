"""From an answer that is no success to our error.

An error body is mostly a list of `{"message", "errorCode", "fields"}`, but a login answers one
object, a gateway HTML, and some answers are empty: nothing here relies on a shape.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes (seen 2026-11)
"""

from __future__ import annotations

import re

import requests

from stagesync.connector import (
    AnswerUnreadable,
    CredentialsRefused,
    CrmError,
    FieldMissing,
    PermissionMissing,
    QuotaExhausted,
    RequestRefused,
    Throttled,
    Unavailable,
    without_secrets,
)
from stagesync_salesforce import api

BUSY_RETRY_S = 1.0
CROWDED_RETRY_S = 3.0
QUOTA_RETRY_S = 900.0

_UNKNOWN_FIELD = (
    re.compile(
        r"No such column '(?P<field>[^']+)' on (?:entity|sobject of type) '?(?P<object>\w+)"
    ),
    re.compile(r"Didn't understand relationship '(?P<field>[^']+)'"),
)
_SESSION_WORDS = ("INVALID_SESSION_ID", "Bad_OAuth_Token", "LOGIN_OAUTH_INVALID_TOKEN")


class SessionExpired(CredentialsRefused):
    """The session is over; logging in once more may help."""


class QueryExpired(CrmError):
    """The rest of a query cannot be fetched any more; the query has to be asked anew."""


def first_problem(content: object) -> tuple[str, str]:
    """Code and message of an error body of any shape, no secret among them; empty where there is none."""
    code, message = _first_problem(content)
    return without_secrets(code), without_secrets(message)


def _first_problem(content: object) -> tuple[str, str]:
    if isinstance(content, list) and content:
        content = content[0]
    if isinstance(content, dict):
        code = content.get("errorCode") or content.get("statusCode") or content.get("error") or ""
        return str(code), str(content.get("message") or "")
    return "", content if isinstance(content, str) else ""


def failure_of(status: int, content: object) -> CrmError:
    """The error that an HTTP status and its body mean.

    Args:
        content: the decoded JSON body, else its text.
    """
    code, message = first_problem(content)
    if status == 401 or any(word in (code, *message.split()) for word in _SESSION_WORDS):
        return _of_session(message)
    if code == "REQUEST_LIMIT_EXCEEDED":
        return _of_limit(message)
    if code == "INVALID_QUERY_LOCATOR":
        return QueryExpired("Salesforce has forgotten the rest of a query")
    if code == "INVALID_FIELD":
        return _of_field(message)
    if code in api.FORBIDDEN_CODES or code.startswith("INSUFFICIENT_ACCESS"):
        return _forbidden(code)
    if status in api.BUSY_STATUSES or code in api.BUSY_CODES:
        return _busy(status, code)
    if status == 403:
        return _forbidden(code or "403")
    return _of_request(status, code=code, message=message)


def _of_session(message: str) -> CrmError:
    if any(words in message for words in api.HOPELESS_SESSIONS):
        return CredentialsRefused(
            "Salesforce does not let this session use the REST API",
            hint="check the app's scopes (api), its policies and its allowed addresses",
        )
    return SessionExpired("Salesforce refuses the session, also after a new login")


def _of_limit(message: str) -> CrmError:
    if "Concurrent" in message:
        return Throttled(
            "too many long requests run in the org at the same time",
            retry_after_s=CROWDED_RETRY_S,
        )
    return QuotaExhausted(
        "the org's API requests of the last 24 hours are used up",
        hint="see Setup > Company Information > API Requests; calls go on when some are free again",
        retry_after_s=QUOTA_RETRY_S,
    )


def _of_field(message: str) -> CrmError:
    for pattern in _UNKNOWN_FIELD:
        if found := pattern.search(message):
            parts = found.groupdict()
            return unknown_field(parts.get("object", ""), parts["field"])
    return _of_request(400, code="INVALID_FIELD", message=message)


def unknown_field(object_name: str, field: str) -> FieldMissing:
    """The error about a field; `object_name` is the vendor's."""
    ours = api.OUR_NAME.get(object_name, object_name) or "the object"
    return FieldMissing(
        f"Salesforce shows no field {field} on {ours}",
        hint="correct the mapping, or give our user read access to the field",
    )


def _forbidden(code: str) -> CrmError:
    return PermissionMissing(
        f"Salesforce forbids a call to this user ({code})",
        hint="give the run-as user API access and a permission set that covers the objects",
    )


def _busy(status: int, code: str) -> CrmError:
    what = f"Salesforce cannot answer now (HTTP {status}{', ' + code if code else ''})"
    if status == 429:
        return Throttled(what, retry_after_s=BUSY_RETRY_S)
    return Unavailable(what, retry_after_s=BUSY_RETRY_S)


def _of_request(status: int, *, code: str, message: str) -> CrmError:
    words = f": {' '.join(message.split())}" if code in api.SPEAKING_CODES and message else ""
    hint = "the API version may be retired: set api_version" if status == 410 else None
    name = code or f"HTTP {status}"
    return RequestRefused(f"Salesforce refuses a request ({name}){words}", code=code, hint=hint)


def failure_of_transport(error: Exception) -> CrmError:
    """The error that a failure below HTTP means."""
    if isinstance(error, requests.exceptions.SSLError):
        return Unavailable("the TLS certificate of Salesforce cannot be trusted")
    if isinstance(error, requests.exceptions.Timeout):
        return Unavailable("Salesforce does not answer in time", retry_after_s=BUSY_RETRY_S)
    if isinstance(error, requests.exceptions.RequestException):
        return Unavailable("the connection to Salesforce broke", retry_after_s=BUSY_RETRY_S)
    return AnswerUnreadable("Salesforce answered no JSON", retry_after_s=BUSY_RETRY_S)
