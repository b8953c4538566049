"""Why somebody stands where they stand: one document, from what was stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from stagesync.domain.chain import entry_of
from stagesync.domain.evaluation import Evaluation
from stagesync.domain.merge import Chosen, Told
from stagesync.engine import holds, outlook
from stagesync.engine.assemble import Assembled, assemble_accounts, assemble_people
from stagesync.engine.beside import because, breaches_of, deals_of, joins_of, people_of
from stagesync.engine.deployment import Deployment
from stagesync.engine.evaluate import evaluate_accounts
from stagesync.engine.find import find
from stagesync.engine.instants import iso
from stagesync.engine.lines import lines_of
from stagesync.engine.lists import email_of, name_of
from stagesync.engine.places import readable
from stagesync.engine.placing import evaluate_person
from stagesync.engine.spoken import verdicts_on
from stagesync.engine.whose import log_of
from stagesync.errors import ArgumentError
from stagesync.store import baselines, differences, history, people
from stagesync.store import holds as stored_holds
from stagesync.store.history import Transition
from stagesync.store.people import Kind, Placed
from stagesync.store.records import StoredRecord


def explain(deployment: Deployment, who: str) -> dict[str, Any]:
    """The document of `stagesync explain`: of whoever an e-mail, a record id or an id of ours names.

    Raises:
        ArgumentError: nobody, or several; or they were not evaluated yet.
    """
    with deployment.store.begin() as tx:
        kind, subject = find(tx, who)
        return document(tx, deployment, kind, subject)


def document(tx: Connection, deployment: Deployment, kind: Kind, subject: str) -> dict[str, Any]:
    """Everything about somebody who exists; asks no CRM and writes nothing.

    Scores and their lines are those of the last evaluation, made again from the stored facts.

    Raises:
        ArgumentError: they were not evaluated yet.
    """
    placed = people.placed(tx, kind, [subject])[subject]
    at_s = placed.evaluated_at_s
    if at_s is None:
        raise ArgumentError(
            f"{subject} was not evaluated yet", hint="stagesync sync evaluates what was pulled"
        )
    assembled, evaluation = _again(tx, deployment, kind, placed, at_s=at_s)
    fixed = holds.overrides_of(tx, [subject]).get(subject, ({}, 0.0))[0]
    return {
        "id": subject,
        "kind": kind,
        "name": name_of(deployment, assembled, kind),
        "email": email_of(deployment, assembled) if kind == "person" else "",
        "account": assembled.account,
        "evaluated_at": iso(at_s),
        "policy": placed.policy,
        "vocabulary": deployment.main_vocabulary,
        "position": placed.position,
        "axes": outlook.axes(deployment, placed.position or {}, fixed),
        "stages": placed.stages,
        "words": outlook.words(deployment, placed.stages or {}),
        "since": _iso(placed.staged_at_s),
        "previous": placed.previous_stage,
        "scores": evaluation.scores,
        "reasons": lines_of(deployment, evaluation),
        "facts": _facts(assembled.chosen),
        "activities": _activities(assembled),
        "deals": deals_of(tx, deployment, kind, assembled),
        "next": _next(deployment, kind, placed, assembled),
        "treatment": _treatment(deployment, placed, assembled),
        "due": outlook.due(placed),
        "records": _records(tx, deployment, assembled.records),
        "holds": [holds.document(each) for each in stored_holds.of_subject(tx, subject)],
        "history": _history(tx, deployment, subject, kind),
        "changes": [entry_of(each.sealed) for each in log_of(tx, subject)],
        **_of_kind(tx, deployment, kind, placed, assembled=assembled, fixed=fixed),
    }


def _of_kind(
    tx: Connection,
    deployment: Deployment,
    kind: Kind,
    placed: Placed,
    *,
    assembled: Assembled,
    fixed: Mapping[str, str],
) -> dict[str, Any]:
    """What is told of people alone, or of accounts alone; an account has no verdicts."""
    now_s = deployment.clock.now_s()
    if kind == "account":
        return {"verdicts": [], "people": people_of(tx, deployment, placed.id, now_s=now_s)}
    return {
        "verdicts": verdicts_on(tx, placed.id),
        "joins": joins_of(tx, placed.id),
        "breaches": breaches_of(tx, deployment, placed.id),
        "courses": outlook.courses(
            deployment, assembled, now_s=now_s, coming_s=placed.recheck_at_s
        ),
        "would": outlook.would_move(deployment, placed, assembled, fixed, now_s=now_s),
    }


def explain_then(deployment: Deployment, who: str, *, at_s: float) -> dict[str, Any]:
    """The document of `stagesync explain --at`: the last transition up to then, as it was stored.

    Raises:
        ArgumentError: nobody was placed by then.
    """
    with deployment.store.begin() as tx:
        kind, subject = find(tx, who)
        past = [each for each in history.transitions_of(tx, subject) if int(each.at_s) <= at_s]
    if not past:
        raise ArgumentError(
            f"{subject} was not placed before {iso(at_s)}",
            hint="stagesync explain without --at shows the history",
        )
    last = past[-1]
    return {
        "id": subject,
        "kind": kind,
        "evaluated_at": iso(last.at_s),
        "run": last.run,
        "policy": last.policy,
        "position": last.position_to,
        "stages": _stages_then(deployment, kind, last),
        "scores": last.scores,
        "reasons": last.reasons,
    }


def _stages_then(deployment: Deployment, kind: Kind, last: Transition) -> dict[str, str]:
    """Every vocabulary's stage while its definitions are still those of then; else the stored one."""
    main = {deployment.main_vocabulary: last.stage_to}
    if last.policy != deployment.policy.label:
        return main
    return {**deployment.classifier.stages(last.position_to, account=kind == "account"), **main}


def _again(
    tx: Connection, deployment: Deployment, kind: Kind, placed: Placed, *, at_s: float
) -> tuple[Assembled, Evaluation]:
    before = Placed(placed.id, position=placed.position, evaluated_at_s=at_s)
    if kind == "person":
        assembled = assemble_people(tx, deployment, [placed.id], now_s=at_s)[placed.id]
        return assembled, evaluate_person(
            deployment, assembled, before, now_s=at_s, with_reasons=True
        )
    found = assemble_accounts(tx, deployment, [placed.id])
    outcome = evaluate_accounts(
        tx, deployment, found, {placed.id: before}, now_s=at_s, with_reasons=True
    )
    return found[placed.id], outcome[placed.id]


def _iso(at_s: float | None) -> str | None:
    return None if at_s is None else iso(at_s)


def _place(told: Told) -> dict[str, str]:
    return {"connection": told.connection, "object": told.object, "id": told.id}


def _facts(chosen: Mapping[str, Chosen]) -> dict[str, Any]:
    """Each fact with who told it, and who told otherwise."""
    return {
        name: {
            "value": one.value,
            "from": _place(one.told_by),
            "others": [_place(told) | {"value": told.facts[name]} for told in one.others],
        }
        for name, one in chosen.items()
    }


def _activities(assembled: Assembled) -> list[dict[str, Any]]:
    newest = sorted(assembled.facts.activities, key=lambda each: -each.at_s)
    return [
        {
            "type": each.type,
            "at": iso(each.at_s),
            "connection": each.connection,
            "took_place": each.took_place,
            "source": each.id.split("/", 1)[1].rsplit("/", 2)[0],
        }
        for each in newest
    ]


def _next(
    deployment: Deployment, kind: Kind, placed: Placed, assembled: Assembled
) -> dict[str, Any] | None:
    """What time alone will change, and when; None when nothing."""
    at_s = placed.recheck_at_s
    if at_s is None or kind == "account":
        return None
    then = evaluate_person(deployment, assembled, placed, now_s=at_s)
    before = placed.position or {}
    return {
        "at": iso(at_s),
        "changes": {
            axis: [before.get(axis), level]
            for axis, level in then.position.items()
            if before.get(axis) != level
        },
        "stages": {
            name: stage
            for name, stage in deployment.classifier.stages(then.position).items()
            if (placed.stages or {}).get(name) != stage
        },
    }


def _treatment(
    deployment: Deployment, placed: Placed, assembled: Assembled
) -> Mapping[str, object]:
    """What is asked for them, by the vocabulary that says so; nothing where they have yet to be placed in it."""
    stage = (placed.stages or {}).get(deployment.treating)
    vocabulary = deployment.vocabularies[deployment.treating]
    position = placed.position or {}
    if stage not in {each.id for each in vocabulary.stages} or not readable(
        deployment, {0: position}
    ):
        return {}
    return deployment.treatment_of(str(stage), assembled.facts, position)


def _records(
    tx: Connection, deployment: Deployment, own: Sequence[StoredRecord]
) -> list[dict[str, Any]]:
    pks = [each.pk for each in own]
    written = baselines.baselines_of(tx, pks)
    left = differences.differences_of(tx, pks)
    found = []
    for each in own:
        connected = deployment.connections.get(each.connection)
        is_mapped = connected is not None and each.object in connected.roles
        rules = connected.object_mapping(each.object).writes if connected and is_mapped else ()
        found.append(
            {
                "connection": each.connection,
                "object": each.object,
                "id": each.id,
                "url": connected.connector.record_url(each.object, each.id) if connected else "",
                "changed_at": iso(each.changed_at_s),
                "values": {rule.field: each.fields.get(rule.field) for rule in rules},
                "written": written.get(each.pk, {}),
                "differences": [
                    {
                        "field": one.field,
                        "wanted": one.wanted,
                        "current": one.current,
                        "reason": one.reason,
                        "words": one.words,
                        "until": _iso(one.until_s),
                    }
                    for one in left.get(each.pk, ())
                ],
            }
        )
    return found


def _history(
    tx: Connection, deployment: Deployment, subject: str, kind: Kind
) -> list[dict[str, Any]]:
    return [
        {
            "because": because(deployment, each, kind),
            "reasons": each.reasons,
            "at": iso(each.at_s),
            "run": each.run,
            "stage_from": each.stage_from or None,
            "stage_to": each.stage_to,
            "since": iso(each.path[-1].at_s if each.path else each.at_s),
            "implied": each.implied,
            "position_from": each.position_from,
            "position_to": each.position_to,
            "policy": each.policy,
            "scores": each.scores,
        }
        for each in history.transitions_of(tx, subject)
    ]
