"""What an org has switched on, for good: person accounts and Shared Activities; and its formulas.

The first two show by a field that is there. A description tells it, and so does a stored cursor, so that
a process which describes nothing need not ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stagesync.connector import ObjectDescription
from stagesync_salesforce import api
from stagesync_salesforce.cursor import Cursor
from stagesync_salesforce.describe import describe
from stagesync_salesforce.known import Known
from stagesync_salesforce.transport import Transport

_ACTIVITIES = [name for name, spec in api.BY_NAME.items() if spec.relation]


def learn(known: Known, described: Mapping[str, ObjectDescription]) -> None:
    """Takes in what a description tells."""
    if "account" in described:
        known.persons = api.PERSON in described["account"].fields
    for name in _ACTIVITIES:
        if name in described:
            known.shared = api.SHARED in described[name].fields


def recall(known: Known, cursors: Iterable[Cursor]) -> None:
    """Takes in what stored cursors tell, unless a description of this process told it."""
    for cursor in cursors:
        if known.persons is None:
            known.persons = cursor.persons
        if known.shared is None:
            known.shared = cursor.shared


def find_out(transport: Transport, known: Known, objects: Sequence[str]) -> None:
    """Asks, once, for what matters to these objects and is not known yet."""
    asked: list[str] = []
    if known.persons is None and {"account", "contact"} & set(objects):
        asked.append("account")
    if known.shared is None and (activities := [each for each in _ACTIVITIES if each in objects]):
        asked.append(activities[0])
    if asked:
        learn(known, describe(transport, asked, known=known))


def find_calculated(transport: Transport, known: Known, objects: Sequence[str]) -> None:
    """Asks which fields of these objects the org works out, where that is not known yet."""
    if asked := [name for name in objects if name not in known.calculated]:
        learn(known, describe(transport, asked, known=known))
