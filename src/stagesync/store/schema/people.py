"""Who there is, where the policy places them, and who is one with whom.

person      one human: where the policy places them
account     one company: the same
dirty       what must be resolved, evaluated or planned again, and why
transition  every change of stage
stood       since when each stood where, in few bytes: what funnels are counted from
place       every position that somebody ever stood in, once: people, accounts and `stood` name its number
breach      what was done to somebody against the treatment of their stage
held_join   two people whose records say that they are one, waiting for a person's word
verdict     people's word on which records are one human, and how things stood before
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table

from stagesync.store.schema.columns import instant, metadata, text, whole


def _placed(name: str) -> Table:
    return Table(
        name,
        metadata,
        text("id", key=True),
        text("account", null=True),
        text("position"),
        text("scores"),
        text("stages"),
        instant("evaluated_at_s", null=True),
        instant("recheck_at_s", null=True),
        instant("staged_at_s", null=True),
        text("previous_stage", null=True),
        text("content", null=True),
        instant("next_contact_at_s", null=True),
        instant("accept_by_s", null=True),
        text("never", null=True),
        instant("no_contact_since_s", null=True),
        text("referrer", null=True),
        whole("place", null=True),
        text("policy"),
        Index(f"ix_{name}_recheck_at_s", "recheck_at_s"),
        Index(f"ix_{name}_next_contact_at_s", "next_contact_at_s"),
        Index(f"ix_{name}_accept_by_s", "accept_by_s"),
        Index(f"ix_{name}_referrer", "referrer"),
        Index(f"ix_{name}_account", "account"),
        Index(f"ix_{name}_policy", "policy"),
        Index(f"ix_{name}_place", "place"),
        Index(f"ix_{name}_moved", "staged_at_s", "id", "place"),
    )


person = _placed("person")

account = _placed("account")

dirty = Table(
    "dirty",
    metadata,
    Column("kind", String(8), primary_key=True),
    text("key", key=True),
    text("cause"),
    sqlite_with_rowid=False,
)

stage_day = Table(
    "stage_day",
    metadata,
    whole("day", key=True),
    text("stage", key=True),
    whole("people"),
)

transition = Table(
    "transition",
    metadata,
    text("subject", key=True),
    instant("at_s", key=True),
    text("run"),
    text("stage_from"),
    text("stage_to"),
    text("position_from"),
    text("position_to"),
    text("policy"),
    text("scores"),
    text("reasons"),
    text("path"),
    text("implied"),
)

stood = Table(
    "stood",
    metadata,
    text("subject", key=True),
    instant("since_s", key=True),
    whole("place", null=True),
    text("how"),
    sqlite_with_rowid=False,
)

place = Table(
    "place",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    text("levels"),
    Index("ix_place_levels", "levels", unique=True),
)

breach = Table(
    "breach",
    metadata,
    text("subject", key=True),
    text("rule", key=True),
    instant("at_s", key=True),
    text("activity"),
    text("stage"),
    instant("found_at_s"),
    Index("ix_breach_at_s", "at_s"),
    sqlite_with_rowid=False,
)

held_join = Table(
    "held_join",
    metadata,
    text("id", key=True),
    text("one"),
    text("other"),
    text("stage_one"),
    text("stage_other"),
    text("state"),
    instant("raised_at_s"),
    text("decided_by"),
    instant("decided_at_s", null=True),
)

verdict = Table(
    "verdict",
    metadata,
    text("id", key=True),
    whole("seq"),
    whole("together"),
    text("one"),
    text("other"),
    text("said_by"),
    instant("said_at_s"),
    text("before"),
    text("undone_by"),
    instant("undone_at_s", null=True),
)
