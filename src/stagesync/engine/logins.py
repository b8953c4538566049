"""Who may sign in to the console, as what, and how they prove it.

Passwords are kept as Argon2id hashes; sessions and links by the SHA-256 digest of a secret of 256 bits that only
their bearer has. Whatever is changed here by hand stands in the log with its actor.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from enum import IntEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Connection

from stagesync.engine import audit
from stagesync.errors import ArgumentError
from stagesync.store import logins
from stagesync.store.logins import Login, Session

SHORTEST = 12
LONGEST = 200
"""Characters of a password."""

LINK_S = 24 * 3600.0
"""How long a link lies ready."""

SEEN_EVERY_S = 60.0
"""How often it is noted that somebody is still there."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_HASHER = PasswordHasher()


class Role(IntEnum):
    """What somebody may do in the console; each may do what those before it may."""

    VIEWER = 1
    """Read everything."""
    EDITOR = 2
    """Hold, release, retry; propose definitions."""
    APPROVER = 3
    """Approve, drop and undo; pause and resume connections."""
    ADMIN = 4
    """Say who may sign in; forget people."""

    @property
    def word(self) -> str:
        """As people write it."""
        return self.name.lower()


def role_named(word: str) -> Role:
    """The role of that name.

    Raises:
        ArgumentError: there is none; lists the known ones.
    """
    known = {each.word: each for each in Role}
    if word not in known:
        raise ArgumentError(f"no role `{word}`; known: {', '.join(known)}")
    return known[word]


def add(tx: Connection, name: str, role: Role, *, by: str, now_s: float) -> None:
    """Let somebody sign in, by a link at first.

    Raises:
        ArgumentError: the name is taken, or none.
    """
    if not _NAME.fullmatch(name):
        raise ArgumentError(
            "a login's name is 1 to 63 lower-case letters, digits, dots, hyphens and underscores"
        )
    if logins.get_login(tx, name):
        raise ArgumentError(
            f"there is a login `{name}`", hint="stagesync user role changes what it may do"
        )
    logins.add_login(tx, Login(name, role.word, "", now_s, by))
    _tell(tx, {"login": name, "added": role.word}, by=by, now_s=now_s)


def change_role(tx: Connection, name: str, role: Role, *, by: str, now_s: float) -> None:
    """Give somebody another role; it counts at once.

    Raises:
        ArgumentError: there is no such login, or nobody would be left who may manage them.
    """
    login = demand(tx, name)
    if role is not Role.ADMIN:
        _keep_an_admin(tx, login)
    logins.set_role(tx, name, role.word)
    _tell(tx, {"login": name, "role": role.word, "before": login.role}, by=by, now_s=now_s)


def remove(tx: Connection, name: str, *, by: str, now_s: float) -> None:
    """Let somebody sign in no more, and sign them out.

    Raises:
        ArgumentError: there is no such login, or nobody would be left who may manage them.
    """
    _keep_an_admin(tx, demand(tx, name))
    logins.remove_login(tx, name)
    _tell(tx, {"login": name, "removed": True}, by=by, now_s=now_s)


def choose_password(tx: Connection, name: str, password: str, *, by: str, now_s: float) -> None:
    """Keep a new password, and sign out whoever came in by the old one.

    Raises:
        ArgumentError: it is too short or too long, or holds the login's own name.
    """
    demand(tx, name)
    if not SHORTEST <= len(password) <= LONGEST:
        raise ArgumentError(f"a password has {SHORTEST} to {LONGEST} characters")
    if name in password.lower() or len(set(password)) < 5:
        raise ArgumentError("that password is guessed too easily")
    logins.set_password(tx, name, _HASHER.hash(password))
    _tell(tx, {"login": name, "password": "changed"}, by=by, now_s=now_s)


def is_right(login: Login | None, password: str) -> bool:
    """Whether this is their password; takes as long for somebody unknown. Call it outside a transaction."""
    kept = login.password if login and login.password else _nobodys()
    if len(password) > LONGEST:
        return False
    try:
        return _HASHER.verify(kept, password) and bool(login and login.password)
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_urlsafe())


def make_link(tx: Connection, name: str, *, by: str, now_s: float, for_s: float = LINK_S) -> str:
    """The secret of a link that signs somebody in once.

    Raises:
        ArgumentError: there is no such login.
    """
    demand(tx, name)
    secret = _add(tx, name, "link", now_s=now_s, for_s=for_s)
    _tell(tx, {"login": name, "link": "made"}, by=by, now_s=now_s)
    return secret


def use_link(tx: Connection, secret: str, *, now_s: float, for_s: float) -> str | None:
    """Use a link up: the secret of the session that it opens; None when it is none, or none any more."""
    digest = digest_of(secret)
    found = logins.get_session(tx, digest)
    if found is None or found.kind != "link" or not logins.end_session(tx, digest):
        return None
    return (
        open_session(tx, found.login, now_s=now_s, for_s=for_s) if now_s < found.until_s else None
    )


def open_session(tx: Connection, name: str, *, now_s: float, for_s: float) -> str:
    """Sign somebody in who has proven who they are; the session's secret."""
    return _add(tx, name, "session", now_s=now_s, for_s=for_s)


def login_of(
    tx: Connection, secret: str, *, now_s: float, idle_s: float
) -> tuple[Login, Session] | None:
    """Whose session it is; None when it has ended, was idle for too long, or never was."""
    found = logins.get_session(tx, digest_of(secret))
    if found is None or found.kind != "session":
        return None
    if now_s >= found.until_s or now_s - found.seen_at_s >= idle_s:
        return None
    login = logins.get_login(tx, found.login)
    return None if login is None else (login, found)


def digest_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def demand(tx: Connection, name: str) -> Login:
    """The login of that name.

    Raises:
        ArgumentError: there is none.
    """
    found = logins.get_login(tx, name)
    if found is None:
        raise ArgumentError(f"no login `{name}`", hint="stagesync user list has those there are")
    return found


def _add(tx: Connection, name: str, kind: str, *, now_s: float, for_s: float) -> str:
    secret = secrets.token_urlsafe(32)
    logins.add_session(tx, Session(digest_of(secret), name, kind, now_s, now_s, now_s + for_s))
    return secret


def _keep_an_admin(tx: Connection, login: Login) -> None:
    others = (each for each in logins.all_logins(tx) if each.name != login.name)
    admin = Role.ADMIN.word
    if login.role == admin and not any(each.role == admin for each in others):
        raise ArgumentError(
            f"`{login.name}` is the last admin", hint="make somebody else an admin first"
        )


def _tell(tx: Connection, result: dict[str, object], *, by: str, now_s: float) -> None:
    audit.tell(tx, result, actor=by, now_s=now_s)
