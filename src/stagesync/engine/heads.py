"""Notes the head of the log where whoever can change the store cannot: in a file, one line each, signed or not.

The chain shows what was altered inside the log. That its end was cut off, or all of it made anew, is seen only
by somebody who remembers a head. A line:

    {"at":"2026-11-20T12:00:00Z","entries":827,"head":"4ba8…"}

With a key it ends with `"signature"`: Ed25519 over the line as it is without it, in hexadecimal.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from stagesync.domain.chain import Head
from stagesync.domain.said import Said
from stagesync.engine import audit
from stagesync.engine.alerts import HERE, Kind, settle
from stagesync.engine.instants import iso
from stagesync.errors import ArgumentError
from stagesync.store import Store, state

Sign = Callable[[bytes], bytes]
Check = Callable[[bytes, bytes], bool]
"""Whether a text (first) bears this signature."""
Trouble = dict[str, tuple[str, str]]
"""Thing -> what is wrong with it, and the fix."""

_NOTED = "audit.noted"
"""How the head stood that was noted last."""


@dataclass(frozen=True, slots=True)
class LogRules:
    """What is done with the log beyond writing it.

    Attributes:
        publish_to: file that heads are noted in; None: nowhere.
        key: reads the key by which each line is signed, each time anew; None: not at all. It raises
            `ArgumentError` where there is none, or one of another kind.
        keep_s: how long what tells of a person is kept; None: for ever.
    """

    publish_to: Path | None = None
    key: Callable[[], tuple[Sign, Check]] | None = None
    keep_s: float | None = None


def tend_log(store: Store, rules: LogRules, *, now_s: float) -> None:
    """Blank what is kept no longer, and note the head if it is another one than last time.

    A file that cannot be written, or a key that cannot be read, is an alert while it lasts; each run tries
    again, and the line that it then adds covers everything before.
    """
    if rules.keep_s is not None:
        with store.begin() as tx:
            blanked = audit.keep_within(tx, rules.keep_s, now_s=now_s)
        if blanked:
            store.forget_traces()
    with store.begin() as tx:
        head, noted = audit.head(tx), state.get_meta(tx, _NOTED)
    is_new = head.hash not in {"", noted}
    trouble = _note(head, rules, now_s=now_s) if is_new else {}
    with store.begin() as tx:
        settle(tx, HERE, Kind.LOG, trouble, now_s=now_s)
        if rules.publish_to is not None and is_new and not trouble:
            state.set_meta(tx, _NOTED, head.hash)


def noted_heads(rules: LogRules) -> Iterator[Head]:
    """The heads that were noted, each checked against the key where there is one; none where none are noted.

    Raises:
        ArgumentError: a line is no head, or is not signed as it should be.
    """
    if rules.publish_to is None or not rules.publish_to.exists():
        return iter(())
    return read_heads(rules.publish_to, rules.key()[1] if rules.key else None)


def trouble_of(rules: LogRules) -> Trouble:
    """What keeps the head from being noted now; writes nothing but an empty file where none is yet."""
    return _note(None, rules, now_s=0.0)


def _note(head: Head | None, rules: LogRules, *, now_s: float) -> Trouble:
    """Add the line of a head, or none; tells what keeps it from being added."""
    path = rules.publish_to
    if path is None:
        return {}
    try:
        sign = rules.key()[0] if rules.key else None
    except ArgumentError as error:
        what = Said("the head of the log cannot be signed: {words}", words=str(error))
        return {
            "key": (what, Said("put a private Ed25519 key in PEM where `audit.sign_with` says"))
        }
    try:
        _add(path, _line(head, sign, now_s=now_s) if head else b"")
    except OSError as error:
        what = Said(
            "the head of the log cannot be noted in {file}: {words}",
            file=str(path),
            words=error.strerror or "",
        )
        fix = Said("let stagesync write there, or name another file as `audit.publish_to`")
        return {"file": (what, fix)}
    return {}


def _line(head: Head, sign: Sign | None, *, now_s: float) -> bytes:
    text = orjson.dumps({"at": iso(now_s), "entries": head.entries, "head": head.hash})
    if sign is not None:
        text = b'%b,"signature":"%b"}' % (text[:-1], sign(text).hex().encode())
    return text + b"\n"


def _add(path: Path, line: bytes) -> None:
    """Add a line, and see it on the disk. One that tore before it is ended, so that this one stands by itself."""
    with open(path, "a+b", opener=_for_its_owner) as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" or not line else b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _for_its_owner(path: str, flags: int) -> int:
    """A new file is its owner's to read and write; who else shall read it is for people to say."""
    return os.open(path, flags, 0o600)


def read_heads(path: Path, check: Check | None = None) -> Iterator[Head]:
    """The heads that were noted in a file, oldest first. A line that tore while it was written tells nothing.

    Args:
        check: each line must bear this signature; None takes them unsigned as well.

    Raises:
        ArgumentError: a line is no head, or not signed by that key; names the line.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not (line.startswith(b"{") and line.strip()[-1:] != b"}"):
                yield _head(line.strip(), check, place=f"{path}:{number}")


def _head(line: bytes, check: Check | None, *, place: str) -> Head:
    try:
        told = orjson.loads(line)
        found = Head(int(told["entries"]), str(told["head"]))
    except (ValueError, TypeError, KeyError):
        raise ArgumentError(f"{place}: is no head of a log") from None
    if check is None:
        return found
    text, mark, signature = line.rpartition(b',"signature":"')
    try:
        signed = bytes.fromhex(signature.removesuffix(b'"}').decode())
    except ValueError:
        signed = b""
    if not (mark and check(text + b"}", signed)):
        raise ArgumentError(f"{place}: is not signed by this key")
    return found


def signing(pem: bytes) -> tuple[Sign, Check]:
    """What signs with a private Ed25519 key in PEM, and what knows its signature.

    Raises:
        ValueError: it is no such key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("is not an Ed25519 key")  # noqa: TRY004  a wrong value of the right type
    return key.sign, _checking(key.public_key().verify)


def checking(pem: bytes) -> Check:
    """What knows the signatures of a public Ed25519 key in PEM.

    Raises:
        ValueError: it is no such key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key = load_pem_public_key(pem)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("is not an Ed25519 key")  # noqa: TRY004  a wrong value of the right type
    return _checking(key.verify)


def _checking(verify: Callable[[bytes, bytes], None]) -> Check:
    from cryptography.exceptions import InvalidSignature

    def check(text: bytes, signature: bytes) -> bool:
        try:
            verify(signature, text)
        except InvalidSignature:
            return False
        return True

    return check
