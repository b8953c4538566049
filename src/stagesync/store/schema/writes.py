"""What is written to the CRMs, what is kept from being written, and what stands there instead.

baseline    the last value that a CRM and stagesync both held, per record and field
difference  why a wanted value does not stand in the CRM
clearing    fields that were emptied so that they could go back, until a value is seen in them
plan, plan_entry   what will be, was, or waits to be written
saved_plan  what a plan held when it was shown, held or decided: compressed, a line per value
held_group  moves of a plan that are too much to be written unseen, and why
approval    how many of each move somebody approved with a plan
own_write   what we wrote, for as long as it is weighed or may come back
hold        what is not written for a while, because of a person: by hand, an edit, an undo
edit        a value that somebody else put into a field of ours, until it is answered
watch       a stage of ours that went out, until the CRM's history tells whether it replaced an edit
"""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table
from sqlalchemy import text as sql

from stagesync.store.schema.columns import instant, metadata, text, whole

_HELD = sql("state = 'held'")

baseline = Table(
    "baseline",
    metadata,
    whole("record_pk", key=True),
    text("field", key=True),
    text("value"),
    text("run"),
    instant("written_at_s"),
)

difference = Table(
    "difference",
    metadata,
    whole("record_pk", key=True),
    text("field", key=True),
    text("wanted"),
    text("current"),
    text("reason"),
    text("words"),
    instant("at_s"),
    instant("until_s", null=True),
    Index("ix_difference_until_s", "until_s"),
    Index("ix_difference_reason", "reason"),
)

clearing = Table(
    "clearing",
    metadata,
    whole("record_pk", key=True),
    text("field", key=True),
    text("entry"),
    whole("refused"),
)

plan = Table(
    "plan",
    metadata,
    text("id", key=True),
    text("kind"),
    text("run"),
    text("state"),
    text("policy"),
    instant("made_at_s"),
    text("decided_by"),
    instant("decided_at_s", null=True),
    text("leaves"),
    Index("ix_plan_state", "state", "made_at_s"),
)

plan_entry = Table(
    "plan_entry",
    metadata,
    text("plan", key=True),
    whole("record_pk", key=True),
    text("field", key=True),
    text("subject"),
    text("before"),
    text("after"),
    text("stage_from"),
    text("stage_to"),
    text("because"),
    text("state"),
    text("cause"),
    text("approval"),
    text("way"),
    Index("ix_plan_entry_subject", "subject"),
    Index("ix_plan_entry_state", "state"),
    # All that is counted of what is held, and the order in which it is paged.
    Index(
        "ix_plan_entry_held",
        "plan",
        "cause",
        "stage_from",
        "stage_to",
        "subject",
        "record_pk",
        "field",
        "way",
        sqlite_where=_HELD,
        postgresql_where=_HELD,
    ),
)

saved_plan = Table(
    "saved_plan",
    metadata,
    text("plan", key=True),
    instant("saved_at_s"),
    whole("entries"),
    whole("subjects"),
    text("causes"),
    Column("body", LargeBinary, nullable=False),
)

held_group = Table(
    "held_group",
    metadata,
    text("plan", key=True),
    text("cause", key=True),
    text("stage_from", key=True),
    text("stage_to", key=True),
    text("rule"),
    whole("subjects"),
    whole("most"),
    text("writers"),
    instant("at_s"),
)

approval = Table(
    "approval",
    metadata,
    text("plan", key=True),
    text("cause", key=True),
    text("stage_from", key=True),
    text("stage_to", key=True),
    whole("subjects"),
)

own_write = Table(
    "own_write",
    metadata,
    whole("record_pk", key=True),
    text("field", key=True),
    instant("at_s", key=True),
    text("connection"),
    text("subject"),
    text("value"),
    text("run"),
    text("cause"),
    text("stage_from"),
    text("stage_to"),
    text("approval"),
    Index("ix_own_write_at_s", "at_s"),
    Index("ix_own_write_subject", "subject"),
    sqlite_with_rowid=False,
)

hold = Table(
    "hold",
    metadata,
    text("id", key=True),
    text("kind"),
    text("subject"),
    whole("record_pk"),
    text("field"),
    text("value"),
    text("over", null=True),
    text("stage"),
    text("policy"),
    instant("until_s", null=True),
    text("made_by"),
    text("why"),
    instant("made_at_s"),
    instant("ended_at_s", null=True),
    text("ended_by"),
    Index("ix_hold_subject", "subject"),
)

edit = Table(
    "edit",
    metadata,
    whole("record_pk", key=True),
    text("field", key=True),
    text("value"),
    text("ours"),
    instant("at_s"),
)

watch = Table(
    "watch",
    metadata,
    whole("record_pk", key=True),
    text("field", key=True),
    text("before"),
    text("after"),
    sqlite_with_rowid=False,
)
