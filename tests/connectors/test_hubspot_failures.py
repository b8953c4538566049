"""What HubSpot's refusals become; bodies as its documentation and recordings show them."""

from datetime import UTC, datetime

import pytest

from stagesync.connector import (
    CredentialsRefused,
    PermissionMissing,
    QuotaExhausted,
    Throttled,
    Unavailable,
)
from stagesync_hubspot.failures import Answer, Refused, envelope, error_of

NOON = datetime(2026, 11, 20, 11, tzinfo=UTC).timestamp()
DAILY = {"message": "You have reached your daily limit.", "policyName": "DAILY"}
BURST = {
    "message": "You have reached your ten_secondly_rolling limit.",
    "policyName": "TEN_SECONDLY_ROLLING",
}
SECOND = {
    "message": "You have reached your secondly limit.",
    "errorType": "RATE_LIMIT",
    "policyName": "SECONDLY",
}
OLD_SECOND = {"message": "You have reached your secondly limit.", "category": "RATE_LIMITS"}


def error(status, body=None, *, headers=None, searching=False, zone=""):
    answer = Answer(status, headers or {}, body or {}, "crm/objects", searching)
    return error_of(answer, now_s=NOON, time_zone=zone)


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "delay_s"),
    [
        (429, BURST, {}, Throttled, 10.0),
        (429, SECOND, {}, Throttled, 1.0),
        (429, OLD_SECOND, {}, Throttled, 1.0),
        (429, {}, {}, Throttled, 10.0),
        (429, BURST, {"retry-after": "3"}, Throttled, 3.0),
        (429, DAILY, {}, QuotaExhausted, 3600.0),
        (429, {}, {"x-hubspot-ratelimit-daily-remaining": "0"}, QuotaExhausted, 3600.0),
        (423, {}, {}, Throttled, 2.0),
        (477, {}, {"retry-after": "86400"}, Throttled, 86400.0),
        (500, {}, {}, Unavailable, 1.0),
        (502, {}, {}, Unavailable, 1.0),
        (524, {}, {}, Unavailable, 1.0),
        (401, {"category": "EXPIRED_AUTHENTICATION"}, {}, CredentialsRefused, None),
        (530, {}, {}, CredentialsRefused, None),
        (403, {}, {}, PermissionMissing, None),
        (404, {}, {}, Refused, None),
    ],
)
def test_each_status_says_whether_trying_again_helps(status, body, headers, kind, delay_s):
    """The error's kind and delay follow from status, policy and Retry-After."""
    found = error(status, body, headers=headers)
    assert (kind, delay_s) == (type(found), found.retry_after_s)


def test_nameless_429_of_a_search_waits_a_second():
    """A search has its own limit; a 429 without words then means that one."""
    assert 1.0 == error(429, searching=True).retry_after_s


@pytest.mark.parametrize(
    ("zone", "delay_s"), [("Europe/Paris", 12 * 3600), ("UTC", 13 * 3600), ("Nowhere/At all", 3600)]
)
def test_daily_quota_returns_at_the_midnight_of_the_account(zone, delay_s):
    """The day ends in the account's time zone; without a known one it is asked again hourly."""
    assert delay_s == error(429, DAILY, zone=zone).retry_after_s


@pytest.mark.parametrize(
    "body",
    [
        {"category": "MISSING_SCOPES", "context": {"requiredGranularScopes": ["x.read", "y.read"]}},
        {"errors": [{"context": {"requiredGranularScopes": ["x.read", "y.read"]}}]},
    ],
)
def test_both_forms_of_403_name_the_scopes(body):
    """The scopes are found in the body's context and in that of its first error."""
    assert "lacks the scope x.read or y.read" in str(error(403, body))


def test_no_address_of_a_person_leaves_the_body():
    """The vendor's words go on, e-mail addresses in them do not."""
    body = {"errors": [{"code": "INVALID_EMAIL", "message": 'Email "jo@x.example" is invalid'}]}
    found = error(400, body)
    assert ("INVALID_EMAIL", True, False) == (
        found.code,
        'Email "(address)" is invalid' in str(found),
        "jo@" in str(found),
    )


@pytest.mark.parametrize("data", [b"", b"<html>", b"[1]", b"null", b"\xff\xfe"])
def test_body_that_is_no_object_is_empty(data):
    """HTML and anything else that is no JSON object reads as an empty envelope."""
    assert {} == envelope(data)


def test_properties_are_named_with_their_codes():
    """A refusal tells which property is wrong in which way."""
    errors = [
        {"code": "INVALID_OPTION", "context": {"propertyName": ["a"]}},
        {"code": "READ_ONLY_VALUE", "context": {"propertyName": ["b"]}},
    ]
    found = error(400, {"errors": errors})
    assert {"a": "INVALID_OPTION", "b": "READ_ONLY_VALUE"} == found.codes
