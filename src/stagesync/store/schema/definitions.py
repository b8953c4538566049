"""Which definitions were in force when, and which somebody proposes.

definition_text  files of definitions, packed, each text once
definition_set   the sets that were in force, oldest first: which files had which text
proposal         sets that somebody would have in force, with what they would do to the base
"""

from __future__ import annotations

from sqlalchemy import Index, Table

from stagesync.store.schema.columns import instant, metadata, text, whole

definition_text = Table("definition_text", metadata, text("digest", key=True), text("packed"))

definition_set = Table(
    "definition_set",
    metadata,
    whole("seq", key=True),
    instant("at_s"),
    text("digest"),
    text("policy"),
    text("adopted_by"),
    text("note"),
    text("files"),
)

proposal = Table(
    "proposal",
    metadata,
    text("id", key=True),
    text("state"),
    instant("made_at_s"),
    text("made_by"),
    text("note"),
    text("policy"),
    text("base"),
    text("files"),
    text("result", null=True),
    instant("decided_at_s", null=True),
    text("decided_by"),
    Index("ix_proposal_made_at_s", "made_at_s"),
)
