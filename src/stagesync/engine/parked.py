"""Notices values that CRMs refused, and shows them grouped by the CRM's own words."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from stagesync.domain.said import Said
from stagesync.engine.alerts import Kind, Told, settle
from stagesync.engine.deployment import Deployment
from stagesync.engine.holds import try_again
from stagesync.store import alerts, parked
from stagesync.store.parked import Parked, Refused

_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,59}", re.ASCII)
"""A code of a vendor: its own words beside it may repeat what somebody typed, and stay here."""

_WORD = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`|[\w.+@-]+")
"""A piece of a complaint that is quoted, or a word."""

FEW = 5
"""Records that are shown of a group."""

MOST_FIELDS = 12
"""Fields of a record that are refused together, at most as a rule: it is read once for each."""

SHOWN_CODES = 3


@dataclass(frozen=True, slots=True)
class Group:
    """Values that a CRM refused with the same complaint.

    Attributes:
        fields: that were to be set.
        complaint: the words without what differs from record to record.
        words: of one of them.
        forms: the complaint as each record has it.
        records: a few of those concerned, the longest waiting first.
    """

    connection: str
    object: str
    fields: Sequence[str]
    complaint: str = dataclasses.field(repr=False)
    words: str = dataclasses.field(repr=False)
    count: int
    since_s: float
    forms: Sequence[str] = dataclasses.field(repr=False)
    records: Sequence[Parked] = ()


def notice_parked(tx: Connection, deployment: Deployment, *, refused: bool, now_s: float) -> None:
    """Raise an alert for each kind of record of which values wait because the CRM refused them.

    Args:
        refused: this run had values refused; without that only what is told already is looked at.
    """
    if not refused and not alerts.stands(tx, Kind.PARKED):
        return
    by_object: dict[tuple[str, str], list[Refused]] = {}
    for each in parked.groups(tx):
        by_object.setdefault((each.connection, each.object), []).append(each)
    for name in deployment.connections:
        told: Told = {
            object_name: _told(object_name, found)
            for (connection, object_name), found in by_object.items()
            if connection == name
        }
        settle(tx, name, Kind.PARKED, told, now_s=now_s)


def _told(object_name: str, found: Sequence[Refused]) -> tuple[str, str]:
    count = sum(each.count for each in found)
    codes = sorted({code for each in found if (code := code_of(each.words))})
    what = Said(
        "{object}: values that the CRM refused: {count}, of {fields}",
        object=object_name,
        count=count,
        fields=sorted({each.field for each in found}),
    )
    if codes:
        what = Said("{what} ({codes})", what=what, codes=codes[:SHOWN_CODES])
    fix = Said(
        "stagesync status has the CRM's words; put the cause right there, then stagesync retry sends"
        " them again"
    )
    return what, fix


def code_of(words: str) -> str:
    """The vendor's code that its words begin with; empty when there is none."""
    head = words.partition(":")[0].strip()
    return head if _CODE.fullmatch(head) else ""


def complaint_of(words: str) -> str:
    """The words without what differs from record to record: quoted values, addresses, numbers."""
    return _WORD.sub(lambda found: _same(found[0]), words)


def _same(word: str) -> str:
    is_value = word[0] in "\"'`" or "@" in word or any(each.isdigit() for each in word)
    return "…" if is_value else word


def grouped(tx: Connection) -> list[Group]:
    """What is refused, by kind of record and complaint, that of most values first."""
    found: dict[tuple[str, str, str], list[Refused]] = {}
    for each in parked.groups(tx):
        found.setdefault((each.connection, each.object, complaint_of(each.words)), []).append(each)
    shown: dict[tuple[str, str, str], list[Parked]] = {}
    for one in parked.examples(tx, most=FEW * MOST_FIELDS):
        shown.setdefault((one.connection, one.object, complaint_of(one.words)), []).append(one)
    groups = [
        Group(
            connection,
            object_name,
            fields=sorted({each.field for each in several}),
            complaint=complaint,
            words=several[0].words,
            count=sum(each.count for each in several),
            since_s=min(each.since_s for each in several),
            forms=sorted({each.words for each in several}),
            records=_first_of(shown, connection, object_name, complaint),
        )
        for (connection, object_name, complaint), several in found.items()
    ]
    return sorted(groups, key=lambda g: (-g.count, g.connection, g.object, g.words))


def _first_of(shown: Mapping[tuple[str, str, str], Sequence[Parked]], *place: str) -> list[Parked]:
    """A few records of a complaint, each once."""
    connection, object_name, complaint = place
    found = {each.id: each for each in reversed(shown[connection, object_name, complaint])}
    return sorted(found.values(), key=lambda each: (each.since_s, each.id))[:FEW]


def retry_group(deployment: Deployment, place: tuple[str, str], complaint: str, *, by: str) -> int:
    """Plan those anew of whom a value was refused with this complaint; how many people and accounts.

    Args:
        place: connection and object.
    """
    with deployment.store.begin(fenced=False) as tx:
        groups = {((g.connection, g.object), g.complaint): g for g in grouped(tx)}
        group = groups.get((place, complaint))
        found = parked.subjects_refused(tx, place, group.forms) if group else []
        if found:
            try_again(tx, deployment, found, by=by)
    return len(found)
