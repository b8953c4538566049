"""Pages over lists that are held in memory, with the offset as cursor."""

from collections.abc import Sequence
from typing import Any, TypeVar

from stagesync.sandbox.hubspot.call import Call
from stagesync.sandbox.hubspot.errors import invalid

Row = TypeVar("Row")


def limit_of(call: Call, *, default: int, most: int, least: int = 1) -> int:
    """The page size asked for.

    Raises:
        Refusal: 400, when it is out of bounds.
    """
    limit = call.whole("limit", default)
    if not least <= limit <= most:
        raise invalid(f"Invalid limit: {limit}. The limit must be between {least} and {most}.")
    return limit


def paged(
    call: Call, rows: Sequence[Row], *, limit: int
) -> tuple[Sequence[Row], dict[str, Any] | None]:
    """The rows from the cursor on, and the `paging` of the answer, None on the last page."""
    start = max(0, call.whole("after", 0))
    end = start + limit
    if end >= len(rows):
        return rows[start:end], None
    return rows[start:end], {"next": {"after": str(end), "link": f"?after={end}"}}
