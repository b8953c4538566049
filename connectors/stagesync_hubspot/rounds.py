"""How the slow work of `cycles` stands, read from the cursors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagesync.connector import AnswerUnreadable, Round
from stagesync_hubspot import api
from stagesync_hubspot.cursor import Cursor, read_cursor
from stagesync_hubspot.source import Rhythm

WORDS = {
    "again": "changes searched again",
    "archived": "archive walked",
    "renew": "calculated values read anew",
}


def rounds(cursors: Mapping[str, str], rhythm: Rhythm) -> list[Round]:
    """Those of every object whose first load is complete.

    Args:
        cursors: object -> cursor. One that this version cannot read tells nothing.
    """
    found = []
    for name, text in cursors.items():
        if name not in api.OBJECTS or api.OBJECTS[name].is_feed:
            continue
        try:
            cursor = read_cursor(text)
        except AnswerUnreadable:
            continue
        if cursor.since_ms is not None:
            found += list(_of(name, cursor, rhythm))
    return found


def _of(name: str, cursor: Cursor, rhythm: Rhythm) -> Iterator[Round]:
    second_s = None if rhythm.second_pass_s is None else 2 * rhythm.second_pass_s
    stands = {
        "again": (cursor.again_ms, second_s),
        "archived": (cursor.swept_ms, rhythm.sweep_s),
        "renew": (cursor.renewed_ms, rhythm.renew_s),
    }
    for job, (done_ms, every_s) in stands.items():
        done_s = None if done_ms is None else done_ms / 1000
        due_s = None if every_s is None else (done_s or 0.0) + every_s
        yield Round(
            name,
            WORDS[job],
            done_s,
            due_s,
            under_way=cursor.job == job,
            finds_records=job != "renew",
        )
