"""A way of logging in, as seen from outside: requests, answers and the session at the end."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

from stagesync.connector import CredentialsRefused, Origin, Reach, Secret


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """A POST to send. Headers and body hold secrets and stay out of its `repr`."""

    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoginAnswer:
    """What came back.

    Attributes:
        server_now_s: the vendor's own time; 0 when the answer did not tell.
    """

    status: int
    body: bytes = field(repr=False)
    server_now_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Session:
    """A session in an org.

    Attributes:
        instance_url: base address of every later call, without a slash at the end.
        user_id: who we are; empty when the answer did not tell.
    """

    token: Secret
    instance_url: str
    user_id: str


Login = Generator[LoginRequest, LoginAnswer, Session]


def instance_of(told: str, *, reach: Reach) -> str:
    """The base address of later calls, given what the login told.

    A rehearsal on this machine never leaves it, whatever it is told.

    Raises:
        CredentialsRefused: the address is none of the vendor's; the session is not used.
    """
    address = told.rstrip("/")
    if reach.home.is_loopback and not reach.allows(address):
        return reach.home.url
    if not reach.allows(address):
        raise CredentialsRefused(
            "the login at Salesforce named an address that is not Salesforce's, and was not used",
            hint="check `host` or `url` of the connection, and what answers there",
        )
    origin = Origin.of(address)
    assert origin is not None
    return origin.url
