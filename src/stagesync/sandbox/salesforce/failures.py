"""Answers that the fault queue can order from this simulator.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes (seen 2026-11);
texts of 500 and 503 are as others quote them, the vendor promises none.
"""

from starlette.responses import HTMLResponse, JSONResponse, Response

from stagesync.sandbox.salesforce.errors import (
    ApiError,
    Problem,
    bad_request,
    forbidden,
    invalid_session,
)
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
    match kind:
        case "429_daily" | "daily_limit":
            return total_exceeded()
        case "concurrent_limit":
            return concurrent_exceeded()
        case "long_transactions":
            message = "ConcurrentPerOrgLongTxn Limit exceeded."
            return forbidden("REQUEST_LIMIT_EXCEEDED", message)
        case "api_disabled":
            message = "The REST API is not enabled for this Organization."
            return forbidden("API_DISABLED_FOR_ORG", message)
        case "expired_token":
            return invalid_session()
        # Logging in again does not help against these two.
        case "401_not_for_rest":
            return _session("This session is not valid for use with the REST API")
        case "401_agent":
            return _session("Connected app is not attached to Agent")
        case "query_timeout":
            return bad_request("QUERY_TIMEOUT", "Your query request was running for too long.")
        case "security_metering":
            message = "The query was stopped by a transaction security policy"
            return bad_request("TXN_SECURITY_METERING_ERROR", message)
        case "500_unknown":
            return ApiError(500, [Problem("UNKNOWN_EXCEPTION", _UNKNOWN)])
        case "503":
            return ApiError(503, [Problem("SERVER_UNAVAILABLE", "Server Too Busy")])
        case "503_maintenance":
            message = "Server Unavailable: the organization is under maintenance"
            return ApiError(503, [Problem("SERVER_UNAVAILABLE", message)])
        case _:
            raise KeyError(kind)


def _session(message: str) -> ApiError:
    return ApiError(401, [Problem("INVALID_SESSION_ID", message)])
