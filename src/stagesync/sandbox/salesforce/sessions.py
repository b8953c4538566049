"""Access tokens and refresh tokens that are still good.

Source: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_refresh_token_flow.htm
(seen 2026-11)
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from stagesync.sandbox.salesforce.errors import invalid_session
from stagesync.sandbox.salesforce.org import Org

MOST_REFRESH_TOKENS = 5


@dataclass(slots=True)
class Session:
    """A live access token; using it makes it live longer.

    Attributes:
        host: where the org was when the session was opened.
        line: the line of refresh tokens that it came from, "" for none.
    """

    user_id: str
    used_at: float
    host: str
    line: str = ""


class Sessions:
    """Every access token that is still good."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._live: dict[str, Session] = {}

    def open(self, user_id: str, *, line: str = "") -> str:
        """An access token; the live one of the same user, where sessions are shared."""
        self._drop_expired()
        now = self._org.clock.now()
        if self._org.switches.shared_session:
            for token, session in self._live.items():
                if (session.user_id, session.line) == (user_id, line):
                    session.used_at = now
                    return token
        token = f"{self._org.id[:15]}!AR{self._org.random.getrandbits(256):064x}"
        self._live[token] = Session(user_id, now, self._moved_to(), line)
        return token

    def use(self, token: str, *, host: str) -> Session:
        """The session of a token that was presented at a host.

        Raises:
            ApiError: 401 INVALID_SESSION_ID.
        """
        self._drop_expired()
        session = self._live.get(token)
        if session is None or self._moved_to() not in {"", host}:
            raise invalid_session()
        session.used_at = self._org.clock.now()
        return session

    def end(self, token: str) -> bool:
        return self._live.pop(token, None) is not None

    def end_line(self, line: str) -> None:
        """Ends the sessions that a line of refresh tokens has opened."""
        for token in [t for t, session in self._live.items() if session.line == line]:
            del self._live[token]

    def end_all(self) -> None:
        self._live.clear()

    def __len__(self) -> int:
        self._drop_expired()
        return len(self._live)

    def _moved_to(self) -> str:
        return urlsplit(self._org.switches.instance_url).netloc

    def _drop_expired(self) -> None:
        oldest = self._org.clock.now() - self._org.switches.session_ttl_s
        moved_to = self._moved_to()
        for token, session in list(self._live.items()):
            if session.used_at < oldest or session.host != moved_to:
                del self._live[token]


@dataclass(slots=True)
class RefreshToken:
    """One refresh token; `line` is shared by all that came of one login, `spent` once rotated."""

    user_id: str
    line: str
    spent: bool = False


class RefreshTokens:
    """Every refresh token that is known, the oldest first."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._known: dict[str, RefreshToken] = {}

    def open(self, user_id: str, *, line: str = "") -> tuple[str, str]:
        """A new token and its line; the oldest line of more than five is revoked silently."""
        token = f"5Aep861{self._org.random.getrandbits(256):064x}"
        made = RefreshToken(user_id, line or token)
        self._known[token] = made
        live = [t for t in self._known.values() if t.user_id == user_id and not t.spent]
        if len(live) > MOST_REFRESH_TOKENS:
            self.end_line(live[0].line)
        return token, made.line

    def revoke(self, token: str) -> str | None:
        """Ends the line of a token and returns it; None for an unknown token."""
        found = self._known.get(token)
        if found is None:
            return None
        self.end_line(found.line)
        return found.line

    def find(self, token: str) -> RefreshToken | None:
        return self._known.get(token)

    def rotate(self, token: str) -> str:
        """The token that takes the place of one, which is spent from then on."""
        found = self._known[token]
        found.spent = True
        return self.open(found.user_id, line=found.line)[0]

    def end_line(self, line: str) -> None:
        """Revokes every token that came of one login."""
        for token in [t for t, found in self._known.items() if found.line == line]:
            del self._known[token]
