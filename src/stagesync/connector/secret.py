"""Texts that are never shown: neither by ourselves nor because another program repeats them.

A vendor may repeat a token in its refusal, a driver a password in its message. So whatever words of others go
on into an error, a result or an event pass `without_secrets`, which knows every secret that is in use.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from urllib.parse import quote, quote_plus
from weakref import WeakSet

SHORTEST = 6
"""Characters; what is shorter is in many words by chance."""

HIDDEN = "(secret)"
_LINE = 40
"""Characters of a line of a key file from which on the line alone gives it away."""

_in_use: WeakSet[Secret] = WeakSet()
_guard = threading.Lock()


class Secret:
    """A text that never shows itself."""

    __slots__ = ("__weakref__", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        if len(text) >= SHORTEST:
            with _guard:
                _in_use.add(self)

    def reveal(self) -> str:
        """The text, for the one place that sends it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")


def without_secrets(text: str) -> str:
    """The text with every secret in use left out, also as addresses, JSON, HTML and base64 spell it."""
    with _guard:
        known = {each.reveal() for each in _in_use}
    for secret in sorted(known, key=len, reverse=True):
        for form in spellings(secret):
            if form in text:
                text = text.replace(form, HIDDEN)
    return text


@lru_cache(maxsize=256)
def spellings(secret: str) -> tuple[str, ...]:
    """How a secret may stand in a text, the longest first."""
    found = {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        escape(secret),
        *_inside_base64(secret.encode("utf-8", "surrogatepass")),
        *(line for line in secret.splitlines() if len(line) >= _LINE),
    }
    return tuple(sorted(found, key=len, reverse=True))


def _inside_base64(data: bytes) -> Iterator[str]:
    """What is sure of the base64 of a longer text that holds these bytes: it depends on where they begin."""
    for shift in range(3):
        sure = (len(data) + shift) // 3 * 4
        text = base64.b64encode(b"\0" * shift + data + b"\0\0").decode()[-(-shift * 8 // 6) : sure]
        if len(text) >= 2 * SHORTEST:
            yield text
            yield text.translate(str.maketrans("+/", "-_"))
