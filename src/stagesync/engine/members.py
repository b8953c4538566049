"""Keeps who is on the lists that a mapping's scope names: read whole now and then, for no stamp tells it."""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from sqlalchemy import Connection

from stagesync.connector import CrmError, TellsMembers
from stagesync.domain.said import Said
from stagesync.engine.alerts import Kind, Told, settle
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.trouble import kind_of
from stagesync.store import members, records, state
from stagesync.store.forgotten import forgotten_among

log = structlog.get_logger()

LISTS_EVERY_S = 900.0
"""How long what was read of a list is believed."""


def read_lists(deployment: Deployment, connected: Connected, *, now_s: float) -> None:
    """Read the lists whose time has come, and plan anew who came or went.

    A list that cannot be read raises an alert, and what was last read of it holds; while a list was never
    read, nothing of its object is written, for anybody may be on it.
    """
    told: Told = {}
    for object_name, name in _named(connected):
        key = f"{object_name}.{name}"
        if not isinstance(connected.connector, TellsMembers):
            fix = Said("put the membership into a field of the CRM, and name that in `where`")
            told[key] = (Said("this connector cannot read the list {list}", list=name), fix)
            continue
        place = (connected.name, object_name, name)
        with deployment.store.begin() as tx:
            before_s = members.read_at_s(tx, *place)
        if before_s is not None and now_s - before_s < LISTS_EVERY_S:
            continue
        try:
            found = list(connected.connector.members(object_name, name))
        except CrmError as error:
            mend = error.hint or Said(
                "correct the name in the mapping, or the permissions of the token"
            )
            log.warning("list not read", connection=connected.name, list=key, error=str(error))
            what = Said(
                "the list {list} of {object} cannot be read: {kind}",
                list=name,
                object=object_name,
                kind=kind_of(error),
            )
            told[key] = (what, mend)
            continue
        with deployment.store.begin() as tx:
            out = forgotten_among(tx, {(*place[:2], each) for each in found})
            on_it = [each for each in found if (*place[:2], each) not in out]
            changed = members.replace_members(tx, place, on_it, at_s=now_s)
            _plan_anew(tx, connected.name, object_name, changed)
    with deployment.store.begin() as tx:
        settle(tx, connected.name, Kind.LIST, told, now_s=now_s)


def _named(connected: Connected) -> Iterator[tuple[str, str]]:
    for object_name in connected.roles:
        scope = connected.object_mapping(object_name).scope
        for name in scope.named_lists if scope else ():
            yield object_name, name


def _plan_anew(tx: Connection, connection: str, object_name: str, changed: set[str]) -> None:
    found = records.records_of(tx, connection, object_name, sorted(changed)).values()
    concerned = {each.person for each in found} | {each.account for each in found}
    state.mark_dirty(tx, "plan", sorted(who for who in concerned if who))
