"""Queries about who may sign in to the console, and who is signed in."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody who may sign in.

    Attributes:
        password: its hash; empty while none was chosen.
    """

    name: str
    role: str
    password: str = field(repr=False)
    made_at_s: float
    made_by: str


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody is signed in, or a link lies ready that signs them in once.

    Attributes:
        digest: of the secret that its bearer shows.
        kind: `session` or `link`.
        until_s: when it ends at the latest.
    """

    digest: str = field(repr=False)
    login: str
    kind: str
    made_at_s: float
    seen_at_s: float
    until_s: float


def all_logins(tx: Connection) -> list[Login]:
    """Everybody, by name."""
    return [
        Login(**row) for row in tx.execute(text("SELECT * FROM login ORDER BY name")).mappings()
    ]


def get_login(tx: Connection, name: str) -> Login | None:
    """One of them."""
    row = tx.execute(text("SELECT * FROM login WHERE name = :name"), {"name": name}).mappings()
    found = row.one_or_none()
    return None if found is None else Login(**found)


def add_login(tx: Connection, login: Login) -> None:
    """Let somebody sign in."""
    tx.execute(
        text(
            "INSERT INTO login (name, role, password, made_at_s, made_by)"
            " VALUES (:name, :role, :password, :made_at_s, :made_by)"
        ),
        {name: getattr(login, name) for name in Login.__slots__},
    )


def set_role(tx: Connection, name: str, role: str) -> None:
    """Give another role; it counts at the next request."""
    tx.execute(
        text("UPDATE login SET role = :role WHERE name = :name"), {"role": role, "name": name}
    )


def set_password(tx: Connection, name: str, password: str) -> None:
    """Keep the hash of a new password; whoever is signed in under the old one is signed out."""
    sql = text("UPDATE login SET password = :password WHERE name = :name")
    tx.execute(sql, {"password": password, "name": name})
    end_sessions(tx, name)


def remove_login(tx: Connection, name: str) -> None:
    """Let somebody sign in no more; they are signed out."""
    end_sessions(tx, name)
    tx.execute(text("DELETE FROM login WHERE name = :name"), {"name": name})


def add_session(tx: Connection, session: Session) -> None:
    """Keep a session or a link; those that have ended go."""
    tx.execute(text("DELETE FROM session WHERE until_s < :now_s"), {"now_s": session.made_at_s})
    tx.execute(
        text(
            "INSERT INTO session (digest, login, kind, made_at_s, seen_at_s, until_s)"
            " VALUES (:digest, :login, :kind, :made_at_s, :seen_at_s, :until_s)"
        ),
        {name: getattr(session, name) for name in Session.__slots__},
    )


def get_session(tx: Connection, digest: str) -> Session | None:
    """A session or a link."""
    sql = text("SELECT * FROM session WHERE digest = :digest")
    found = tx.execute(sql, {"digest": digest}).mappings().one_or_none()
    return None if found is None else Session(**found)


def see_session(tx: Connection, digest: str, *, at_s: float) -> None:
    """Note that somebody is still there."""
    sql = text("UPDATE session SET seen_at_s = :at_s WHERE digest = :digest")
    tx.execute(sql, {"at_s": at_s, "digest": digest})


def end_session(tx: Connection, digest: str) -> bool:
    """Sign out, or use a link up; whether there was one."""
    sql = text("DELETE FROM session WHERE digest = :digest")
    return tx.execute(sql, {"digest": digest}).rowcount > 0


def end_sessions(tx: Connection, login: str) -> None:
    """Sign somebody out wherever they are signed in."""
    tx.execute(text("DELETE FROM session WHERE login = :login"), {"login": login})
