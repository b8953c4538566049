"""Ways to tell people of alerts: a webhook of a chat, a mail.

A channel goes to the one address that the settings name: encrypted, or not leaving this machine; it follows no
redirect, uses no proxy, and waits for an answer no longer than `PATIENCE_S`. Secrets are read when something is
sent, so that one that was changed counts at once, and one that is missing is a failure of its channel alone.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Protocol

from stagesync.connector import Reach, RequestRefused, Secret, trusted_roots
from stagesync.domain.said import Said
from stagesync.settings.alerts import AlertSettings, EmailSettings, NamedSecret
from stagesync.settings.secrets import SecretsMissing, read_secrets

PATIENCE_S = 10.0
"""How long a channel may take to answer each time; seconds."""


class ChannelFailed(Exception):
    """A message did not go out; says why in our own words, without a secret or anybody's address."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True, slots=True)
class Message:
    """What is told.

    Attributes:
        subject: one line.
        text: lines of plain text.
    """

    subject: str
    text: str


class Channel(Protocol):
    """Where alerts are told."""

    @property
    def name(self) -> str:
        """By which people know it."""

    def send(self, message: Message) -> None:
        """Tell it.

        Raises:
            ChannelFailed: it did not go out.
        """


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that takes `{"text": ...}`.

    Attributes:
        address: reads it; it is a secret.
    """

    name: str
    address: Callable[[], Secret] = field(repr=False)

    def send(self, message: Message) -> None:
        """Post the text, with what Slack reads as markup disarmed."""
        import requests

        text = message.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        url = self.address().reveal()
        _demand_private(url)
        with requests.Session() as session:
            session.trust_env = False
            session.verify = trusted_roots()
            try:
                answer = session.post(
                    url,
                    json={"text": f"*{message.subject}*\n{text}"},
                    timeout=PATIENCE_S,
                    allow_redirects=False,
                    stream=True,
                )
                status = answer.status_code
                answer.close()
            except (requests.RequestException, ValueError) as error:
                raise ChannelFailed(_unreached(error)) from None
        if not 200 <= status < 300:
            raise ChannelFailed(Said("it answered {status}", status=str(status)))


def _demand_private(url: str) -> None:
    try:
        Reach.of(url).demand(url)
    except (ValueError, RequestRefused):
        words = Said("its address must begin with https, or stay on this machine")
        raise ChannelFailed(words) from None


def _unreached(error: Exception) -> str:
    import requests

    if isinstance(error, requests.exceptions.SSLError | ssl.SSLError):
        return Said("it does not prove itself by a certificate that is trusted")
    if isinstance(error, requests.Timeout | TimeoutError):
        return Said("it gave no answer in time")
    return Said("it cannot be reached")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server, and those who get the mail.

    Attributes:
        password: reads it; None where no login is asked for.
    """

    told: EmailSettings = field(repr=False)
    password: Callable[[], Secret] | None = field(repr=False)
    name: str = "email"

    def send(self, message: Message) -> None:
        """Hand the mail over to the server."""
        secret = self.password() if self.password else None
        try:
            with self._server() as server:
                if secret is not None:
                    server.login(self.told.user, secret.reveal())
                server.send_message(_mail(self.told, message))
        except smtplib.SMTPAuthenticationError as error:
            raise ChannelFailed(
                Said("it refuses the login ({code})", code=str(error.smtp_code))
            ) from None
        except smtplib.SMTPRecipientsRefused:
            raise ChannelFailed(Said("it refuses everybody in `to`")) from None
        except smtplib.SMTPResponseException as error:
            words = Said("it answered {status}", status=str(error.smtp_code))
            raise ChannelFailed(words) from None
        except smtplib.SMTPNotSupportedError:
            raise ChannelFailed(Said("it offers no encryption, or no login")) from None
        except (smtplib.SMTPException, OSError) as error:
            raise ChannelFailed(_unreached(error)) from None

    def _server(self) -> smtplib.SMTP:
        told = self.told
        context = ssl.create_default_context(cafile=trusted_roots())
        if told.security == "tls":
            return smtplib.SMTP_SSL(
                told.host, told.port or 465, timeout=PATIENCE_S, context=context
            )
        server = smtplib.SMTP(told.host, told.port or 587, timeout=PATIENCE_S)
        if told.security == "starttls":
            try:
                server.starttls(context=context)
            except BaseException:
                server.close()
                raise
        return server


def _mail(told: EmailSettings, message: Message) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = told.sender, ", ".join(told.to)
    mail["Subject"] = message.subject
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=told.sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    return mail


def channels_of(told: AlertSettings, *, folder: Path) -> Sequence[Channel]:
    """The channels that the settings name; nothing is read or sent yet.

    Args:
        folder: from which files of secrets count.
    """

    def reader(key: str, named: NamedSecret) -> Callable[[], Secret]:
        def read() -> Secret:
            try:
                found: Secret = read_secrets({key: named}, Secret, folder=folder)[key]
            except SecretsMissing as error:
                words = Said("its secret is missing: {what}", what=str(error))
                raise ChannelFailed(words) from None
            return found

        return read

    found: list[Channel] = [
        Webhook(name, reader(f"alerts.webhooks.{name}.url", each.url))
        for name, each in told.webhooks.items()
    ]
    if told.email:
        named = told.email.password
        found.append(Mail(told.email, reader("alerts.email.password", named) if named else None))
    return tuple(found)
