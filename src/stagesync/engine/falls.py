"""Where people stood, kept as exactly as the rules for going back need it, and read when a plan is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from stagesync.domain.evaluation import Evaluation
from stagesync.domain.facts import Facts
from stagesync.domain.falls import Return, StageAt, return_of
from stagesync.domain.mapping import WriteRule
from stagesync.domain.path import Position, Step, path_between
from stagesync.domain.plan import VendorStage, Wish
from stagesync.domain.transitions import is_backward
from stagesync.engine.assemble import Assembled
from stagesync.engine.deployment import Deployment
from stagesync.store import guards, history, records
from stagesync.store.deals import deals_naming
from stagesync.store.people import Kind, Placed
from stagesync.store.records import StoredRecord


def paths_of(
    tx: Connection,
    deployment: Deployment,
    kind: Kind,
    found: Mapping[str, Assembled],
    *,
    before: Mapping[str, Placed],
    after: Mapping[str, Placed],
    now_s: float,
) -> dict[str, tuple[Step, ...]]:
    """Where people or accounts stood since they were last placed, ending with where they stand now.

    Those who stood nowhere else are absent. So are newcomers, and all after a change of policy: their move
    counts from the run that found it. Nobody is there where no rule lets anything go back.
    """
    known = {
        who: one
        for who, one in found.items()
        if before[who].policy == after[who].policy and (before[who].evaluated_at_s or now_s) < now_s
    }
    if not known or not _goes_back(deployment):
        return {}
    stamps = _stamps_of(tx, kind, known, now_s=now_s)
    paths: dict[str, tuple[Step, ...]] = {}
    for who, one in known.items():
        then = Step(before[who].evaluated_at_s or 0.0, before[who].position or {})
        now = Step(now_s, after[who].position or {})
        told = [each for each in stamps[who] if then.at_s <= each <= now_s]
        stamp_s = max(told, default=now_s)
        if kind == "account":
            # Its people are not gone through time for: it moved with the last of what is stamped.
            paths[who] = (Step(stamp_s, now.position),) if now.position != then.position else ()
        else:
            paths[who] = _path(deployment, one.facts, then, now, stamp_s=stamp_s)
    return {who: path for who, path in paths.items() if path}


def _path(
    deployment: Deployment, facts: Facts, then: Step, now: Step, *, stamp_s: float
) -> tuple[Step, ...]:
    def place(at_s: float, held: Step) -> Evaluation:
        return deployment.compiled.evaluate(
            facts, at_s, previous=held.position, previous_at_s=held.at_s
        )

    deals = [each.at_s for each in facts.deals if each.at_s is not None]
    moments = [*deals, *(each.at_s for each in facts.activities)]
    return path_between(place, then, now, moments=moments, stamp_s=stamp_s)


def _stamps_of(
    tx: Connection, kind: Kind, found: Mapping[str, Assembled], *, now_s: float
) -> dict[str, list[float]]:
    """Person or account -> when a CRM last told something new of each of their records and deals.

    Of a person also of their account's. Of an account also since when those of its people stand where they
    stand who were found elsewhere now.
    """
    firms: dict[str | None, list[StoredRecord]] = {}
    if kind == "person":
        accounts = {one.account for one in found.values()}
        for each in records.records_where(tx, "account", accounts - {None}):
            firms.setdefault(each.account, []).append(each)
    theirs = {who: [*one.records, *firms.get(one.account, ())] for who, one in found.items()}
    naming = deals_naming(tx, {each.pk for several in theirs.values() for each in several})
    deals = {pk for several in naming.values() for pk in several}
    told = {each.pk: each.told_at_s for each in records.records_where(tx, "pk", deals)}
    moved = history.last_moves(tx, found, found_at_s=now_s) if kind == "account" else {}
    return {
        who: [
            *(each.told_at_s for each in several),
            *(told[pk] for each in several for pk in naming.get(each.pk, ()) if pk in told),
            *([moved[who]] if who in moved else []),
        ]
        for who, several in theirs.items()
    }


def _goes_back(deployment: Deployment) -> bool:
    return any(
        rule.backward
        for connected in deployment.connections.values()
        for mapping in connected.mapping.objects.values()
        for rule in mapping.writes
    )


def returns_of(
    tx: Connection,
    deployment: Deployment,
    kind: Kind,
    own: Sequence[StoredRecord],
    wishes: Mapping[str, Wish],
) -> dict[int, dict[str, Return]]:
    """Record -> field -> when it may go back, of the fields that stand higher than they should."""
    behind = [
        (each, who, rule)
        for each in own
        if (who := str(getattr(each, kind))) in wishes
        for rule in _rules(deployment, each)
        if _is_behind(deployment, each, rule, wishes[who])
    ]
    paths = history.paths_of(tx, {who for _, who, _ in behind})
    written = guards.values_written(tx, {each.pk for each, _, _ in behind})
    found: dict[int, dict[str, Return]] = {}
    for each, who, rule in behind:
        stage_at = _stage_at(deployment, rule.vocabulary, account=kind == "account")
        path = paths.get(who, ())
        if not path or stage_at(path[-1].position) != wishes[who].stages[rule.vocabulary]:
            # A person's word fixes the stage for a while: it says nothing of a fall.
            continue
        back = return_of(
            rule.backward or {},
            rule.stage_of(str(each.fields[rule.field])),
            path,
            vocabulary=deployment.vocabularies[rule.vocabulary],
            stage_at=stage_at,
        )
        ours = written.get(each.pk, {}).get(rule.field)
        # Where we wrote since they fell, what stands there now is somebody else's later word.
        if back and not (ours and ours[0][0] > back.fell_at_s):
            found.setdefault(each.pk, {})[rule.field] = back
    return found


def _rules(deployment: Deployment, each: StoredRecord) -> list[WriteRule]:
    connected = deployment.connections[each.connection]
    if connected.vendor_stage is not VendorStage.FORWARD or each.object not in connected.roles:
        return []
    return [rule for rule in connected.object_mapping(each.object).writes if rule.backward]


def _is_behind(deployment: Deployment, each: StoredRecord, rule: WriteRule, wish: Wish) -> bool:
    held = rule.stage_of(str(each.fields.get(rule.field) or ""))
    vocabulary = deployment.vocabularies[rule.vocabulary]
    return is_backward(vocabulary, held, wish.stages[rule.vocabulary])


def _stage_at(deployment: Deployment, vocabulary: str, *, account: bool) -> StageAt:
    def stage_at(position: Position) -> str | None:
        try:
            return deployment.classifier.stage(vocabulary, position, account=account)
        except KeyError:
            # An axis that the policy of then did not have.
            return None

    return stage_at
