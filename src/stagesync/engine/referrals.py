"""Who referred whom: the text that a CRM holds, read as somebody we know."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from stagesync.connector import Role
from stagesync.domain.transforms import NotUnderstood, read_email
from stagesync.engine.assemble import Assembled
from stagesync.engine.deployment import Deployment
from stagesync.store import records

FACT = "referred_by"


def referrers_of(
    tx: Connection, deployment: Deployment, found: Mapping[str, Assembled]
) -> dict[str, str]:
    """Person -> who referred them, by id; empty for somebody unknown. Those referred by nobody are absent.

    The fact holds an e-mail address, or the id of a person's record in the CRM that told it.
    """
    told = {who: str(said) for who, one in found.items() if (said := one.facts.person.get(FACT))}
    if not told:
        return {}
    mails = {who: mail for who, said in told.items() if (mail := _email(said))}
    holders = {
        each.email: each.person
        for each in records.records_where(tx, "email", sorted(set(mails.values())))
        if each.person
    }
    referrers = {who: holders.get(mails[who]) or "" if who in mails else "" for who in told}
    by_connection: dict[str, dict[str, str]] = {}
    for who in told.keys() - mails.keys():
        connection = found[who].chosen[f"person.{FACT}"].told_by.connection
        by_connection.setdefault(connection, {})[who] = told[who]
    for name, asked in by_connection.items():
        ids = _people_by_id(tx, deployment, name, set(asked.values()))
        referrers |= {who: ids.get(said, "") for who, said in asked.items()}
    return {who: "" if other == who else other for who, other in referrers.items()}


def _email(said: str) -> str | None:
    try:
        return read_email(said)
    except NotUnderstood:
        return None


def _people_by_id(
    tx: Connection, deployment: Deployment, connection: str, ids: set[str]
) -> dict[str, str]:
    connected = deployment.connections.get(connection)
    return {
        record_id: each.person
        for object_name in (connected.objects(Role.PERSON) if connected else ())
        for record_id, each in records.records_of(tx, connection, object_name, sorted(ids)).items()
        if each.person
    }
