"""What stagesync notes about itself.

meta   single values about the store
run    every pass
audit  the append-only, hash-chained log
"""

from __future__ import annotations

from sqlalchemy import Index, Table

from stagesync.store.schema.columns import instant, metadata, text, whole

meta = Table("meta", metadata, text("name", key=True), text("value"))

run = Table(
    "run",
    metadata,
    text("id", key=True),
    instant("started_at_s"),
    instant("ended_at_s", null=True),
    text("outcome"),
    text("summary"),
)

audit = Table(
    "audit",
    metadata,
    whole("seq", key=True),
    text("at"),
    text("run"),
    text("person"),
    text("connection"),
    text("entry"),
    text("prev_hash"),
    text("hash"),
    Index("ix_audit_run", "run"),
    Index("ix_audit_person", "person"),
)
