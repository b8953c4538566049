"""How a request proves who we are.

Authentication is a generator: it yields the headers of a try and is sent the status that came
back. When it ends, the last answer stands. So it is tested without a client, and a way of
authenticating that renews its token only has to yield once more.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping

from stagesync.connector import Secret

Flow = Generator[Mapping[str, str], int, None]
"""Yields headers, is sent the status of the answer."""

Auth = Callable[[], Flow]
"""Starts a flow for one request."""


def static_token(token: Secret) -> Auth:
    """A service key or the token of a legacy private app: it does not renew, so one try is all.

    Source: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/account-service-keys (seen 2026-11)
    """

    def flow() -> Flow:
        yield {"Authorization": f"Bearer {token.reveal()}"}

    return flow
