"""What is done about one edit: it is respected, adopted or written over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from stagesync.connector import Change, FieldValue
from stagesync.domain.adopt import overrides_for
from stagesync.domain.edits import Answer, Rule
from stagesync.domain.guard import Cause
from stagesync.domain.mapping import WriteRule
from stagesync.engine import audit
from stagesync.engine.deployment import Deployment
from stagesync.engine.holds import hold_id
from stagesync.engine.instants import iso
from stagesync.store import holds, people, state
from stagesync.store.edits import Edit
from stagesync.store.holds import Hold
from stagesync.store.records import StoredRecord


@dataclass(frozen=True, slots=True)
class Seen:
    """An edit with the record it is in, whose it is, and what is done about it.

    Attributes:
        over: our value, where it replaced the edit while it was under way; None where the edit stands.
    """

    edit: Edit
    record: StoredRecord
    change: Change
    answer: Answer
    over: FieldValue = None


def answer(tx: Connection, deployment: Deployment, each: Seen, *, now_s: float, run: str) -> None:
    """Carry the rule out, and keep in the log what was done; of a record that is gone only the latter."""
    subject = owner(each.record)
    rule, made = each.answer.rule, None
    if rule is Rule.ADOPT:
        made = _adopted(tx, deployment, each, subject, now_s=now_s)
        rule = Rule.ADOPT if made else Rule.RESPECT
    if rule is Rule.RESPECT and subject:
        made = _hold(deployment, each, subject, "edit", each.edit.value, now_s=now_s)
    if made:
        holds.save(tx, [made])
    if subject and (each.over is None or rule is not Rule.OVERWRITE):
        state.mark_dirty(tx, people.kind_of(subject), [subject], cause=Cause.BY_HAND)
    audit.append(tx, [_audited(deployment, each, subject, rule, made, run=run, now_s=now_s)])


def owner(record: StoredRecord) -> str:
    """Id of the person or account that a record belongs to; empty for nobody."""
    return record.person or record.account or ""


def _adopted(
    tx: Connection, deployment: Deployment, each: Seen, subject: str, *, now_s: float
) -> Hold | None:
    """The override that makes the value true; None when the named axes cannot."""
    placed = people.placed(tx, "person", [subject]).get(subject)
    rule = _rule_of(deployment, each.record, each.edit.field)
    stage = _stage_meant(rule, each.edit.value) if rule else None
    if placed is None or not placed.position or rule is None or stage is None:
        return None
    by_name = {axis.name: axis for axis in deployment.policy.axes}
    axes = [by_name[name] for name in deployment.edits.adopt_axes if name in by_name]
    found = overrides_for(
        stage,
        placed.position,
        axes,
        stage_of=lambda position: deployment.classifier.stage(rule.vocabulary, position),
    )
    if found is None:
        return None
    return _hold(deployment, each, subject, "adopt", dict(found), now_s=now_s)


def _rule_of(deployment: Deployment, record: StoredRecord, name: str) -> WriteRule | None:
    connected = deployment.connections.get(record.connection)
    rules = connected.object_mapping(record.object).writes if connected else ()
    return next((rule for rule in rules if rule.field == name), None)


def _stage_meant(rule: WriteRule, value: Any) -> str | None:
    if rule.values is None:
        return None if value is None else str(value)
    return next((stage for stage, words in rule.values.items() if value in words), None)


def _hold(
    deployment: Deployment, each: Seen, subject: str, kind: str, value: Any, *, now_s: float
) -> Hold:
    about = subject if kind == "adopt" else f"{each.edit.record_pk}/{each.edit.field}"
    return Hold(
        id=hold_id(kind, about),
        kind=kind,
        subject=subject,
        record_pk=each.edit.record_pk,
        field=each.edit.field,
        value=value,
        stage="",
        policy=deployment.policy.label,
        until_s=now_s + each.answer.for_s,
        made_by=who(each.change),
        why=f"{each.edit.field} was set by {who(each.change)}",
        made_at_s=now_s,
        over=each.over if kind == "edit" else None,
    )


def who(change: Change) -> str:
    """Whose change it is, in a word or two."""
    return f"{change.actor} {change.by}".strip()


def _audited(
    deployment: Deployment,
    each: Seen,
    subject: str,
    rule: Rule,
    made: Hold | None,
    *,
    run: str,
    now_s: float,
) -> dict[str, Any]:
    return {
        "at": iso(now_s),
        "run": run,
        "actor": who(each.change),
        "person": subject,
        "connection": each.record.connection,
        "object": each.record.object,
        "id": each.record.id,
        "field": each.edit.field,
        "before": each.edit.ours,
        "after": each.edit.value,
        "policy": deployment.policy.label,
        "reasons": [],
        "result": {
            "edit": str(rule),
            "at": iso(each.change.at_s),
            "hold": made.id if made else None,
            "until": iso(made.until_s) if made and made.until_s is not None else None,
        }
        | ({} if each.over is None else {"replaced_by": each.over}),
    }
