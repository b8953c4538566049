"""Who may call: static tokens, OAuth access tokens of 30 minutes, and their scopes.

Source: https://developers.hubspot.com/docs/api-reference/auth-oauth-v1 and
https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication (seen 2026-11).
"""

import random
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from stagesync.sandbox.hubspot.errors import Refusal
from stagesync.sandbox.hubspot.values import iso

OBJECT_SCOPES = frozenset(
    f"crm.{area}.{name}.{right}"
    for area in ("objects", "schemas")
    for name in ("contacts", "companies", "deals", "leads")
    for right in ("read", "write")
)
ALL_SCOPES = OBJECT_SCOPES | {
    "crm.objects.owners.read",
    "sales-email-read",
    "crm.lists.read",
    "crm.objects.marketing_events.read",
    "forms",
    "content",
    "behavioral_events.event_definitions.read_write",
    "oauth",
}
JOURNAL_SCOPES = frozenset(
    f"developer.webhooks_journal.{right}"
    for right in ("read", "subscriptions.read", "subscriptions.write", "snapshots.read")
)
ACCESS_LIFE_S = 1800
# A service key belongs to no app of ours: what it writes bears another id.
SERVICE_KEY_APP_ID = 40_001
_SHAPE = re.compile(r"[A-Za-z0-9._~+/=-]{8,2048}")
_HTML_530 = "<html><body><h1>Error 1016</h1><p>Origin DNS error</p></body></html>"
_DOCS = "https://developers.hubspot.com/docs/methods/auth/oauth-overview"


@dataclass(frozen=True, slots=True)
class Access:
    """What one token allows.

    Attributes:
        app_id: whom its writes are signed with.
        expires_at: Unix seconds; None for a static token, which also is what the daily limit counts.
        kind: what sort of token it is; "app" is an app's own, for no account in particular.
    """

    token: str
    scopes: frozenset[str]
    app_id: int
    expires_at: float | None = None
    kind: Literal["private_app", "service_key", "oauth", "app", "developer"] = "private_app"

    @property
    def is_oauth(self) -> bool:
        """True for an OAuth access token."""
        return self.expires_at is not None


class Tokens:
    """Every token of the account. Names and secrets follow from the seed.

    Attributes:
        static: of the account's private app, with every scope.
        service_key: as able as `static`, but its owner has no app and so no webhooks.
        developer_key: what version 3 of the webhook settings takes as `hapikey`.
        refresh_token: of the installation that the account starts with.
    """

    def __init__(self, *, seed: int, app_id: int) -> None:
        self._random = random.Random(f"hubspot-tokens-{seed}")
        self.known: dict[str, Access] = {}
        self.app_id = app_id
        self.static = self.add_static()
        self.client_id = self.new_name()
        self.client_secret = self.new_name()
        self.refresh_token = f"eu1-{self.new_name()}"
        self.service_key = self.add_static(kind="service_key", app_id=SERVICE_KEY_APP_ID)
        self.developer_key = f"eu1-{self.new_name()}"
        self.known[self.developer_key] = Access(
            self.developer_key, frozenset(), app_id, kind="developer"
        )

    def add_static(
        self,
        scopes: Iterable[str] = ALL_SCOPES,
        *,
        app_id: int | None = None,
        kind: Literal["private_app", "service_key"] = "private_app",
    ) -> str:
        """Makes a private app's or service key's token with these scopes and returns it."""
        token = f"pat-eu1-sandbox-{self.new_name()}"
        owner = app_id or self.app_id
        self.known[token] = Access(token, frozenset(scopes), owner, kind=kind)
        return token

    def revoke(self, token: str) -> None:
        """Makes a token unknown; the refresh token too."""
        self.known.pop(token, None)
        if token == self.refresh_token:
            self.refresh_token = ""

    def enter(self, authorization: str | None, *, now: float) -> Access:
        """The access that the header gives.

        Raises:
            Refusal: 401 for a missing, unknown or expired token; 530 for one of no known shape.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthenticated()
        if not _SHAPE.fullmatch(token):
            raise Refusal(530, _HTML_530)
        access = self.known.get(token)
        if access is None:
            raise unauthenticated()
        if access.expires_at is not None and now >= access.expires_at:
            raise expired(access.expires_at, now=now)
        return access

    def new_name(self) -> str:
        """A fresh name that follows from the seed."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


def unauthenticated() -> Refusal:
    """401 for no token or an unknown one."""
    message = (
        "Authentication credentials not found. This API supports OAuth 2.0 authentication "
        f"and you can find more details at {_DOCS}"
    )
    return Refusal(401, {"message": message, "category": "INVALID_AUTHENTICATION"})


def expired(at: float, *, now: float) -> Refusal:
    """401 for a token whose time is over."""
    message = f"The OAuth token used to make this call expired {int(now - at)} second(s) ago."
    context = {"expire time": [iso(int(at * 1000))]}
    body = {"message": message, "category": "EXPIRED_AUTHENTICATION", "context": context}
    return Refusal(401, body)


def demand_scope(access: Access, any_of: tuple[str, ...], *, schema_area: bool) -> None:
    """Refuses a call when the token has none of these scopes.

    The schema area lists them in `context`, the object area in the first of `errors`.
    """
    if access.scopes & set(any_of):
        return
    context = {"requiredGranularScopes": list(any_of)}
    if schema_area:
        message = "One or more of the following scopes are required."
        more = {**context, "links": ["https://developers.hubspot.com/scopes"]}
        raise Refusal(403, {"message": message, "context": more, "category": "MISSING_SCOPES"})
    message = (
        "This app hasn't been granted all required scopes to make this call. "
        "Read more about required scopes here: https://developers.hubspot.com/scopes."
    )
    error = {"message": "One or more of the following scopes are required.", "context": context}
    links = {"scopes": "https://developers.hubspot.com/scopes"}
    body = {"message": message, "errors": [error], "links": links, "category": "MISSING_SCOPES"}
    raise Refusal(403, body)
