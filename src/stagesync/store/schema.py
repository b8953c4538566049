"""The tables, defined once. Migrations bring any older store to exactly this.

    record      one row of a CRM, or one that another row named before we saw it (held = 0)
    alias       further addresses of people's records
    link        which record names which
    activity    what happened, kept under the record of the person it happened to
    deal        a deal record's status
    person      one human: where the policy places them
    account     one company: the same
    fact_since  since when a record has told a flag, for facts that no field dates
    dirty       what must be resolved, evaluated or planned again, and why
    inbox       records that a CRM named by webhook, until they are pulled
    dirty       what must be resolved, evaluated or planned again
    member      who is on a list that a scope names; a row without a record says when it was read
    cursor      how far a connection's object was pulled
    connection  what is known of a CRM account: its mode, its live field descriptions, how its mapped
                fields were when they last worked, the allowance it told, how many records it holds,
                how its slow work stands
    remembered  a connector's own text for its next life; may hold a refresh token
    alert       what a person should put right, and what they did
    baseline    the last value that a CRM and stagesync both held, per record and field
    difference  why a wanted value does not stand in the CRM
    clearing    fields that were emptied so that they could go back, until a value is seen in them
    plan, plan_entry   what will be, was, or waits to be written
    held_group  moves of a plan that are too much to be written unseen, and why
    approval    how many of each move somebody approved with a plan
    hold        what is not written for a while, because of a person: by hand, an edit, an undo
    edit        a value that somebody else put into a field of ours, until it is answered
    own_write   what we wrote, for as long as it is weighed or may come back
    held_join   two people whose records say that they are one, waiting for a person's word
    verdict     people's word on which records are one human, and how things stood before
    transition  every change of stage
    run         every pass
    audit       the append-only, hash-chained log
    log_end     where its chains end: that of the heads, and of each run that is not closed

Instants are Unix seconds (REAL). Structured values are JSON text: they are read whole or not at all.
"""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, MetaData, String, Table, Text

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _text(name: str, *, null: bool = False, key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null, primary_key=key)


def _instant(name: str, *, null: bool = False, key: bool = False) -> Column[float]:
    return Column(name, Float, nullable=null, primary_key=key)


def _whole(name: str, *, null: bool = False, key: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=null, primary_key=key, autoincrement=False)


meta = Table("meta", metadata, _text("name", key=True), _text("value"))

record = Table(
    "record",
    metadata,
    Column("pk", Integer, primary_key=True, autoincrement=True),
    _text("connection"),
    _text("object"),
    _text("id"),
    _whole("held"),
    _text("fields"),
    _instant("changed_at_s"),
    _instant("told_at_s"),
    _instant("created_at_s", null=True),
    _whole("gone"),
    _whole("erased"),
    _text("merged_into"),
    _text("person", null=True),
    _text("account", null=True),
    _text("email"),
    _text("mail_domain"),
    _text("first_name"),
    _text("last_name"),
    _text("domain"),
    Index("ix_record_identity", "connection", "object", "id", unique=True),
    Index("ix_record_person", "person"),
    Index("ix_record_account", "account"),
    Index("ix_record_email", "email"),
    Index("ix_record_mail_domain", "mail_domain"),
    Index("ix_record_domain", "domain"),
)

alias = Table(
    "alias",
    metadata,
    _whole("record_pk", key=True),
    _text("email", key=True),
    Index("ix_alias_email", "email"),
    sqlite_with_rowid=False,
)

link = Table(
    "link",
    metadata,
    _whole("from_pk", key=True),
    _whole("to_pk", key=True),
    Index("ix_link_to_pk", "to_pk"),
    sqlite_with_rowid=False,
)

activity = Table(
    "activity",
    metadata,
    _whole("owner_pk", key=True),
    _instant("at_s", key=True),
    _text("type", key=True),
    _whole("source_pk", key=True),
    _whole("took_place"),
    Index("ix_activity_source_pk", "source_pk"),
    sqlite_with_rowid=False,
)

deal = Table(
    "deal",
    metadata,
    _whole("record_pk", key=True),
    _text("status"),
    _instant("at_s", null=True),
    _instant("amount", null=True),
)


fact_since = Table(
    "fact_since",
    metadata,
    _whole("record_pk", key=True),
    _text("fact", key=True),
    _instant("since_s"),
)


inbox = Table(
    "inbox",
    metadata,
    _text("connection", key=True),
    _text("object", key=True),
    _text("id", key=True),
    _whole("erased"),
    _whole("times"),
    _instant("heard_at_s"),
)


def _placed(name: str) -> Table:
    return Table(
        name,
        metadata,
        _text("id", key=True),
        _text("account", null=True),
        _text("position"),
        _text("scores"),
        _text("stages"),
        _instant("evaluated_at_s", null=True),
        _instant("recheck_at_s", null=True),
        _instant("staged_at_s", null=True),
        _text("previous_stage", null=True),
        _text("content", null=True),
        _instant("next_contact_at_s", null=True),
        _text("policy"),
        Index(f"ix_{name}_recheck_at_s", "recheck_at_s"),
        Index(f"ix_{name}_account", "account"),
    )


person = _placed("person")
account = _placed("account")

dirty = Table(
    "dirty",
    metadata,
    Column("kind", String(8), primary_key=True),
    _text("key", key=True),
    _text("cause"),
    sqlite_with_rowid=False,
)

member = Table(
    "member",
    metadata,
    _text("connection", key=True),
    _text("object", key=True),
    _text("list", key=True),
    _text("record_id", key=True),
    _instant("at_s"),
    Index("ix_member_record_id", "record_id"),
    sqlite_with_rowid=False,
)

cursor = Table(
    "cursor",
    metadata,
    _text("connection", key=True),
    _text("object", key=True),
    _text("cursor"),
    _instant("pulled_at_s"),
    _whole("complete"),
)

connection = Table(
    "connection",
    metadata,
    _text("name", key=True),
    _text("mode"),
    _text("approved_by"),
    _instant("approved_at_s", null=True),
    _text("description"),
    _instant("described_at_s", null=True),
    _text("seen"),
    _text("quota"),
    _text("counts"),
    _text("rounds"),
    _text("trouble"),
    _text("paused_by"),
)

remembered = Table("remembered", metadata, _text("connection", key=True), _text("text"))

alert = Table(
    "alert",
    metadata,
    _text("connection", key=True),
    _text("key", key=True),
    _text("what"),
    _text("fix"),
    _instant("raised_at_s", key=True),
    _instant("ended_at_s", null=True),
    _whole("seen"),
)

baseline = Table(
    "baseline",
    metadata,
    _whole("record_pk", key=True),
    _text("field", key=True),
    _text("value"),
    _text("run"),
    _instant("written_at_s"),
)

clearing = Table(
    "clearing",
    metadata,
    _whole("record_pk", key=True),
    _text("field", key=True),
    _text("entry"),
    _whole("refused"),
)

difference = Table(
    "difference",
    metadata,
    _whole("record_pk", key=True),
    _text("field", key=True),
    _text("wanted"),
    _text("current"),
    _text("reason"),
    _text("words"),
    _instant("at_s"),
)

plan = Table(
    "plan",
    metadata,
    _text("id", key=True),
    _text("kind"),
    _text("run"),
    _text("state"),
    _text("policy"),
    _instant("made_at_s"),
    _text("decided_by"),
    _instant("decided_at_s", null=True),
)

plan_entry = Table(
    "plan_entry",
    metadata,
    _text("plan", key=True),
    _whole("record_pk", key=True),
    _text("field", key=True),
    _text("subject"),
    _text("before"),
    _text("after"),
    _text("stage_from"),
    _text("stage_to"),
    _text("because"),
    _text("state"),
    _text("cause"),
    _text("approval"),
    _text("way"),
    Index("ix_plan_entry_subject", "subject"),
    Index("ix_plan_entry_state", "state"),
)

held_group = Table(
    "held_group",
    metadata,
    _text("plan", key=True),
    _text("cause", key=True),
    _text("stage_from", key=True),
    _text("stage_to", key=True),
    _text("rule"),
    _whole("subjects"),
    _whole("most"),
    _instant("at_s"),
)

approval = Table(
    "approval",
    metadata,
    _text("plan", key=True),
    _text("cause", key=True),
    _text("stage_from", key=True),
    _text("stage_to", key=True),
    _whole("subjects"),
)

edit = Table(
    "edit",
    metadata,
    _whole("record_pk", key=True),
    _text("field", key=True),
    _text("value"),
    _text("ours"),
    _instant("at_s"),
)

hold = Table(
    "hold",
    metadata,
    _text("id", key=True),
    _text("kind"),
    _text("subject"),
    _whole("record_pk"),
    _text("field"),
    _text("value"),
    _text("stage"),
    _text("policy"),
    _instant("until_s", null=True),
    _text("made_by"),
    _text("why"),
    _instant("made_at_s"),
    _instant("ended_at_s", null=True),
    _text("ended_by"),
    Index("ix_hold_subject", "subject"),
)

own_write = Table(
    "own_write",
    metadata,
    _whole("record_pk", key=True),
    _text("field", key=True),
    _instant("at_s", key=True),
    _text("connection"),
    _text("subject"),
    _text("value"),
    _text("run"),
    _text("cause"),
    _text("stage_from"),
    _text("stage_to"),
    _text("approval"),
    Index("ix_own_write_at_s", "at_s"),
    sqlite_with_rowid=False,
)

held_join = Table(
    "held_join",
    metadata,
    _text("id", key=True),
    _text("one"),
    _text("other"),
    _text("stage_one"),
    _text("stage_other"),
    _text("state"),
    _instant("raised_at_s"),
    _text("decided_by"),
    _instant("decided_at_s", null=True),
)

verdict = Table(
    "verdict",
    metadata,
    _text("id", key=True),
    _whole("seq"),
    _whole("together"),
    _text("one"),
    _text("other"),
    _text("said_by"),
    _instant("said_at_s"),
    _text("before"),
    _text("undone_by"),
    _instant("undone_at_s", null=True),
)

transition = Table(
    "transition",
    metadata,
    _text("subject", key=True),
    _instant("at_s", key=True),
    _text("run"),
    _text("stage_from"),
    _text("stage_to"),
    _text("position_from"),
    _text("position_to"),
    _text("policy"),
    _text("scores"),
    _text("reasons"),
)

run = Table(
    "run",
    metadata,
    _text("id", key=True),
    _instant("started_at_s"),
    _instant("ended_at_s", null=True),
    _text("outcome"),
    _text("summary"),
)

audit = Table(
    "audit",
    metadata,
    _whole("seq", key=True),
    _text("at"),
    _text("run"),
    _text("person"),
    _text("connection"),
    _text("id"),
    _text("kept"),
    _text("part"),
    _text("hash"),
    Index("ix_audit_run", "run"),
    Index("ix_audit_person", "person"),
    Index("ix_audit_id", "id"),
)

log_end = Table(
    "log_end",
    metadata,
    _text("run", key=True),
    _whole("entries"),
    _text("hash"),
)
