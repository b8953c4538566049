"""How a request proves who we are.

Authentication is a generator: it yields the headers of a try and is sent what came back. When it
ends, the last answer stands. So it is tested without a client.

Sources, seen 2026-11:
    https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/account-service-keys
    https://developers.hubspot.com/docs/api-reference/auth-oauth-v1/guide
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass

import structlog

from stagesync.connector import AnswerUnreadable, Clock, CredentialsRefused, Remembered, Secret
from stagesync_hubspot import failures

log = structlog.get_logger()

EXPIRED = "EXPIRED_AUTHENTICATION"
EARLY_S = 300.0
"""A token is renewed so long before its end: a call may be on its way for minutes."""

_REFUSED = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back: the status and, of a refusal, HubSpot's class of it."""

    status: int
    category: str = ""


Flow = Generator[Mapping[str, str], Outcome, None]
"""Yields headers, is sent the outcome."""

Auth = Callable[[], Flow]
"""Starts a flow for one request."""

Fetch = Callable[[Mapping[str, str]], failures.Answer]
"""Sends a form to the token endpoint."""


def static_token(token: Secret) -> Auth:
    """A service key or the token of a legacy private app: it does not renew, so one try is all."""

    def flow() -> Flow:
        yield _bearer(token)

    return flow


class OAuth:
    """An installed OAuth app, whose access tokens live for half an hour.

    Several threads may ask at once: one renews, the others wait for it and take its token.

    Args:
        form: client id and client secret, as the token endpoint takes them.
        remembered: holds the refresh token in force.
    """

    def __init__(
        self, form: Mapping[str, Secret], *, remembered: Remembered, fetch: Fetch, clock: Clock
    ) -> None:
        self._form = dict(form)
        self._remembered = remembered
        self._fetch = fetch
        self._clock = clock
        self._access: Secret | None = None
        self._good_until_s = 0.0
        self._lock = threading.Lock()

    def flow(self) -> Flow:
        """One try; a second one with a new token when HubSpot calls the first expired."""
        token = self._token(refused=None)
        outcome = yield _bearer(token)
        if outcome == Outcome(401, EXPIRED):
            yield _bearer(self._token(refused=token))

    def question(self) -> Mapping[str, str]:
        """What the token endpoint is asked about the app with."""
        token = self._token(refused=None)
        known = {name: self._form[name].reveal() for name in ("client_id", "client_secret")}
        return {**known, "token": token.reveal()}

    def _token(self, *, refused: Secret | None) -> Secret:
        with self._lock:
            token = self._access
            # Another thread may have renewed the refused one meanwhile.
            if token is None or token is refused or self._clock.monotonic_s() >= self._good_until_s:
                token = self._access = self._renew()
            return token

    def _renew(self) -> Secret:
        asked_s = self._clock.monotonic_s()
        form = {**self._form, "refresh_token": self._remembered.token() or Secret("")}
        told = {name: secret.reveal() for name, secret in form.items()}
        answer = self._fetch({"grant_type": "refresh_token", **told})
        if answer.status in _REFUSED:
            raise _refused(answer)
        if answer.status != 200:
            raise failures.error_of(answer, now_s=self._clock.now_s(), time_zone="")
        access, refresh = answer.body.get("access_token"), answer.body.get("refresh_token")
        lives_s = answer.body.get("expires_in")
        if not isinstance(access, str) or not isinstance(lives_s, int | float):
            raise AnswerUnreadable("HubSpot's token endpoint gave no token")
        self._remembered.replace_token(refresh if isinstance(refresh, str) else "")
        self._good_until_s = asked_s + lives_s - min(EARLY_S, lives_s / 2)
        log.info("hubspot_token_renewed", lives_s=lives_s)
        return Secret(access)


def _bearer(token: Secret) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {token.reveal()}"}


def _refused(answer: failures.Answer) -> CredentialsRefused:
    """Permanent, whatever the reason: asking again with the same refresh token cannot help."""
    code = str(answer.body.get("status") or answer.body.get("error") or answer.status)
    return CredentialsRefused(
        f"HubSpot does not renew the access of this app ({failures.without_addresses(code)})",
        hint="install the app in the HubSpot account once more and store the new refresh token;"
        " check that client id and secret are those of the app that was installed",
    )
