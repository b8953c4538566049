"""The keys of `alerts`: where people are told."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from stagesync.settings.values import Strict

NamedSecret = dict[Literal["env", "file"], str]
"""Where a secret stands."""

_ADDRESS = re.compile(
    r"[^\s@<>,;:\"\\]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*", re.ASCII
)
_HOST = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[?[0-9A-Fa-f:.]+\]?", re.ASCII
)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _address(value: object) -> object:
    if not _ADDRESS.fullmatch(str(value)):
        raise ValueError("must be a bare address such as ops@acme.example")
    return str(value)


def _host(value: object) -> object:
    if not _HOST.fullmatch(str(value)):
        raise ValueError("must be the name of a machine, such as smtp.acme.example")
    return str(value)


Address = Annotated[str, BeforeValidator(_address)]
Host = Annotated[str, BeforeValidator(_host)]


class WebhookSettings(Strict):
    """A channel of a chat.

    Attributes:
        url: where the whole address stands, which is a secret.
    """

    url: NamedSecret


class EmailSettings(Strict):
    """How mails are sent.

    Attributes:
        port: None means the usual one: 587, or 465 with `tls`.
        security: `starttls` begins in plain text and goes on encrypted, `tls` is encrypted from the start;
            `none` sends in the clear, and is for a mail server on this machine.
        password: where it stands; needs `user`.
        sender: written `from`.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True
    )

    host: Host
    port: int | None = Field(default=None, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: NamedSecret | None = None
    sender: Address = Field(alias="from")
    to: tuple[Address, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.to:
            raise ValueError("`to` names nobody")
        if bool(self.user) != bool(self.password):
            raise ValueError("`user` and `password` are given together, or neither")
        if self.security == "none" and self.host not in _LOOPBACK:
            raise ValueError("`security: none` is for a mail server on this machine")
        return self


class AlertSettings(Strict):
    """Who is told when something is wrong.

    Attributes:
        webhooks: addresses that take `{"text": ...}`, as Slack's do, by names that you choose.
    """

    webhooks: dict[str, WebhookSettings] = Field(default={})
    email: EmailSettings | None = None
