"""Who may sign in to the console.

login      people who may, with their role and the hash of their password; empty while they have none
session    who is signed in, and links that sign somebody in once; known by the digest of their secret alone
"""

from __future__ import annotations

from sqlalchemy import Index, Table

from stagesync.store.schema.columns import instant, metadata, text

login = Table(
    "login",
    metadata,
    text("name", key=True),
    text("role"),
    text("password"),
    instant("made_at_s"),
    text("made_by"),
)

session = Table(
    "session",
    metadata,
    text("digest", key=True),
    text("login"),
    text("kind"),
    instant("made_at_s"),
    instant("seen_at_s"),
    instant("until_s"),
    Index("ix_session_login", "login"),
)
