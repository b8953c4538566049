"""What follows from every committed change of a row: its event, its history, the rows beside it."""

from stagesync.sandbox.salesforce.changes import note_change
from stagesync.sandbox.salesforce.history import track
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.persons import mirrored
from stagesync.sandbox.salesforce.relations import relate
from stagesync.sandbox.salesforce.rows import Row


def commit(
    org: Org, name: str, *, before: Row | None, after: Row, visible_at: float | None = None
) -> None:
    """Commits a row with all that follows from it.

    Args:
        visible_at: when a slow transaction commits; None for at once.
    """
    table = org.table(name)
    if visible_at is None:
        table.put(after)
    else:
        table.put_later(after, visible_at=visible_at)
    at = org.clock.now() if visible_at is None else visible_at
    note_change(org, name, before=before, after=after, committed_at=at)
    track(org, name, before=before, after=after, visible_at=visible_at)
    relate(org, name, before=before, after=after)
    if name == "Account" and (found := mirrored(org, after)) is not None:
        contact_before, contact_after = found
        commit(org, "Contact", before=contact_before, after=contact_after, visible_at=visible_at)
