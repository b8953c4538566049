"""OAuth: installing the app, tokens of 30 minutes, what a token is, and taking it back.

A refresh gives the same refresh token again; the switch `rotate_refresh_token` changes that.
Source: https://developers.hubspot.com/docs/api-reference/auth-oauth-v1 and
https://developers.hubspot.com/changelog/new-oauth-v3-api-endpoints-and-standardized-error-responses
(seen 2026-11).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from stagesync.sandbox.hubspot.auth import ACCESS_LIFE_S, ALL_SCOPES, JOURNAL_SCOPES, Access, Tokens
from stagesync.sandbox.hubspot.errors import Refusal, not_found
from stagesync.sandbox.hubspot.portal import HUMAN_USER_ID, Portal

CODE_LIFE_S = 600.0
Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Code:
    """What an installation gives the app: a code to be used once."""

    redirect_uri: str
    scopes: frozenset[str]
    expires_at: float


class OAuth:
    """The OAuth endpoints of one account and its one app."""

    def __init__(self, portal: Portal, tokens: Tokens) -> None:
        self._portal = portal
        self._tokens = tokens
        self._codes: dict[str, _Code] = {}
        self._granted: dict[str, frozenset[str]] = {}

    def install(self, redirect_uri: str, *, scopes: Iterable[str] = ALL_SCOPES) -> str:
        """A person installs the app: the code that the app may exchange."""
        code = f"eu1-code-{self._tokens.new_name()}"
        until = self._portal.clock.now() + CODE_LIFE_S
        self._codes[code] = _Code(redirect_uri, frozenset(scopes) & ALL_SCOPES, until)
        return code

    def authorize(self, query: Form) -> str:
        """The page on which a person installs the app, and at once agrees: where it sends them.

        Raises:
            Refusal: 400, for another app or no address to go back to.
        """
        back = query.get("redirect_uri", "")
        if query.get("client_id") != self._tokens.client_id or not back:
            raise _refusal("invalid_request", "BAD_CLIENT_ID", "unknown client id or no address")
        asked = f"{query.get('scope', '')} {query.get('optional_scope', '')}".split()
        answer = {"code": self.install(back, scopes=asked)}
        if "state" in query:
            answer["state"] = query["state"]
        return f"{back}{'&' if '?' in back else '?'}{urlencode(answer)}"

    def token(self, form: Form, *, version: str) -> dict[str, Any]:
        """`POST /oauth/token`: a code, a refresh token or the app's own secret for a token.

        Raises:
            Refusal: 400 in OAuth's own shape; another app's client id counts as a bad token.
        """
        grants: dict[str, Callable[[Form], dict[str, Any]]] = {
            "refresh_token": self._refresh,
            "authorization_code": self._exchange,
            "client_credentials": self._app_token,
        }
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            raise _refusal("unsupported_grant_type", "BAD_GRANT_TYPE", "unsupported grant type")
        answer = grant(form)
        if version == "v1":
            return {name: answer[name] for name in _FIRST_ANSWER if name in answer}
        return answer

    def introspect(self, form: Form) -> dict[str, Any]:
        """`POST /oauth/token/introspect`: whose token it is and what it allows."""
        if not self._is_client(form):
            raise _refusal("invalid_client", "BAD_CLIENT_ID", "unknown client id or secret")
        token = form.get("token", "")
        access = self._tokens.known.get(token)
        if access is not None and access.expires_at is not None:
            left_s = int(access.expires_at - self._portal.clock.now())
            told = self._told(token, access.scopes)
            # Who has installed the app is signed into the token as well.
            signed = {**_UNSIGNED, "appId": access.app_id, "hubId": self._portal.portal_id}
            signed |= {"expiresAt": int(access.expires_at * 1000), "userId": HUMAN_USER_ID}
            signed |= {"installingUserId": HUMAN_USER_ID}
            used = "access_token" if access.kind == "oauth" else "client_credentials"
            more = {"active": left_s > 0, "expires_in": max(0, left_s), "token_use": used}
            return {
                **told,
                **more,
                "is_private_distribution": True,
                "signed_access_token": signed,
            }
        scopes = self._scopes_of(token)
        if scopes is None:
            return {"active": False, "token": token}
        return {**self._told(token, scopes), "active": True, "token_use": "refresh_token"}

    def revoke(self, form: Form) -> None:
        """`POST /oauth/token/revoke`: ends a token; an unknown one is no error."""
        if not self._is_client(form):
            raise _refusal("invalid_client", "BAD_CLIENT_ID", "unknown client id or secret")
        self.end(form.get("token", ""))

    def end(self, token: str) -> None:
        """Ends a token. Access tokens that a refresh token has given live out their time."""
        self._granted.pop(token, None)
        self._tokens.revoke(token)

    def access_told(self, token: str) -> dict[str, Any]:
        """Version 1's `GET /oauth/access-tokens/{token}`."""
        access = self._tokens.known.get(token)
        now = self._portal.clock.now()
        if access is None or access.expires_at is None or access.expires_at <= now:
            raise not_found(
                "access token does not exist or is expired", category="OBJECT_NOT_FOUND"
            )
        told = {**self._told(token, access.scopes), "token_type": "access"}
        return told | {"expires_in": int(access.expires_at - now)}

    def refresh_told(self, token: str) -> dict[str, Any]:
        """Version 1's `GET /oauth/refresh-tokens/{token}`."""
        scopes = self._scopes_of(token)
        if scopes is None:
            raise not_found("refresh token does not exist", category="OBJECT_NOT_FOUND")
        return {**self._told(token, scopes), "token_type": "refresh"}

    def private_app_told(self, token: str) -> dict[str, Any]:
        """`POST /oauth/v2/private-apps/get/access-token-info`; keys of other kinds are not known there."""
        access = self._tokens.known.get(token)
        told = self._portal.switches.private_app_info
        if not told or access is None or access.kind != "private_app":
            raise not_found("access token does not exist", category="OBJECT_NOT_FOUND")
        return {
            "userId": HUMAN_USER_ID,
            "hubId": self._portal.portal_id,
            "appId": access.app_id,
            "scopes": sorted(access.scopes),
        }

    def _refresh(self, form: Form) -> dict[str, Any]:
        token = form.get("refresh_token", "")
        scopes = self._scopes_of(token) if self._is_client(form) else None
        if scopes is None:
            said = "refresh token is invalid, expired or revoked"
            raise _refusal("invalid_grant", "BAD_REFRESH_TOKEN", said)
        if self._portal.switches.rotate_refresh_token:
            first = token == self._tokens.refresh_token
            self.end(token)
            token = self._new_refresh(scopes)
            if first:
                self._tokens.refresh_token = token
        return self._access(scopes, refresh_token=token)

    def _exchange(self, form: Form) -> dict[str, Any]:
        code = self._codes.pop(form.get("code", ""), None) if self._is_client(form) else None
        late = code is not None and code.expires_at <= self._portal.clock.now()
        if code is None or late or code.redirect_uri != form.get("redirect_uri"):
            said = "missing or unknown auth code"
            raise _refusal("invalid_grant", "BAD_AUTH_CODE", said)
        return self._access(code.scopes, refresh_token=self._new_refresh(code.scopes))

    def _app_token(self, form: Form) -> dict[str, Any]:
        scopes = frozenset(form.get("scope", "").split())
        if not self._is_client(form):
            raise _refusal("invalid_client", "BAD_CLIENT_ID", "unknown client id or secret")
        if not scopes or scopes - JOURNAL_SCOPES:
            raise _refusal("invalid_scope", "BAD_SCOPE", "unknown scope for an app's own token")
        return self._access(scopes, refresh_token=None)

    def _access(self, scopes: frozenset[str], *, refresh_token: str | None) -> dict[str, Any]:
        token = f"CIeu1{self._tokens.new_name().replace('-', '')}"
        until = self._portal.clock.now() + ACCESS_LIFE_S
        own = refresh_token is None
        self._tokens.known[token] = Access(
            token, scopes, self._tokens.app_id, until, kind="app" if own else "oauth"
        )
        return {
            "token_type": "bearer",
            "access_token": token,
            **({} if own else {"refresh_token": refresh_token}),
            "expires_in": ACCESS_LIFE_S,
            "token_use": "client_credentials" if own else "access_token",
            "hub_id": self._portal.portal_id,
            "user_id": HUMAN_USER_ID,
            "scopes": sorted(scopes),
        }

    def _new_refresh(self, scopes: frozenset[str]) -> str:
        token = f"eu1-{self._tokens.new_name()}"
        self._granted[token] = scopes
        return token

    def _scopes_of(self, refresh_token: str) -> frozenset[str] | None:
        if refresh_token in self._granted:
            return self._granted[refresh_token]
        first = self._tokens.refresh_token
        return ALL_SCOPES if first and refresh_token == first else None

    def _is_client(self, form: Form) -> bool:
        given = (form.get("client_id"), form.get("client_secret"))
        return given == (self._tokens.client_id, self._tokens.client_secret)

    def _told(self, token: str, scopes: Iterable[str]) -> dict[str, Any]:
        return {
            "token": token,
            "token_type": "bearer",
            "app_id": self._tokens.app_id,
            "client_id": self._tokens.client_id,
            "hub_id": self._portal.portal_id,
            "hub_domain": "vendeur.example",
            "user": self._portal.owners[0].email,
            "user_id": HUMAN_USER_ID,
            "scopes": sorted(scopes),
        }


_FIRST_ANSWER = ("token_type", "access_token", "refresh_token", "expires_in")
_UNSIGNED = {
    "hublet": "eu1",
    "isPrivateDistribution": True,
    "isServiceAccount": False,
    "isUserLevel": False,
    "newSignature": "",
    "signature": "",
    "scopes": "",
    "scopeToScopeGroupPks": "",
    "trialScopes": "",
    "trialScopeToScopeGroupPks": "",
}


def _refusal(error: str, status: str, message: str) -> Refusal:
    body = {"error": error, "error_description": message, "status": status, "message": message}
    return Refusal(400, body)
