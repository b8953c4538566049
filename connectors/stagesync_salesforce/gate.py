"""The one way out to Salesforce: what is not on the list of what this connector sends never leaves.

The same credentials may delete, merge and empty the recycle bin, in many ways: by the method, by a POST that
stands for another one, inside a composite call, by a Bulk job, by SOAP. So the body counts as well as the path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import unquote, urlsplit

import orjson

from stagesync.connector import RequestRefused
from stagesync_salesforce import api

OVERRIDES = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})
"""Headers by which a POST may stand for another method."""

_METHOD_IN_URL = re.compile(r"_HttpMethod", re.IGNORECASE)
_DATA = re.compile(r"/services/data/v\d+\.\d/(.+)")
_ID = r"[A-Za-z0-9]+"
_SETUP = "PermissionSet|FieldPermissions|PermissionSetAssignment"
_SOAP_CALL = re.compile(rb"<(?:[\w.-]+:)?Body\b[^>]*>\s*<(?:[\w.-]+:)?(\w+)[\s>]")

Check = Callable[[object], bool]
"""Whether the body is one that this connector sends."""


def refuse_unwanted(
    method: str,
    url: str,
    *,
    body: bytes | str | Iterable[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Stops what this connector never sends.

    Raises:
        RequestRefused: it is none of its requests.
    """
    split = urlsplit(url)
    raw = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""
    known = {
        api.TOKEN_PATH: lambda: method == "POST",
        "soap": lambda: method == "POST" and _is_login(raw),
    }
    place = "soap" if split.path.startswith(api.SOAP_PATH) else split.path
    if any(name.lower() in OVERRIDES for name in headers or {}):
        raise _refused()
    if place in known:
        if not known[place]():
            raise _refused()
        return
    rest = f"{split.path}?{split.query}" if split.query else split.path
    refuse_part(method, rest, body=_decoded(raw))


def refuse_part(method: str, path: str, *, body: object = None) -> None:
    """Stops a REST call, or one inside a composite call.

    Args:
        path: from the root, with its query.
        body: before it becomes JSON; bytes are rows of a Bulk job.

    Raises:
        RequestRefused: it is none of this connector's requests.
    """
    bare, _, query = path.partition("?")
    if _METHOD_IN_URL.search(unquote(query)):
        raise _refused()
    if method == "GET":
        return
    inside = _DATA.fullmatch(bare)
    for known, pattern, fits in _SENDABLE:
        if inside and method == known and re.fullmatch(pattern, inside[1]):
            if fits(body):
                return
            break
    raise _refused()


def _refused() -> RequestRefused:
    return RequestRefused("stagesync never deletes or merges records in a CRM")


def _is_login(raw: bytes) -> bool:
    """A SOAP envelope with one call, which is `login`."""
    found = _SOAP_CALL.findall(raw)
    return found == [b"login"] and raw.count(b"<!") == 0


def _decoded(raw: bytes) -> object:
    """The body as it was before it became JSON; bytes that are none stay bytes."""
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        return raw


def _any(_body: object) -> bool:
    return True


def _parts(body: object) -> bool:
    """Each part of a composite call is itself on the list, and none is composite."""
    listed = body.get("compositeRequest") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        return False
    for part in listed:
        if not isinstance(part, dict) or str(part.get("url")).endswith(api.COMPOSITE):
            return False
        headers = part.get("httpHeaders") or {}
        if any(name.lower() in OVERRIDES for name in headers):
            return False
        refuse_part(str(part.get("method")), str(part.get("url")), body=part.get("body"))
    return True


def _gets(body: object) -> bool:
    """A batch call that only reads."""
    listed = body.get("batchRequests") if isinstance(body, dict) else None
    return isinstance(listed, list) and all(
        isinstance(part, dict)
        and part.get("method") == "GET"
        and not _METHOD_IN_URL.search(unquote(str(part.get("url"))))
        for part in listed
    )


def _updates(body: object) -> bool:
    return isinstance(body, dict) and body.get("operation") == "update"


def _queries(body: object) -> bool:
    return isinstance(body, dict) and body.get("operation") in {"query", "queryAll"}


def _ends_job(body: object) -> bool:
    return isinstance(body, dict) and body.get("state") in {"UploadComplete", "Aborted"}


_SENDABLE: tuple[tuple[str, str, Check], ...] = (
    ("POST", api.COMPOSITE, _parts),
    ("POST", api.BATCH, _gets),
    # Many records are read by a POST of their ids, and changed by a PATCH of their values.
    ("POST", rf"{api.COLLECTIONS}/\w+", _any),
    ("PATCH", api.COLLECTIONS, _any),
    ("POST", api.QUERY_JOBS, _queries),
    ("PATCH", rf"{api.QUERY_JOBS}/{_ID}", _ends_job),
    ("POST", api.INGEST_JOBS, _updates),
    ("PUT", rf"{api.INGEST_JOBS}/{_ID}/batches", _any),
    ("PATCH", rf"{api.INGEST_JOBS}/{_ID}", _ends_job),
    # What `setup` makes.
    ("POST", api.CUSTOM_FIELDS, _any),
    ("PATCH", rf"{api.CUSTOM_FIELDS}/{_ID}", _any),
    ("POST", rf"sobjects/(?:{_SETUP})", _any),
    ("PATCH", rf"sobjects/FieldPermissions/{_ID}", _any),
)
"""Everything this connector sends besides reading: method, path below the version, and what its body must be."""
