"""From the bytes of a fuzzer to inputs that get past the first check: a sound document with a few changes.

A fuzzer that alters bytes of JSON or YAML mostly makes texts that no parser takes. So its bytes are read as
choices instead: which sound document, which value in it, and what stands there now.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**30, 1e308, -0.0, 0.5, "", " ", "0", "null", "true", "*",
    "a" * 300, "1" * 400, "\uff19", "é\u202e\ufeff", "\ud800", "\0", "..", "../../x", "//evil.example", "%00", "@", "=1+1",
    "2026-01-01", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1e400", "-1",
    "NaN", "Infinity", "1" * 5000, "[" * 500, "http://169.254.169.254/", [], {}, [None], [[]], {"": None}, [{}],
    {"id": {}}, [1, "1", 1.0],
)  # fmt: skip
"""What a program may answer where another thing is documented."""


class Bytes:
    """Reads choices from bytes; behind their end every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def number(self, below: int) -> int:
        """From 0 up."""
        size = 1 if below <= 256 else 2
        taken = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(taken, "big") % below if below > 0 else 0

    def one(self, among: Sequence[T]) -> T:
        """One of these."""
        return among[self.number(len(among))]

    def rest(self) -> bytes:
        """What was not read yet."""
        found, self._at = self._data[self._at :], len(self._data)
        return found

    def text(self) -> str:
        """A few letters."""
        length = self.number(32)
        found = self._data[self._at : self._at + length]
        self._at += length
        return found.decode("utf-8", "replace")


def altered(document: Any, choices: Bytes) -> Any:
    """The document with up to five values of it replaced, dropped, doubled or renamed."""
    whole = [json.loads(json.dumps(document))]
    for _ in range(choices.number(6)):
        places = list(_places(whole))
        container, key = places[choices.number(len(places))]
        _alter(container, key, choices)
    return whole[0] if whole else None


def _places(container: Any) -> Iterator[tuple[Any, Any]]:
    keys = container if isinstance(container, dict) else range(len(container))
    for key in list(keys):
        yield container, key
        if isinstance(container[key], dict | list):
            yield from _places(container[key])


def _alter(container: Any, key: Any, choices: Bytes) -> None:
    match choices.number(6):
        case 0 | 1:
            container[key] = copy.deepcopy(choices.one(STRANGE))
        case 2:
            container[key] = choices.text()
        case 3 if isinstance(container, dict):
            del container[key]
        case 4 if isinstance(container, dict):
            container[choices.text()] = container[key]
        case 5:
            container[key] = [container[key], container[key]]
        case _:
            container[key] = choices.number(65_536)


def as_json(document: Any) -> bytes:
    """JSON, also of what UTF-8 cannot say."""
    return json.dumps(document, ensure_ascii=True).encode()


def as_yaml(document: Any) -> bytes:
    """YAML in blocks, its texts as JSON has them: the parser is slow with long brackets."""
    return "".join(f"{line}\n" for line in _lines(document)).encode("utf-8", "replace")


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _below(f"{_scalar(key)}:", each)
    elif isinstance(value, list) and value:
        for each in value:
            yield from _below("-", each)
    else:
        yield _scalar(value)


def _below(head: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        yield head
        for line in _lines(value):
            yield f"  {line}"
    else:
        yield f"{head} {_scalar(value)}"


def _scalar(value: Any) -> str:
    plain = isinstance(value, str) and value.isascii() and value.replace("_", "").isalnum()
    return str(value) if plain else json.dumps(value)


Target = Callable[[bytes], None]
"""Takes any bytes; raises where the promise is broken."""
