"""What time does to an org: full recycle bins are emptied, old history goes, activities archive."""

from collections.abc import Iterable

from stagesync.sandbox.salesforce.history import HISTORIES
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row

DAY_S = 86_400.0
HISTORY_DAYS = 730


def archive(org: Org) -> None:
    """Hides closed activities of a certain age from everything but queryAll."""
    days = org.switches.archive_after_days
    if not days:
        return
    before = org.stamp() - days * DAY_S
    for name in ("Task", "Event"):
        rows = org.table(name).rows
        for row in _aged(rows.values(), before):
            rows[row["Id"]] = row | {"IsArchived": True}


def _aged(rows: Iterable[Row], before: float) -> list[Row]:
    found = []
    for row in rows:
        closed = row.get("IsClosed") or row.get("StartDateTime")
        moment = row.get("CompletedDateTime") or row.get("StartDateTime") or row["CreatedDate"]
        if closed and moment < before and not row.get("IsArchived"):
            found.append(row)
    return found


def empty_bin(org: Org) -> None:
    """Removes for good what has been deleted for longer than the bin keeps it."""
    before = org.clock.now() - org.switches.recycle_days * DAY_S
    for table in org.tables.values():
        if table.live == len(table.rows):
            continue
        for row in list(table.rows.values()):
            if row.get("IsDeleted") and row.get("SystemModstamp", before) < before:
                table.remove(row["Id"])


def forget_history(org: Org) -> None:
    """Removes field history that is older than the API shows."""
    before = org.clock.now() - HISTORY_DAYS * DAY_S
    for history, _ in HISTORIES.values():
        table = org.table(history)
        for row in [row for row in table.rows.values() if row["CreatedDate"] < before]:
            table.remove(row["Id"])
