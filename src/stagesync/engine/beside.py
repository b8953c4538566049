"""What stands beside somebody: deals, an account's people, joins that wait, breaches, and why they moved."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from stagesync.connector import Role
from stagesync.domain.reason_text import reason_text
from stagesync.engine.assemble import Assembled, deals_with_people
from stagesync.engine.breaches import labels_of
from stagesync.engine.deployment import Deployment
from stagesync.engine.instants import iso
from stagesync.engine.lists import PAGE, Filter, cards, listed
from stagesync.store import breaches, joins
from stagesync.store.deals import StoredDeal, deals_naming
from stagesync.store.history import Transition
from stagesync.store.people import Kind

LANGUAGES = ("en", "fr")


def deals_of(
    tx: Connection, deployment: Deployment, kind: Kind, assembled: Assembled
) -> list[dict[str, Any]]:
    """Their deals, newest first; of an account's, whether one names nobody."""
    named = deals_naming(tx, [each.pk for each in assembled.records]) if kind == "account" else {}
    stored = {deal.pk: deal for found in named.values() for deal in found.values()}
    with_people = deals_with_people(tx, deployment, set(stored))
    lonely = {_key(deal) for pk, deal in stored.items() if pk not in with_people}
    found = [
        asdict(deal)
        | {
            "at": None if deal.at_s is None else iso(deal.at_s),
            "url": _url(deployment, deal.connection, deal.id),
        }
        | {"contactless": deal.id in lonely}
        for deal in assembled.facts.deals
    ]
    return sorted(found, key=lambda each: -(each["at_s"] or 0.0))


def _key(deal: StoredDeal) -> str:
    return f"{deal.connection}/{deal.id}"


def _url(deployment: Deployment, connection: str, deal_id: str) -> str:
    connected = deployment.connections.get(connection)
    objects = connected.objects(Role.DEAL) if connected else []
    if connected is None or len(objects) != 1:
        return ""
    return connected.connector.record_url(objects[0], deal_id.removeprefix(f"{connection}/"))


def people_of(
    tx: Connection, deployment: Deployment, account: str, *, now_s: float, after: str = ""
) -> dict[str, Any]:
    """A page of an account's people, who moved last first."""
    return listed(tx, deployment, Filter(account=account), after=after, now_s=now_s, most=PAGE)


def joins_of(tx: Connection, person: str) -> list[dict[str, Any]]:
    """Joins with this person that wait for somebody's word."""
    return [
        {
            "join": each.id,
            "with": each.other if each.one == person else each.one,
            "stage": each.stage_other if each.one == person else each.stage_one,
            "since": iso(each.raised_at_s),
        }
        for each in joins.all_joins(tx, "held")
        if person in (each.one, each.other)
    ]


def joins_document(
    tx: Connection, deployment: Deployment, *, now_s: float, most: int
) -> list[dict[str, Any]]:
    """The joins that wait longest for somebody's word, each with both people as the list of people shows them."""
    held = joins.all_joins(tx, "held")[:most]
    ids = sorted({who for each in held for who in (each.one, each.other)})
    shown = {each["id"]: each for each in cards(tx, deployment, "person", ids, now_s=now_s)}
    return [
        {
            "join": each.id,
            "people": [shown[who] for who in (each.one, each.other)],
            "since": iso(each.raised_at_s),
        }
        for each in held
        if each.one in shown and each.other in shown
    ]


def breaches_of(tx: Connection, deployment: Deployment, person: str) -> list[dict[str, Any]]:
    """What was done to this person against the treatment of their stage, newest first."""
    labels = labels_of(deployment.vocabularies[deployment.treating])
    return [
        {
            "rule": each.rule,
            "labels": labels.get(each.rule, {}),
            "stage": each.stage,
            "activity": each.activity,
            "at": iso(each.at_s),
        }
        for each in breaches.breaches_of(tx, person)
    ]


def because(deployment: Deployment, each: Transition, kind: Kind) -> dict[str, str]:
    """Why the main vocabulary's stage was reached then, by language; empty where today's words cannot say."""
    main = deployment.vocabularies[deployment.main_vocabulary]
    stage = next((one for one in main.stages if one.id == each.stage_to), None)
    if stage is None or each.policy != deployment.policy.label:
        return {}
    is_account = kind == "account"
    return {
        language: reason_text(
            stage,
            each.position_to,
            [(line["score"], line["rule"], line["points"]) for line in each.reasons],
            axes=deployment.policy.axes,
            vocabularies=deployment.vocabularies,
            stages=deployment.classifier.stages(each.position_to, account=is_account),
            account=is_account,
            language=language,
        )
        for language in LANGUAGES
    }
