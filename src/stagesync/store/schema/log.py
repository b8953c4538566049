"""What stagesync notes about itself.

meta        single values about the store
run         every pass
audit       the log: what is kept of an entry for ever, and the part that tells of a person and can be blanked
log_end     where its chains end: that of the heads, under no name, and that of each run that is not closed
log_policy  which runs have entries under which policy
lease       who works on the store just now; see `store.leases`
"""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Table

from stagesync.store.schema.columns import instant, metadata, text, whole

meta = Table("meta", metadata, text("name", key=True), text("value"))

run = Table(
    "run",
    metadata,
    text("id", key=True),
    whole("seq"),
    instant("started_at_s"),
    instant("ended_at_s", null=True),
    text("outcome"),
    text("summary"),
    Index("ix_run_seq", "seq", unique=True),
    Index("ix_run_started_at_s", "started_at_s"),
)

audit = Table(
    "audit",
    metadata,
    whole("seq", key=True),
    text("at"),
    text("run"),
    text("person"),
    text("connection"),
    text("id"),
    text("kept"),
    text("part"),
    text("hash"),
    Index("ix_audit_run", "run", "seq"),
    Index("ix_audit_person", "person"),
    Index("ix_audit_id", "id"),
    Index("ix_audit_at", "at", "seq"),
)

log_end = Table(
    "log_end",
    metadata,
    text("run", key=True),
    whole("entries"),
    text("hash"),
)

log_policy = Table(
    "log_policy",
    metadata,
    text("policy", key=True),
    text("run", key=True),
    sqlite_with_rowid=False,
)

lease = Table(
    "lease",
    metadata,
    text("name", key=True),
    text("token"),
    text("host"),
    whole("pid"),
    text("life"),
    instant("taken_at_s"),
    instant("renewed_at_s"),
    Column("lasts_s", Float, nullable=False),
)
