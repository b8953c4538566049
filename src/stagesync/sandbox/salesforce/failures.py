"""Answers that the fault queue can order from this simulator.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes (seen 2026-11);
texts of 500 and 503 are as others quote them, the vendor promises none.
"""

from starlette.responses import HTMLResponse, JSONResponse, Response

from stagesync.sandbox.salesforce.errors import ApiError, Problem, invalid_session
from stagesync.sandbox.salesforce.limits import concurrent_exceeded, total_exceeded

OWN_FAULTS = (
    "401_agent",
    "401_not_for_rest",
    "401_oauth_xml",
    "420",
    "500_empty",
    "500_unknown",
    "503_html",
    "503_maintenance",
    "api_disabled",
    "concurrent_limit",
    "daily_limit",
    "lock_row",
    "long_transactions",
    "query_timeout",
    "security_metering",
)
ENDS_SESSIONS = frozenset({"expired_token"})
_PAGES = {
    "420": (420, "Enhance Your Calm"),
    "429": (429, "Too Many Requests"),
    "500_html": (500, "Internal Server Error"),
    "502": (502, "Bad Gateway"),
    "503_html": (503, "Service Unavailable"),
}


def answer_fault(kind: str) -> Response:
    """The vendor's own answer for a kind of fault."""
    if kind in _PAGES:
        status, words = _PAGES[kind]
        page = f"<html><head><title>{words}</title></head><body><h1>{words}</h1></body></html>"
        return HTMLResponse(page, status)
    if kind == "500_empty":
        return Response(status_code=500)
    if kind == "401_oauth_xml":
        return Response(_XML, 401, media_type="application/xml")
    error = _error(kind)
    return JSONResponse(error.body(), error.status)


_XML = (
    '<?xml version="1.0" encoding="UTF-8"?><Errors><Error><errorCode>LOGIN_OAUTH_INVALID_TOKEN'
    "</errorCode><message>The access token provided is invalid</message></Error></Errors>"
)
_UNKNOWN = (
    "An unexpected error occurred. Please include this ErrorId if you contact support: "
    "1234567890-12345 (-1234567890)"
)


def _error(kind: str) -> ApiError:
    make = {
        "429_daily": total_exceeded,
        "daily_limit": total_exceeded,
        "concurrent_limit": concurrent_exceeded,
        "expired_token": invalid_session,
    }.get(kind)
    if make is not None:
        return make()
    status, code, message = _TEXTS[kind]
    return ApiError(status, [Problem(code, message)])


_TEXTS = {
    # Logging in again does not help against these two.
    "401_agent": (401, "INVALID_SESSION_ID", "Connected app is not attached to Agent"),
    "401_not_for_rest": (
        401,
        "INVALID_SESSION_ID",
        "This session is not valid for use with the REST API",
    ),
    "500_unknown": (500, "UNKNOWN_EXCEPTION", _UNKNOWN),
    "503": (503, "SERVER_UNAVAILABLE", "Server Too Busy"),
    "503_maintenance": (
        503,
        "SERVER_UNAVAILABLE",
        "Server Unavailable: the organization is under maintenance",
    ),
    "api_disabled": (
        403,
        "API_DISABLED_FOR_ORG",
        "The REST API is not enabled for this Organization.",
    ),
    "long_transactions": (
        403,
        "REQUEST_LIMIT_EXCEEDED",
        "ConcurrentPerOrgLongTxn Limit exceeded.",
    ),
    "query_timeout": (
        400,
        "QUERY_TIMEOUT",
        "Your query request was running for too long.",
    ),
    "security_metering": (
        400,
        "TXN_SECURITY_METERING_ERROR",
        "The query was stopped by a transaction security policy",
    ),
}
