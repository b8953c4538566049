"""What is counted and kept so that nobody who asks must wait.

total   numbers that only grow: what runs did, since the store was made
kept    documents that take long to make, as they were last made
"""

from __future__ import annotations

from sqlalchemy import Column, Float, Table

from stagesync.store.schema.columns import instant, metadata, text

total = Table(
    "total",
    metadata,
    text("name", key=True),
    text("one", key=True),
    text("other", key=True),
    Column("value", Float, nullable=False),
    sqlite_with_rowid=False,
)

kept = Table(
    "kept",
    metadata,
    text("name", key=True),
    instant("made_at_s"),
    Column("took_s", Float, nullable=False),
    text("basis"),
    text("document"),
)
