"""What each table holds of people: the one list that forgetting, the subject report and docs/privacy.md go by.

Every column of every table stands here, so that a new one cannot be added without a word on whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from stagesync.store.forgotten import Traces
from stagesync.store.keys import among


class Key(StrEnum):
    """By what a row is found to be somebody's."""

    RECORD = "record"
    """The store's number of one of their records."""
    SUBJECT = "subject"
    """One of their ids of ours."""
    CRM_ID = "crm id"
    """The id of one of their records in its CRM, beside `connection` and `object`."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a table holds.

    Attributes:
        personal: columns that name somebody or tell of them.
        staff: columns that name who works with stagesync or in a CRM.
        plain: columns that tell of nobody.
        by: column -> by what it makes the row somebody's. A table with personal columns and without it is
            read and erased in a way of its own, see `store.erasing` and `store.told`.
        until: how long it is kept, for people.
    """

    personal: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    by: Mapping[str, Key] = field(default_factory=dict)
    until: str = "as long as it is of use: nothing of anybody"


_RECORD = {"record_pk": Key.RECORD}
_WITH_RECORD = "while the record is known"
_WITH_PERSON = "while the person is known"
_PLAN = "90 days after the plan, or until it is carried out"

HOLDINGS: Mapping[str, Holding] = {
    "record": Holding(
        personal=(
            "id", "fields", "changed_at_s", "told_at_s", "created_at_s", "merged_into", "person",
            "account", "email", "mail_domain", "first_name", "last_name", "domain",
        ),
        plain=("pk", "connection", "object", "held", "gone", "gone_at_s"),
        by={"pk": Key.RECORD},
        until="while the CRM has the record, then `privacy.keep_gone`",
    ),
    "alias": Holding(("email",), ("record_pk",), by=_RECORD, until=_WITH_RECORD),
    "link": Holding(
        personal=("from_pk", "to_pk"),
        by={"from_pk": Key.RECORD, "to_pk": Key.RECORD},
        until=_WITH_RECORD,
    ),
    "activity": Holding(
        personal=("at_s", "type", "took_place"),
        plain=("owner_pk", "source_pk"),
        by={"owner_pk": Key.RECORD, "source_pk": Key.RECORD},
        until=_WITH_RECORD,
    ),
    "deal": Holding(plain=("record_pk", "status", "at_s", "amount"), by=_RECORD),
    "fact_since": Holding(("fact", "since_s"), ("record_pk",), by=_RECORD, until=_WITH_RECORD),
    "member": Holding(
        personal=("list", "record_id", "at_s"),
        plain=("connection", "object"),
        by={"record_id": Key.CRM_ID},
        until="while the record is on the list",
    ),
    "inbox": Holding(
        personal=("id", "times", "heard_at_s"),
        plain=("connection", "object", "erased"),
        by={"id": Key.CRM_ID},
        until="until it is read; 30 days at most",
    ),
    "cursor": Holding(plain=("connection", "object", "cursor", "pulled_at_s", "complete")),
    "first_load": Holding(plain=("connection", "object", "records", "ended_at_s")),
    "connection": Holding(
        plain=(
            "name", "mode", "approved_at_s", "description", "described_at_s", "seen", "quota",
            "counts", "rounds", "trouble", "failures", "left_at_s",
        ),
        staff=("approved_by", "paused_by"),
    ),
    "remembered": Holding(plain=("connection", "text")),
    "total": Holding(plain=("name", "one", "other", "value")),
    "kept": Holding(plain=("name", "made_at_s", "took_s", "basis", "document")),
    "login": Holding(
        plain=("role", "password", "made_at_s"),
        staff=("name", "made_by"),
        until="until the login is removed",
    ),
    "session": Holding(
        plain=("digest", "kind", "made_at_s", "seen_at_s", "until_s"),
        staff=("login",),
        until="until it ends; 30 days at most",
    ),
    "alert": Holding(
        plain=("connection", "key", "what", "fix", "raised_at_s", "ended_at_s", "seen"),
        until="400 days after it ended: nothing of anybody",
    ),
    "unmapped": Holding(
        personal=("value",),
        plain=("record_pk", "field", "connection", "object"),
        by=_RECORD,
        until=_WITH_RECORD,
    ),
    "evidence": Holding(
        plain=("connection", "type", "day", "activities"), until="70 days: counts, nothing of anybody"
    ),
    "stage_day": Holding(plain=("day", "stage", "people"), until="70 days: counts, nothing of anybody"),
    "channel": Holding(
        plain=(
            "name", "since_s", "told_at_s", "failures", "trouble", "next_at_s", "busy_until_s",
        )
    ),
    "told": Holding(
        plain=("channel", "connection", "key", "raised_at_s", "ended"),
        until="as long as its alert: nothing of anybody",
    ),
    "person": Holding(
        personal=(
            "id", "account", "position", "scores", "stages", "evaluated_at_s", "recheck_at_s",
            "staged_at_s", "previous_stage", "content", "next_contact_at_s", "accept_by_s", "never",
            "no_contact_since_s", "referrer",
        ),
        plain=("place", "policy"),
        by={"id": Key.SUBJECT},
        until="while a CRM has a record of them",
    ),
    "account": Holding(
        plain=(
            "id", "account", "position", "scores", "stages", "evaluated_at_s", "recheck_at_s",
            "staged_at_s", "previous_stage", "content", "next_contact_at_s", "accept_by_s", "never",
            "no_contact_since_s", "referrer", "place", "policy",
        )
    ),
    "stood": Holding(
        personal=("subject", "since_s", "how"),
        plain=("place",),
        by={"subject": Key.SUBJECT},
        until="while the person is known, then `privacy.keep_gone`",
    ),
    "place": Holding(plain=("id", "levels")),
    "breach": Holding(
        personal=("subject", "rule", "at_s", "activity", "stage", "found_at_s"),
        by={"subject": Key.SUBJECT},
        until="while the person is known, then `privacy.keep_gone`",
    ),
    "dirty": Holding(("key",), ("kind", "cause"), until="until the next run"),
    "transition": Holding(
        personal=(
            "subject", "at_s", "stage_from", "stage_to", "position_from", "position_to", "scores",
            "reasons", "path", "implied",
        ),
        plain=("run", "policy"),
        by={"subject": Key.SUBJECT},
        until="while the person is known, then `privacy.keep_gone`",
    ),
    "held_join": Holding(
        personal=("one", "other", "stage_one", "stage_other"),
        plain=("id", "state", "raised_at_s", "decided_at_s"),
        staff=("decided_by",),
        by={"one": Key.SUBJECT, "other": Key.SUBJECT},
        until="while both are known, then `privacy.keep_gone`",
    ),
    "verdict": Holding(
        personal=("one", "other", "before"),
        plain=("id", "seq", "together", "said_at_s", "undone_at_s"),
        staff=("said_by", "undone_by"),
        until=_WITH_RECORD,
    ),
    "baseline": Holding(
        ("value", "written_at_s"), ("record_pk", "field", "run"), by=_RECORD, until=_WITH_RECORD
    ),
    "difference": Holding(
        personal=("wanted", "current", "words", "at_s", "until_s"),
        plain=("record_pk", "field", "reason"),
        by=_RECORD,
        until="while the value differs",
    ),
    "clearing": Holding(
        ("entry",), ("record_pk", "field", "refused"), by=_RECORD, until="until the move is done"
    ),
    "plan": Holding(
        plain=("id", "kind", "run", "state", "policy", "made_at_s", "decided_at_s", "leaves"),
        staff=("decided_by",),
        until=_PLAN,
    ),
    "plan_entry": Holding(
        personal=("subject", "before", "after", "stage_from", "stage_to", "because"),
        plain=("plan", "record_pk", "field", "state", "cause", "approval", "way"),
        by={**_RECORD, "subject": Key.SUBJECT},
        until=_PLAN,
    ),
    "saved_plan": Holding(
        ("body",), ("plan", "saved_at_s", "entries", "subjects", "causes"), until="90 days"
    ),
    "held_group": Holding(
        plain=("plan", "cause", "stage_from", "stage_to", "rule", "subjects", "most", "at_s"),
        staff=("writers",),
        until=_PLAN,
    ),
    "approval": Holding(plain=("plan", "cause", "stage_from", "stage_to", "subjects"), until=_PLAN),
    "own_write": Holding(
        personal=("at_s", "subject", "value", "stage_from", "stage_to"),
        plain=("record_pk", "field", "connection", "run", "cause", "approval"),
        by={**_RECORD, "subject": Key.SUBJECT},
        until="90 days; the newest of each field while the record is known",
    ),
    "hold": Holding(
        personal=("subject", "value", "over", "stage", "until_s", "why", "made_at_s", "ended_at_s"),
        plain=("id", "kind", "record_pk", "field", "policy"),
        staff=("made_by", "ended_by"),
        by={**_RECORD, "subject": Key.SUBJECT},
        until="while the person is known, then `privacy.keep_gone`",
    ),
    "edit": Holding(
        ("value", "ours", "at_s"), ("record_pk", "field"), by=_RECORD, until="until it is answered"
    ),
    "watch": Holding(
        ("before", "after"), ("record_pk", "field"), by=_RECORD, until="until the CRM was asked"
    ),
    "definition_text": Holding(plain=("digest", "packed")),
    "definition_set": Holding(
        plain=("seq", "at_s", "digest", "policy", "note", "files"),
        staff=("adopted_by",),
        until="for ever: nothing of anybody",
    ),
    "proposal": Holding(
        plain=(
            "id", "state", "made_at_s", "note", "policy", "base", "files", "result", "decided_at_s",
        ),
        staff=("made_by", "decided_by"),
        until="for ever: counts, nothing of anybody",
    ),
    "meta": Holding(plain=("name", "value")),
    "run": Holding(
        plain=("id", "seq", "started_at_s", "ended_at_s", "outcome", "summary"),
        until="400 days: counts, nothing of anybody",
    ),
    "audit": Holding(
        personal=("person", "id", "part"),
        plain=("seq", "at", "run", "connection", "hash"),
        staff=("kept",),
        until="`audit.keep`; without it for ever",
    ),
    "log_end": Holding(plain=("run", "entries", "hash")),
    "log_policy": Holding(plain=("policy", "run")),
    "lease": Holding(
        plain=("name", "token", "host", "pid", "life", "taken_at_s", "renewed_at_s", "lasts_s")
    ),
    "forgotten": Holding(
        plain=("digest", "connection", "object", "at_s"), until="until `stagesync forget --undo`"
    ),
    "forgetting": Holding(("what",), ("id", "at_s"), until="until the next run"),
}  # fmt: skip
"""Table -> what it holds."""


def rows_of(tx: Connection, table: str, traces: Traces) -> Iterator[dict[str, Any]]:
    """The rows of a table that are somebody's, each once; of a table with a way of its own, none."""
    seen = set[tuple[Any, ...]]()
    for column, key in HOLDINGS[table].by.items():
        sql = f"SELECT * FROM {table} WHERE {column} IN :keys"  # noqa: S608  the literals above
        for row in among(tx, sql, keys_of(traces, key)):
            told = row._asdict()
            if key is not Key.CRM_ID or (row.connection, row.object, told[column]) in traces.refs:
                values = tuple(row)
                if values not in seen:
                    seen.add(values)
                    yield told


def keys_of(traces: Traces, key: Key) -> list[Any]:
    """What the rows of somebody bear in a column of this kind."""
    found: Mapping[Key, list[Any]] = {
        Key.RECORD: sorted(traces.pks),
        Key.SUBJECT: sorted(traces.people),
        Key.CRM_ID: sorted({record_id for _, _, record_id in traces.refs}),
    }
    return found[key]
