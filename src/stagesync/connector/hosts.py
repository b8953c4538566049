"""Where a connection may send requests: to its own address and to the vendor's domains, and nowhere else.

Vendors tell addresses in their answers: where the session lives, where the next page is. Whoever can forge
one answer would else have us send the token to a machine of theirs, or a request to one inside the network
that we stand in. So every address is held against this list right before it is dialled, whoever named it.

A name is compared as text: what it resolves to is the name server's word, and a machine that answers under a
vendor's name must still prove it by its certificate.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from typing import Self

from stagesync.errors import RequestRefused

# Nothing that two readers of addresses could understand in two ways: no user, no backslash, no blank, no escape.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>[/?][\x21-\x5b\x5d-\x7e]*)?",
    re.IGNORECASE | re.ASCII,
)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """A machine and a service on it: scheme, host in lower case, port."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self | None:
        """That of a plain http or https address; None for anything else."""
        found = _URL.fullmatch(url)
        if found is None:
            return None
        scheme = found["scheme"].lower()
        port = int(found["port"]) if found["port"] else _PORTS[scheme]
        return cls(scheme, found["host"].lower(), port)

    @property
    def is_loopback(self) -> bool:
        """Whether it can only be this machine."""
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"

    @property
    def is_private(self) -> bool:
        """Whether what goes there can be read on the way by nobody: encrypted, or not leaving this machine."""
        return self.scheme == "https" or self.is_loopback


def base_url(text: str) -> str:
    """The address that an option gives, without a slash at the end.

    Raises:
        ValueError: it is no bare address, or plain http to another machine.
    """
    origin = Origin.of(text)
    if origin is None or re.search(r"[?#]", text):
        raise ValueError(
            "must be a bare address such as https://crm.example: no user, query or fragment"
        )
    if not origin.is_private:
        raise ValueError("may be http only on this machine; the token would travel in the clear")
    return text.rstrip("/")


def trusted_roots() -> str:
    """The file of authorities that may vouch for a CRM: those that certifi ships.

    Where `SSL_CERT_FILE` names another file, as in networks whose gateway opens every connection, that one.
    Nothing switches the check itself off.
    """
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    return os.environ.get("SSL_CERT_FILE") or DEFAULT_CA_BUNDLE_PATH


@dataclass(frozen=True, slots=True)
class Reach:
    """The addresses that one connection may ask.

    Attributes:
        home: the address that the settings name.
        domains: the vendor's; hosts below them are reached by https on its usual port. Not from a home on
            this machine: a rehearsal stays on it, on whichever port.
    """

    home: Origin
    domains: tuple[str, ...] = ()

    @classmethod
    def of(cls, url: str, *domains: str) -> Self:
        """The reach of a connection with this address.

        Raises:
            ValueError: it is no address.
        """
        home = Origin.of(url)
        if home is None or not home.is_private:
            raise ValueError("is no address that a connection may have")
        return cls(home, domains)

    def allows(self, url: str) -> bool:
        """Whether a request may go there."""
        there = Origin.of(url)
        if there is None:
            return False
        if there == self.home:
            return True
        if self.home.is_loopback:
            return there.is_loopback
        if (there.scheme, there.port) != ("https", 443):
            return False
        return any(there.host.endswith(f".{domain}") for domain in self.domains)

    def demand(self, url: str) -> None:
        """Let pass what is allowed.

        Raises:
            RequestRefused: it is not; names neither path nor query, which may hold values.
        """
        if not self.allows(url):
            there = Origin.of(url)
            where = there.url if there else "no plain address"
            raise RequestRefused(
                f"a request to {where} was not sent: this connection is to {self.home.host}",
                code="FOREIGN_ADDRESS",
                hint="if that is the CRM's own address, tell the makers of stagesync; else somebody forged an answer",
            )
