"""The one way out to HubSpot: what is not on the list of what this connector sends never leaves.

HubSpot's write scope also covers archiving, merging and erasing, and the vendor's client has a method for each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import urllib3

from stagesync.connector import RequestRefused
from stagesync_hubspot import api

OVERRIDES = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})
"""Headers by which a POST may stand for another method."""

_NAME = r"[A-Za-z0-9_-]+"
_BLANK = re.compile(r"\{\w+\}")


class Gate(urllib3.PoolManager):
    """The pools of one connection, and the list of what may leave."""

    def __init__(self, version: str, settings: Mapping[str, Any]) -> None:
        super().__init__(**settings)
        self._version = version

    def urlopen(  # type: ignore[override]  # as urllib3 itself overrides it
        self,
        method: str,
        url: str,
        redirect: bool = True,  # noqa: FBT001, FBT002  (the signature of urllib3)
        **kw: Any,
    ) -> urllib3.BaseHTTPResponse:
        """Sends it.

        Raises:
            RequestRefused: before anything is sent, for what this connector never sends.
        """
        headers = kw.get("headers") or {}
        path = urlsplit(url).path
        if not may_leave(method, path, version=self._version) or any(
            name.lower() in OVERRIDES for name in headers
        ):
            raise RequestRefused(f"stagesync never sends {method} {path}")
        return super().urlopen(method, url, redirect=redirect, **kw)


def may_leave(method: str, path: str, *, version: str) -> bool:
    """Whether this is one of the requests that the connector is made of; reading is."""
    if method == "GET":
        return True
    forms = [*api.SENDABLE, ("POST", api.OAUTH_PATH), ("POST", api.INTROSPECT_PATH)]
    return any(
        method == known and _pattern(api.versioned(form, version)).fullmatch(path)
        for known, form in forms
    )


def _pattern(form: str) -> re.Pattern[str]:
    return re.compile(_NAME.join(re.escape(part) for part in _BLANK.split(form)))
