"""People and accounts as lists show them: found by stage, level and account, who moved last first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from stagesync.engine.assemble import Assembled, assemble_accounts, assemble_people
from stagesync.engine.deployment import Deployment
from stagesync.engine.instants import iso
from stagesync.engine.places import readable
from stagesync.engine.search import find_all
from stagesync.errors import ArgumentError
from stagesync.store import lists, people, places
from stagesync.store.lists import Moved
from stagesync.store.people import Kind, Placed
from stagesync.store.records import StoredRecord

PAGE = 50
"""Rows of a page."""

LOOKED_THROUGH = 200
"""So many of those whom words may mean are held against the filter."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Whom a list shows.

    Attributes:
        kind: people or accounts.
        words: a name, an address, a domain or an id; empty means anybody.
        stages: vocabulary -> stage.
        levels: axis -> level.
        account: whose people; None means anybody's.
    """

    kind: Kind = "person"
    words: str = field(default="", repr=False)
    stages: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None


def listed(
    tx: Connection,
    deployment: Deployment,
    wanted: Filter,
    *,
    after: str = "",
    now_s: float,
    most: int = PAGE,
) -> dict[str, Any]:
    """A page: `rows`, the `count` of all that fit (None while words are looked for), and `after` for the next.

    Args:
        after: of the page before; empty for the first.

    Raises:
        ArgumentError: an unknown vocabulary, stage, axis or level, or an `after` that no page gave.
    """
    where = matching(tx, deployment, wanted)
    if wanted.words:
        ids, more = _among_found(tx, wanted, where, most=most)
        return {
            "rows": cards(tx, deployment, wanted.kind, ids, now_s=now_s),
            "count": None if more else len(ids),
            "after": "",
        }
    sizes = _sizes(tx, wanted)
    count = sum(n for place, n in sizes.items() if where is None or place in where)
    found = lists.page(
        tx,
        wanted.kind,
        places=where,
        account=wanted.account,
        expected=count,
        after=_key(after) if after else None,
        most=most + 1,
    )
    shown = found[:most]
    return {
        "rows": cards(tx, deployment, wanted.kind, [each.id for each in shown], now_s=now_s),
        "count": count,
        "after": f"{shown[-1].at_s!r}~{shown[-1].id}" if len(found) > most else "",
    }


def _sizes(tx: Connection, wanted: Filter) -> dict[int, int]:
    """Place -> how many of those concerned stand there."""
    if wanted.account is not None:
        return lists.places_in(tx, wanted.account)
    counted = places.counts(tx, wanted.kind)
    return {place: n for place, n in counted.items() if place is not None}


def matching(tx: Connection, deployment: Deployment, wanted: Filter) -> set[int] | None:
    """The places that have these levels and stages by the definitions of today; None when nothing is asked."""
    _check(deployment, wanted)
    if not wanted.stages and not wanted.levels:
        return None
    is_account = wanted.kind == "account"
    found = set()
    for place, position in readable(deployment, places.all_places(tx)).items():
        if wanted.levels.items() <= position.items() and (
            not wanted.stages
            or wanted.stages.items()
            <= deployment.classifier.stages(position, account=is_account).items()
        ):
            found.add(place)
    return found


def _check(deployment: Deployment, wanted: Filter) -> None:
    stages = {
        name: {stage.id for stage in each.stages} for name, each in deployment.vocabularies.items()
    }
    levels = {axis.name: set(axis.level_names) for axis in deployment.policy.axes}
    for asked, known in ((wanted.stages, stages), (wanted.levels, levels)):
        for name, value in asked.items():
            if value not in known.get(name, ()):
                raise ArgumentError(f"there is no {value} of {name} in the definitions of today")


def _among_found(
    tx: Connection, wanted: Filter, where: Collection[int] | None, *, most: int
) -> tuple[list[str], bool]:
    """Whom the words may mean, among those who fit; and whether there may be more."""
    found = find_all(tx, wanted.words, most=LOOKED_THROUGH)
    ids = [who for kind, who in found if kind == wanted.kind]
    standing = people.placed(tx, wanted.kind, ids)
    fitting = [
        who
        for who in ids
        if who in standing
        and (where is None or standing[who].place in where)
        and (wanted.account is None or standing[who].account == wanted.account)
    ]
    return fitting[:most], len(fitting) > most or len(found) == LOOKED_THROUGH


def _key(after: str) -> Moved:
    at, _, who = after.partition("~")
    try:
        return Moved(float(at), who)
    except ValueError:
        raise ArgumentError("that is no page of this list") from None


def cards(
    tx: Connection, deployment: Deployment, kind: Kind, ids: Sequence[str], *, now_s: float
) -> list[dict[str, Any]]:
    """A row for each that exists, in this order."""
    standing = people.placed(tx, kind, ids)
    if kind == "account":
        known = assemble_accounts(tx, deployment, list(standing))
        sizes = lists.members(tx, list(standing))
    else:
        known = assemble_people(tx, deployment, list(standing), now_s=now_s, with_history=False)
        sizes = {}
    return [
        _card(deployment, kind, standing[who], known[who])
        | ({"people": sizes.get(who, 0)} if kind == "account" else {})
        for who in ids
        if who in standing
    ]


def _card(deployment: Deployment, kind: Kind, standing: Placed, known: Assembled) -> dict[str, Any]:
    account = known.facts.account
    stages = standing.stages or {}
    return {
        "id": standing.id,
        "kind": kind,
        "name": name_of(deployment, known, kind),
        "email": email_of(deployment, known) if kind == "person" else "",
        "title": str(known.facts.person.get("title", "")),
        "company": str(account.get("name") or account.get("domain") or ""),
        "domain": str(account.get("domain", "")),
        "account": standing.account,
        "stage": stages.get(deployment.main_vocabulary),
        "stages": stages,
        "position": standing.position or {},
        "previous": standing.previous_stage,
        "since": None if standing.staged_at_s is None else iso(standing.staged_at_s),
        "connections": _connections(known),
    }


def name_of(deployment: Deployment, known: Assembled, kind: Kind) -> str:
    """What people call them, as a CRM spells it; empty when none says."""
    if kind == "account":
        account = known.facts.account
        return str(account.get("name") or account.get("domain") or "")
    return next(
        filter(None, (_called(deployment, each) for each in _ranked(deployment, known))), ""
    )


def _called(deployment: Deployment, record: StoredRecord) -> str:
    connected = deployment.connections.get(record.connection)
    if connected is None or record.object not in connected.roles:
        return ""
    identity = connected.object_mapping(record.object).identity
    parts = (record.fields.get(name) for name in (identity.first_name, identity.last_name))
    return " ".join(str(part).strip() for part in parts if part)


def email_of(deployment: Deployment, known: Assembled) -> str:
    """The address of a person; empty when no CRM has one."""
    return next((each.email for each in _ranked(deployment, known) if each.email), "")


def _ranked(deployment: Deployment, known: Assembled) -> list[StoredRecord]:
    """Their records, those of preferred connections first."""
    order = {name: place for place, name in enumerate(deployment.prefer)}
    return sorted(known.records, key=lambda each: order.get(each.connection, len(order)))


def _connections(known: Assembled) -> list[str]:
    return sorted({each.connection for each in known.records})
