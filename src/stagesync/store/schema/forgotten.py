"""Who was forgotten: without a name, so that a CRM which still has the record does not bring it back.

forgotten   a keyed digest of a CRM record's connection, object and id
forgetting  what was forgotten while a run may have been under way, until the next one has looked for it again
"""

from __future__ import annotations

from sqlalchemy import Index, Table

from stagesync.store.schema.columns import instant, metadata, text

forgotten = Table(
    "forgotten",
    metadata,
    text("digest", key=True),
    text("connection"),
    text("object"),
    instant("at_s"),
    Index("ix_forgotten_connection", "connection", "object"),
    sqlite_with_rowid=False,
)

forgetting = Table(
    "forgetting",
    metadata,
    text("id", key=True),
    text("what"),
    instant("at_s"),
)
