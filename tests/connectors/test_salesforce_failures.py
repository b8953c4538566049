"""What each answer that is no success means."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from stagesync.connector import (
    AnswerUnreadable,
    CredentialsRefused,
    FieldMissing,
    PermissionMissing,
    QuotaExhausted,
    Refusal,
    RequestRefused,
    Throttled,
    Unavailable,
)
from stagesync_salesforce.api import refusal_of
from stagesync_salesforce.failures import (
    QueryExpired,
    SessionExpired,
    failure_of,
    failure_of_transport,
)


def body(code: str, message: str = "") -> list[dict[str, Any]]:
    return [{"errorCode": code, "message": message}]


HIDDEN = (
    "\nselect X__c from Lead\n ^\nERROR at Row:1:Column:8\nNo such column 'X__c' on entity 'Lead'."
)


@pytest.mark.parametrize(
    ("status", "content", "expected", "retry_after_s"),
    [
        (401, body("INVALID_SESSION_ID", "Session expired or invalid"), SessionExpired, None),
        (401, {"error": "invalid"}, SessionExpired, None),
        (401, "", SessionExpired, None),
        (403, "Bad_OAuth_Token", SessionExpired, None),
        (
            401,
            body("INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
            CredentialsRefused,
            None,
        ),
        (
            401,
            body("INVALID_SESSION_ID", "Connected app is not attached to Agent"),
            CredentialsRefused,
            None,
        ),
        (403, body("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), QuotaExhausted, 900),
        (
            403,
            body(
                "REQUEST_LIMIT_EXCEEDED",
                "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            ),
            Throttled,
            3,
        ),
        (
            403,
            body("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded"),
            Throttled,
            3,
        ),
        (403, body("API_DISABLED_FOR_ORG"), PermissionMissing, None),
        (400, body("INSUFFICIENT_ACCESS_OR_READONLY"), PermissionMissing, None),
        (403, "<html>no</html>", PermissionMissing, None),
        (400, body("INVALID_FIELD", HIDDEN), FieldMissing, None),
        (400, body("INVALID_FIELD", "something else"), RequestRefused, None),
        (400, body("INVALID_QUERY_LOCATOR"), QueryExpired, None),
        (400, body("MALFORMED_QUERY", "unexpected token"), RequestRefused, None),
        (400, body("QUERY_TIMEOUT"), Unavailable, 1),
        (400, body("UNABLE_TO_LOCK_ROW"), Unavailable, 1),
        (503, body("SERVER_UNAVAILABLE"), Unavailable, 1),
        (500, body("UNKNOWN_EXCEPTION"), Unavailable, 1),
        (500, "<html>oops</html>", Unavailable, 1),
        (502, "", Unavailable, 1),
        (504, None, Unavailable, 1),
        (420, "", Unavailable, 1),
        (429, "", Throttled, 1),
        (404, body("NOT_FOUND"), RequestRefused, None),
        (410, body("GONE"), RequestRefused, None),
        (418, [], RequestRefused, None),
        (418, [3], RequestRefused, None),
    ],
)
def test_every_answer_has_one_meaning(
    status: int, content: Any, expected: type[Exception], retry_after_s: float | None
) -> None:
    """Status, code and message together decide the error and when to come back."""
    failure = failure_of(status, content)
    assert (expected, retry_after_s) == (type(failure), failure.retry_after_s)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (HIDDEN, "no field X__c on lead"),
        ("No such column 'x' on sobject of type Contact", "no field x on contact"),
        ("No such column 'Foo' on entity 'Campaign'. If", "no field Foo on Campaign"),
        ("Didn't understand relationship 'Nope' in field path.", "no field Nope on the object"),
    ],
)
def test_unknown_field_is_named(message: str, words: str) -> None:
    """The object by our name and the field by the vendor's stand in the message."""
    assert words in str(failure_of(400, body("INVALID_FIELD", message)))


def test_message_of_a_write_is_not_repeated() -> None:
    """A parser's complaint may quote a person's data, so only its code goes on."""
    failure = failure_of(400, body("JSON_PARSER_ERROR", "near ann@example.com"))
    assert str(failure) == "Salesforce refuses a request (JSON_PARSER_ERROR)"


@pytest.mark.parametrize(
    ("error", "expected", "retry_after_s"),
    [
        (requests.exceptions.ReadTimeout(), Unavailable, 1.0),
        (requests.exceptions.ConnectTimeout(), Unavailable, 1.0),
        (requests.exceptions.ConnectionError(), Unavailable, 1.0),
        (requests.exceptions.ChunkedEncodingError(), Unavailable, 1.0),
        (requests.exceptions.SSLError(), Unavailable, None),
        (ValueError(), AnswerUnreadable, 1.0),
    ],
)
def test_failures_below_http(
    error: Exception, expected: type[Exception], retry_after_s: float | None
) -> None:
    """Silence and cut connections are worth another try; a certificate is not."""
    failure = failure_of_transport(error)
    assert (expected, retry_after_s) == (type(failure), failure.retry_after_s)


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("CANNOT_UPDATE_CONVERTED_LEAD", "", Refusal.CONVERTED),
        ("ENTITY_IS_DELETED", "", Refusal.GONE),
        ("NOT_FOUND", "", Refusal.GONE),
        ("UNABLE_TO_LOCK_ROW", "", Refusal.LOCKED),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: UNABLE_TO_LOCK_ROW, x", Refusal.LOCKED),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: limit", Refusal.OTHER),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "", Refusal.INVALID),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "", Refusal.INVALID),
        ("STRING_TOO_LONG", "", Refusal.INVALID),
        ("DUPLICATE_VALUE", "", Refusal.INVALID),
        ("DUPLICATES_DETECTED", "", Refusal.INVALID),
        ("REQUIRED_FIELD_MISSING", "", Refusal.INVALID),
        ("INVALID_FIELD_FOR_INSERT_UPDATE", "", Refusal.FORBIDDEN),
        ("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "", Refusal.FORBIDDEN),
        ("SOMETHING_NEW", "", Refusal.OTHER),
    ],
)
def test_row_codes(code: str, message: str, expected: Refusal) -> None:
    """Each status code of a row has one meaning, unknown ones the catch-all."""
    assert expected is refusal_of(code, message)
