"""Looks at every connection live, and says what is wrong with it and how to put it right.

It asks the CRM what a run would ask, one page of each object, and writes nothing anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import orjson
from sqlalchemy import Connection

from stagesync.connector import (
    CrmError,
    FieldMissing,
    FieldType,
    ObjectDescription,
    PermissionMissing,
    Pull,
    TellsTime,
)
from stagesync.domain.mapping import WriteRule
from stagesync.domain.plan import VendorStage
from stagesync.domain.said import Said
from stagesync.engine.alerts import HERE, Kind
from stagesync.engine.allowance import shortages
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.describe import Descriptions, fields_to_ask, missing_fields
from stagesync.engine.drift import choices_of, stages_offered
from stagesync.engine.findings import stored_findings
from stagesync.engine.heads import trouble_of
from stagesync.engine.progress import Progress, Quiet
from stagesync.store import alerts, state
from stagesync.store.words import keep, kept

SKEW_S = 60.0
"""A difference of clocks that is worth a word."""


_KEPT = "doctor.findings"
"""Name under which the store keeps what was found last."""

_LOOKED_AT = {Kind.QUOTA, Kind.LOG}
"""What the doctor looks at itself."""


class Severity(StrEnum):
    """How grave a finding is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to put right; an error keeps the connection, or a part of it, from working."""

    connection: str
    severity: Severity
    what: str
    fix: str


def examine(deployment: Deployment, progress: Progress | None = None) -> list[Finding]:
    """What is wrong here, then every finding of every connection, in the order of the settings, the gravest first."""
    progress = progress or Quiet()
    progress.phase("examine", len(deployment.connections))
    grave = list(Severity)
    here = [
        Finding(HERE, Severity.ERROR, *told) for told in trouble_of(deployment.log_rules).values()
    ]
    with deployment.store.read() as tx:
        here += [
            Finding(HERE, Severity.WARNING, each.what, each.fix)
            for each in alerts.standing(tx, HERE)
            if each.kind not in _LOOKED_AT
        ]
    found = list(here)
    for connected in deployment.connections.values():
        its = _examine(deployment, connected)
        found += sorted(its, key=lambda each: grave.index(each.severity))
        progress.advance(1)
    return found


@dataclass(frozen=True, slots=True)
class Examined:
    """What the doctor found last."""

    at_s: float
    findings: Sequence[Finding]


def keep_findings(tx: Connection, findings: Sequence[Finding], *, now_s: float) -> None:
    """Keep what was found, for whoever looks later."""
    rows = [[f.connection, str(f.severity), keep(f.what), keep(f.fix)] for f in findings]
    state.set_meta(tx, _KEPT, orjson.dumps({"at_s": now_s, "findings": rows}).decode())


def last_findings(tx: Connection) -> Examined | None:
    """What was found last; None when nobody looked yet."""
    text = state.get_meta(tx, _KEPT)
    if text is None:
        return None
    told = orjson.loads(text)
    rows = [
        Finding(connection, Severity(severity), kept(what), kept(fix))
        for connection, severity, what, fix in told["findings"]
    ]
    return Examined(told["at_s"], rows)


def _examine(deployment: Deployment, connected: Connected) -> Iterator[Finding]:
    name = connected.name
    try:
        connected.connector.check()
    except CrmError as error:
        yield _failed(name, error, fix=Said("correct the credentials of this connection"))
    else:
        yield from _clock(deployment, connected)
        found: dict[str, ObjectDescription] = {}
        for each in connected.roles:
            try:
                found |= connected.connector.describe([each])
            except CrmError as error:
                yield _failed(name, error, fix=_let_read(each))
        yield from _fields(deployment, connected, found)
        yield from _pages(deployment, connected, found)
        for short in shortages(connected.connector.quota()):
            severity = Severity.ERROR if short.is_over else Severity.WARNING
            yield Finding(name, severity, short.what, short.fix)
    with deployment.store.read() as tx:
        for alert in alerts.standing(tx, name):
            if alert.kind not in _LOOKED_AT:
                yield Finding(name, Severity.WARNING, alert.what, alert.fix)
        for told in stored_findings(tx, connected):
            severity = Severity.WARNING if told.is_gap else Severity.NOTE
            yield Finding(name, severity, told.what, told.fix)


def _failed(connection: str, error: CrmError, *, fix: str) -> Finding:
    return Finding(connection, Severity.ERROR, str(error), error.hint or fix)


def _let_read(object_name: str) -> str:
    return Said("let the credentials read {object}", object=object_name)


def _clock(deployment: Deployment, connected: Connected) -> Iterator[Finding]:
    """The answer that `check` got is fresh: its stamp is the CRM's present."""
    theirs_s = (
        connected.connector.server_now_s() if isinstance(connected.connector, TellsTime) else None
    )
    if theirs_s is None:
        return
    skew_s = theirs_s - deployment.clock.now_s()
    if abs(skew_s) > SKEW_S:
        seconds = round(abs(skew_s))
        what = (
            Said("this machine's clock is {seconds} s behind the CRM's", seconds=seconds)
            if skew_s > 0
            else Said("this machine's clock is {seconds} s ahead of the CRM's", seconds=seconds)
        )
        fix = Said("let the machine take its time from the network (NTP)")
        yield Finding(connected.name, Severity.WARNING, what, fix)


def _fields(deployment: Deployment, connected: Connected, found: Descriptions) -> Iterator[Finding]:
    with deployment.store.read() as tx:
        told = {each.key for each in alerts.standing(tx, connected.name)}
    for object_name, field in missing_fields(connected, found):
        if object_name in found and f"drift:{object_name}.{field}" not in told:
            yield _missing(connected, object_name, field)
    for object_name, described in found.items():
        for rule in connected.object_mapping(object_name).writes:
            is_off = rule.vendor and connected.vendor_stage is VendorStage.OFF
            if rule.field in described.fields and not is_off:
                yield from _written(deployment, connected, described, rule)


def _missing(connected: Connected, object_name: str, field: str) -> Finding:
    rules = connected.object_mapping(object_name).writes
    is_ours = any(rule.field == field and rule.owner == "ours" for rule in rules)
    return Finding(
        connected.name,
        Severity.ERROR,
        Said(
            "{field} does not exist, or the credentials may not see it",
            field=f"{object_name}.{field}",
        ),
        Said("stagesync setup {connection}", connection=connected.name)
        if is_ours
        else Said(
            "let the credentials see {field}, or correct the mapping",
            field=f"{object_name}.{field}",
        ),
    )


def _written(
    deployment: Deployment, connected: Connected, described: ObjectDescription, rule: WriteRule
) -> Iterator[Finding]:
    field = described.fields[rule.field]
    name = f"{described.object}.{rule.field}"
    if not field.writable:
        what = Said("{field} cannot be written with these credentials", field=name)
        fix = Said("give the user or app of this connection edit access to {field}", field=name)
        yield Finding(connected.name, Severity.ERROR, what, fix)
    if field.type is not FieldType.CHOICE or not rule.vocabulary:
        return
    mapping = connected.object_mapping(described.object)
    offered = stages_offered(mapping, field, deployment.vocabularies)
    wanted = [stage for stage, _ in choices_of(rule, deployment.vocabularies)]
    if lost := [stage for stage in wanted if stage not in offered]:
        what = Said("{field} offers no value for: {stages}", field=name, stages=lost)
        fix = (
            Said(
                "stagesync setup {connection}, or add these options in the CRM",
                connection=connected.name,
            )
            if rule.owner == "ours"
            else Said(
                "say under `values` of {field} what stands for these stages, or leave them out with []",
                field=name,
            )
        )
        yield Finding(connected.name, Severity.WARNING, what, fix)


def _pages(deployment: Deployment, connected: Connected, found: Descriptions) -> Iterator[Finding]:
    """One page of each object, as a run would ask: only then do scopes and permissions show."""
    with deployment.store.read() as tx:
        cursors = state.cursors_of(tx, connected.name)
    for name in found:
        cursor = cursors[name].cursor if name in cursors else None
        wanted = Pull(name, fields_to_ask(connected, found, name), cursor)
        try:
            next(iter(connected.connector.pull([wanted])), None)
        except FieldMissing:
            continue
        except PermissionMissing as error:
            yield _failed(connected.name, error, fix=_let_read(name))
        except CrmError as error:
            yield _failed(connected.name, error, fix=Said("try again later"))
