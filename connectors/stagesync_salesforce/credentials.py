"""The ways to log in that a connection may choose, as its options tell them."""

from __future__ import annotations

import re
from typing import Annotated, Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from stagesync.connector import Secret

STRICT = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)
# They know no org, so they cannot tell whose client this is.
_SHARED_HOSTS = ("login.salesforce.com", "test.salesforce.com")


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError("must be a bare host name such as acme.my.salesforce.com")
    return text.lower()


def _my_domain(text: str) -> str:
    if text in _SHARED_HOSTS:
        raise ValueError("client credentials work on the org's own My Domain only")
    return text


def _rsa_key(pem: Secret) -> Secret:
    try:
        key = load_pem_private_key(pem.reveal().encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if isinstance(key, RSAPrivateKey):
        return pem
    raise ValueError("must be an RSA private key in PEM form, without a passphrase")


Host = Annotated[str, AfterValidator(_host)]
Name = Secret | Annotated[str, Field(min_length=1)]


class ClientCredentials(BaseModel):
    """A consumer key and secret with a run-as user, preferred for a daemon.

    Attributes:
        host: the org's My Domain; may be left out when the connection has a `url`.
        id: consumer key.
        secret: consumer secret.
    """

    model_config = STRICT

    host: Annotated[Host, AfterValidator(_my_domain)] | None = None
    id: Name
    secret: Secret


class JwtBearer(BaseModel):
    """A certificate of the app, and a user who is pre-authorised for it.

    Attributes:
        host: My Domain, `login.salesforce.com` or `test.salesforce.com`.
        id: consumer key.
        username: of the user to run as.
        key: the private key of the certificate, PEM.
        audience: who the assertion is for; empty: the login or test host, by `host`.
    """

    model_config = STRICT

    host: Host | None = None
    id: Name
    username: Name
    key: Annotated[Secret, AfterValidator(_rsa_key)]
    audience: str = ""

    def audience_or_default(self) -> str:
        """What the claim `aud` says."""
        host = self.host or ""
        is_test = host.startswith("test.") or ".sandbox." in host
        return self.audience or f"https://{_SHARED_HOSTS[is_test]}"


class RefreshToken(BaseModel):
    """What a person's consent left behind.

    Attributes:
        host: My Domain, `login.salesforce.com` or `test.salesforce.com`.
        id: consumer key.
        secret: consumer secret; None where the app has none.
        refresh_token: the first one. Where the app rotates them, each login gives the next, which
            the store keeps.
    """

    model_config = STRICT

    host: Host | None = None
    id: Name
    secret: Secret | None = None
    refresh_token: Secret


class SoapLogin(BaseModel):
    """A user's password, for orgs that offer nothing better; gone from API 65.0 on.

    Attributes:
        host: My Domain, `login.salesforce.com` or `test.salesforce.com`.
        security_token: None where our address is trusted by the org.
    """

    model_config = STRICT

    host: Host | None = None
    username: Name
    password: Secret
    security_token: Secret | None = None


Way = ClientCredentials | JwtBearer | RefreshToken | SoapLogin


class Auth(BaseModel):
    """The way to log in: exactly one key, each way of logging in being one."""

    model_config = STRICT

    client_credentials: ClientCredentials | None = None
    jwt_bearer: JwtBearer | None = None
    refresh_token: RefreshToken | None = None
    soap_login: SoapLogin | None = None

    @property
    def name(self) -> str:
        """The key of the way that was chosen."""
        return next(iter(self.model_fields_set))

    @property
    def way(self) -> Way:
        """The way that was chosen."""
        found: Way = getattr(self, self.name)
        return found

    @model_validator(mode="after")
    def _choose_one(self) -> Self:
        given = [name for name in self.model_fields_set if getattr(self, name) is not None]
        if len(given) != 1 or len(self.model_fields_set) != 1:
            raise ValueError(f"needs exactly one of {', '.join(type(self).model_fields)}")
        return self


def text_of(value: Secret | str) -> str:
    """The text of an option that may be a secret."""
    return value.reveal() if isinstance(value, Secret) else value
