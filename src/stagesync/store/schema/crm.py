"""What the CRMs hold, how far it was read, and what is known of each connection.

record      one row of a CRM, or one that another row named before we saw it (held = 0); names stand
            in it folded, a company's as `last_name`
alias       further addresses of people's records
link        which record names which
activity    what happened, kept under the record of the person it happened to
deal        a deal record's status
fact_since  since when a record has told a flag, for facts that no field dates
member      who is on a list that a scope names; a row without a record says when it was read
inbox       records that a CRM named by webhook, until they are pulled
cursor      how far a connection's object was pulled
connection  what is known of a CRM account: its mode, its live field descriptions, how its mapped
            fields were when they last worked, the allowance it told, how many records it holds,
            how its slow work stands
remembered  a connector's own text for its next life; may hold a refresh token
unmapped    values of records that their mapping does not understand
evidence    how many activities of a type each day brought
alert       what a person should put right, and what they did
channel     where alerts are told, and how that went
told        which alert was told where
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Float, Index, Integer, Table, TextClause
from sqlalchemy import text as sql

from stagesync.store.schema.columns import instant, metadata, sought, text, whole

_MERGED = sql("merged_into <> ''")
_GONE = sql("gone = 1")
_NAMED = sql("last_name <> ''")
_CALLED = sql("first_name <> ''")


def _where(condition: TextClause) -> dict[str, Any]:
    """An index of those rows alone."""
    return {"sqlite_where": condition, "postgresql_where": condition}


record = Table(
    "record",
    metadata,
    Column("pk", Integer, primary_key=True, autoincrement=True),
    text("connection"),
    text("object"),
    sought("id"),
    whole("held"),
    text("fields"),
    instant("changed_at_s"),
    instant("told_at_s"),
    instant("created_at_s", null=True),
    whole("gone"),
    instant("gone_at_s", null=True),
    text("merged_into"),
    text("person", null=True),
    text("account", null=True),
    sought("email"),
    text("mail_domain"),
    sought("first_name"),
    sought("last_name"),
    sought("domain"),
    Index("ix_record_identity", "connection", "object", "id", unique=True),
    Index("ix_record_person", "person"),
    Index("ix_record_account", "account"),
    Index("ix_record_email", "email"),
    Index("ix_record_mail_domain", "mail_domain"),
    Index("ix_record_domain", "domain"),
    Index("ix_record_name", "last_name", "first_name", **_where(_NAMED)),
    Index("ix_record_first_name", "first_name", "last_name", **_where(_CALLED)),
    Index("ix_record_merged_into", "merged_into", **_where(_MERGED)),
    Index("ix_record_gone_at_s", "gone_at_s", **_where(_GONE)),
    # A number is never given twice: what a run in hand still notes of an erased record is nobody's.
    sqlite_autoincrement=True,
)

alias = Table(
    "alias",
    metadata,
    whole("record_pk", key=True),
    sought("email", key=True),
    Index("ix_alias_email", "email"),
    sqlite_with_rowid=False,
)

link = Table(
    "link",
    metadata,
    whole("from_pk", key=True),
    whole("to_pk", key=True),
    Index("ix_link_to_pk", "to_pk"),
    sqlite_with_rowid=False,
)

activity = Table(
    "activity",
    metadata,
    whole("owner_pk", key=True),
    instant("at_s", key=True),
    text("type", key=True),
    whole("source_pk", key=True),
    whole("took_place"),
    Index("ix_activity_source_pk", "source_pk"),
    sqlite_with_rowid=False,
)

deal = Table(
    "deal",
    metadata,
    whole("record_pk", key=True),
    text("status"),
    instant("at_s", null=True),
    Column("amount", Float),
)

fact_since = Table(
    "fact_since",
    metadata,
    whole("record_pk", key=True),
    text("fact", key=True),
    instant("since_s"),
)

member = Table(
    "member",
    metadata,
    text("connection", key=True),
    text("object", key=True),
    text("list", key=True),
    text("record_id", key=True),
    instant("at_s"),
    Index("ix_member_record_id", "record_id"),
    sqlite_with_rowid=False,
)

inbox = Table(
    "inbox",
    metadata,
    text("connection", key=True),
    text("object", key=True),
    text("id", key=True),
    whole("erased"),
    whole("times"),
    instant("heard_at_s"),
)

cursor = Table(
    "cursor",
    metadata,
    text("connection", key=True),
    text("object", key=True),
    text("cursor"),
    instant("pulled_at_s"),
    whole("complete"),
)

first_load = Table(
    "first_load",
    metadata,
    text("connection", key=True),
    text("object", key=True),
    whole("records"),
    instant("ended_at_s", null=True),
)

connection = Table(
    "connection",
    metadata,
    text("name", key=True),
    text("mode"),
    text("approved_by"),
    instant("approved_at_s", null=True),
    text("description"),
    instant("described_at_s", null=True),
    text("seen"),
    text("quota"),
    text("counts"),
    text("rounds"),
    text("trouble"),
    whole("failures"),
    text("paused_by"),
    instant("left_at_s", null=True),
)

unmapped = Table(
    "unmapped",
    metadata,
    whole("record_pk", key=True),
    text("field", key=True),
    text("value", key=True),
    text("connection"),
    text("object"),
    Index("ix_unmapped_value", "connection", "object", "field", "value"),
    sqlite_with_rowid=False,
)

evidence = Table(
    "evidence",
    metadata,
    text("connection", key=True),
    text("type", key=True),
    whole("day", key=True),
    whole("activities"),
    sqlite_with_rowid=False,
)

remembered = Table("remembered", metadata, text("connection", key=True), text("text"))

alert = Table(
    "alert",
    metadata,
    text("connection", key=True),
    text("key", key=True),
    text("what"),
    text("fix"),
    instant("raised_at_s", key=True),
    instant("ended_at_s", null=True),
    whole("seen"),
    Index("ix_alert_ended_at_s", "ended_at_s"),
)

channel = Table(
    "channel",
    metadata,
    text("name", key=True),
    instant("since_s"),
    instant("told_at_s", null=True),
    whole("failures"),
    text("trouble"),
    instant("next_at_s", null=True),
    instant("busy_until_s", null=True),
)

told = Table(
    "told",
    metadata,
    text("channel", key=True),
    text("connection", key=True),
    text("key", key=True),
    instant("raised_at_s", key=True),
    whole("ended"),
)
