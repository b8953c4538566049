"""Reads the stored records anew after their mapping was edited, without asking the CRM.

Facts and scope are read from the stored fields at every evaluation and plan. What was worked out when a
record came is stale after an edit: by what it is known again, its flags' dates, deals and activities.
A field that the mapping did not name before is not stored; its object is pulled anew besides.
What a person's record told earlier and no longer holds, the visit before the last, stays as it was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection

from stagesync.connector import ObjectDescription, Role
from stagesync.domain.mapping import Reading, read_record
from stagesync.engine.deployment import Connected
from stagesync.engine.since import told_flags
from stagesync.engine.unmapped import note_unmapped
from stagesync.store import activities, aliases, baselines, deals, links, records, state
from stagesync.store.activities import StoredActivity
from stagesync.store.records import StoredRecord

BATCH = 1_000
"""Records whose rows are written together."""


def reread(tx: Connection, connected: Connected, found: Mapping[str, ObjectDescription]) -> int:
    """Read every stored record of a connection by its mapping of today; how many are known otherwise now."""
    changed = 0
    for name in connected.roles:
        for batch in _batches(tx, connected.name, name):
            read = _readings(tx, connected, name, batch)
            gone = {each.pk for each in batch if each.gone}
            note_unmapped(tx, connected, name, read, described=found.get(name), gone=gone)
            changed += _reread_batch(tx, connected, name, batch, read)
    return changed


def _batches(tx: Connection, connection: str, object_name: str) -> Iterator[list[StoredRecord]]:
    found = list(records.all_records(tx, [(connection, object_name)]))
    for start in range(0, len(found), BATCH):
        yield found[start : start + BATCH]


def _readings(
    tx: Connection, connected: Connected, object_name: str, batch: list[StoredRecord]
) -> dict[int, Reading]:
    mapping = connected.object_mapping(object_name)
    ours = baselines.baselines_of(tx, [each.pk for each in batch])
    return {each.pk: read_record(mapping, each.fields, ours.get(each.pk, {})) for each in batch}


def _reread_batch(
    tx: Connection,
    connected: Connected,
    object_name: str,
    batch: list[StoredRecord],
    read: Mapping[int, Reading],
) -> int:
    by_pk = {each.pk: each for each in batch}
    before = aliases.aliases_of(tx, by_pk)
    otherwise = [
        pk
        for pk, reading in read.items()
        if _known_by(reading) != (*_was_known_by(by_pk[pk]), before.get(pk, ()))
    ]
    records.save_identities(tx, [_identity(pk, read[pk]) for pk in otherwise])
    aliases.save_aliases(tx, {pk: read[pk].aliases for pk in otherwise})
    records.save_since(
        tx,
        {pk: told_flags(reading) for pk, reading in read.items()},
        {pk: each.told_at_s for pk, each in by_pk.items()},
    )
    role = connected.roles[object_name]
    if role is Role.DEAL:
        _reread_deals(tx, read)
    else:
        _reread_activities(tx, connected, read, is_activity=role is Role.ACTIVITY)
    retold = read if role in (Role.DEAL, Role.ACTIVITY) else otherwise
    state.mark_dirty(tx, "record", sorted(retold))
    return len(otherwise)


def _known_by(reading: Reading) -> tuple[object, ...]:
    return reading.email, reading.mail_domain, reading.name, reading.domain, reading.aliases


def _was_known_by(each: StoredRecord) -> tuple[object, ...]:
    return each.email, each.employer, each.name, each.domain


def _identity(pk: int, reading: Reading) -> Mapping[str, object]:
    return {
        "pk": pk,
        "email": reading.email,
        "mail_domain": reading.mail_domain,
        "first_name": reading.name[0],
        "last_name": reading.name[1],
        "domain": reading.domain,
    }


def _reread_deals(tx: Connection, read: Mapping[int, Reading]) -> None:
    rows = [
        {"pk": pk, "status": one.deal.status, "at_s": one.deal.at_s, "amount": one.deal.amount}
        for pk, one in read.items()
        if one.deal is not None
    ]
    deals.drop_deals(tx, read)
    deals.save_deals(tx, rows)


def _reread_activities(
    tx: Connection, connected: Connected, read: Mapping[int, Reading], *, is_activity: bool
) -> None:
    owners: Mapping[int, list[int]] = {pk: [pk] for pk in read}
    if is_activity:
        activities.drop_activities_told_by(tx, read)
        owners = _owners(tx, connected, list(read))
    told = [
        StoredActivity(owner, one.at_s, one.type, pk, one.took_place)
        for pk, reading in read.items()
        for one in reading.activities
        for owner in owners.get(pk, ())
    ]
    activities.save_activities(tx, told)


def _owners(tx: Connection, connected: Connected, pks: list[int]) -> dict[int, list[int]]:
    """Activity record -> the people's records that it names."""
    named = links.links_from(tx, pks)
    far = {pk for targets in named.values() for pk in targets}
    humans = set(connected.objects(Role.PERSON))
    theirs = {each.pk for each in records.records_where(tx, "pk", far) if each.object in humans}
    return {pk: [to for to in targets if to in theirs] for pk, targets in named.items()}
