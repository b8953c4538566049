"""Looks at every connection live, and says what is wrong with it and how to put it right.

It asks the CRM what a run would ask, one page of each object, and writes nothing anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from stagesync.connector import (
    CrmError,
    FieldMissing,
    FieldType,
    ObjectDescription,
    PermissionMissing,
    Pull,
    Quota,
    TellsTime,
)
from stagesync.domain.mapping import WriteRule
from stagesync.domain.plan import VendorStage
from stagesync.engine.alerts import HERE
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.describe import Descriptions, fields_to_ask, missing_fields
from stagesync.engine.drift import choices_of, stages_offered
from stagesync.engine.findings import stored_findings
from stagesync.engine.heads import trouble_of
from stagesync.engine.live import DEFINITIONS, SETTINGS
from stagesync.store import alerts, state

SKEW_S = 60.0
"""A difference of clocks that is worth a word."""

NEARLY_USED = 0.8
"""Share of the vendor's daily allowance at which others begin to suffer."""


OF_FILES = (f"{DEFINITIONS}:", f"{SETTINGS}:")
"""Begin the keys of the daemon's alerts about the files that it works by."""


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


def examine(deployment: Deployment) -> list[Finding]:
    """What is wrong here, then every finding of every connection, in the order of the settings, the gravest first."""
    grave = list(Severity)
    here = [
        Finding(HERE, Severity.ERROR, *told) for told in trouble_of(deployment.log_rules).values()
    ]
    with deployment.store.begin() as tx:
        here += [
            Finding(HERE, Severity.WARNING, each.what, each.fix)
            for each in alerts.standing(tx, HERE)
            if each.key.startswith(OF_FILES)
        ]
    return here + [
        found
        for connected in deployment.connections.values()
        for found in sorted(
            _examine(deployment, connected), key=lambda each: grave.index(each.severity)
        )
    ]


def _examine(deployment: Deployment, connected: Connected) -> Iterator[Finding]:
    name = connected.name
    try:
        connected.connector.check()
    except CrmError as error:
        yield _failed(name, error, fix="correct the credentials of this connection")
    else:
        yield from _clock(deployment, connected)
        found: dict[str, ObjectDescription] = {}
        for each in connected.roles:
            try:
                found |= connected.connector.describe([each])
            except CrmError as error:
                yield _failed(name, error, fix=f"let the credentials read {each}")
        yield from _fields(deployment, connected, found)
        yield from _pages(deployment, connected, found)
        yield from _quota(name, connected.connector.quota())
    with deployment.store.begin() as tx:
        for alert in alerts.standing(tx, name):
            yield Finding(name, Severity.WARNING, alert.what, alert.fix)
        for told in stored_findings(tx, connected):
            severity = Severity.WARNING if told.is_gap else Severity.NOTE
            yield Finding(name, severity, told.what, told.fix)


def _failed(connection: str, error: CrmError, *, fix: str) -> Finding:
    return Finding(connection, Severity.ERROR, str(error), error.hint or fix)


def _clock(deployment: Deployment, connected: Connected) -> Iterator[Finding]:
    """The answer that `check` got is fresh: its stamp is the CRM's present."""
    theirs_s = (
        connected.connector.server_now_s() if isinstance(connected.connector, TellsTime) else None
    )
    if theirs_s is None:
        return
    skew_s = theirs_s - deployment.clock.now_s()
    if abs(skew_s) > SKEW_S:
        side = "behind" if skew_s > 0 else "ahead of"
        yield Finding(
            connected.name,
            Severity.WARNING,
            f"this machine's clock is {abs(skew_s):.0f} s {side} the CRM's",
            "let the machine take its time from the network (NTP)",
        )


def _fields(deployment: Deployment, connected: Connected, found: Descriptions) -> Iterator[Finding]:
    with deployment.store.begin() as tx:
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
        f"{object_name}.{field} does not exist, or the credentials may not see it",
        f"stagesync setup {connected.name}"
        if is_ours
        else f"let the credentials see {object_name}.{field}, or correct the mapping",
    )


def _written(
    deployment: Deployment, connected: Connected, described: ObjectDescription, rule: WriteRule
) -> Iterator[Finding]:
    field = described.fields[rule.field]
    name = f"{described.object}.{rule.field}"
    if not field.writable:
        what = f"{name} cannot be written with these credentials"
        fix = f"give the user or app of this connection edit access to {name}"
        yield Finding(connected.name, Severity.ERROR, what, fix)
    if field.type is not FieldType.CHOICE or not rule.vocabulary:
        return
    mapping = connected.object_mapping(described.object)
    offered = stages_offered(mapping, field, deployment.vocabularies)
    wanted = [stage for stage, _ in choices_of(rule, deployment.vocabularies)]
    if lost := [stage for stage in wanted if stage not in offered]:
        what = f"{name} offers no value for: {', '.join(lost)}"
        fix = (
            f"stagesync setup {connected.name}, or add these options in the CRM"
            if rule.owner == "ours"
            else f"say under `values` of {name} what stands for these stages, or leave them out with []"
        )
        yield Finding(connected.name, Severity.WARNING, what, fix)


def _pages(deployment: Deployment, connected: Connected, found: Descriptions) -> Iterator[Finding]:
    """One page of each object, as a run would ask: only then do scopes and permissions show."""
    with deployment.store.begin() as tx:
        cursors = state.cursors_of(tx, connected.name)
    for name in found:
        cursor = cursors[name].cursor if name in cursors else None
        wanted = Pull(name, fields_to_ask(connected, found, name), cursor)
        try:
            next(iter(connected.connector.pull([wanted])), None)
        except FieldMissing:
            continue
        except PermissionMissing as error:
            yield _failed(connected.name, error, fix=f"let the credentials read {name}")
        except CrmError as error:
            yield _failed(connected.name, error, fix="try again later")


def _quota(connection: str, told: Quota | None) -> Iterable[Finding]:
    if told is None:
        return
    if told.budget is not None and told.used_by_us >= told.budget:
        yield Finding(
            connection,
            Severity.WARNING,
            f"this deployment has used its {told.budget:,} calls of the day",
            "poll less often, or raise the budget of this connection",
        )
    if told.used_by_all is None or not told.limit or told.used_by_all < NEARLY_USED * told.limit:
        return
    others = max(0, told.used_by_all - told.used_by_us)
    yield Finding(
        connection,
        Severity.ERROR if told.used_by_all >= told.limit else Severity.WARNING,
        f"{told.used_by_all:,} of the day's {told.limit:,} calls are used,"
        f" {told.used_by_us:,} by us and {others:,} by others",
        "look at the other programs of this account, or buy a larger allowance",
    )
