"""What records name.

Every pull carries the links of its records, so this is asked only for records known by id alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from stagesync.connector import Link
from stagesync_sql.pull import Source
from stagesync_sql.read import read


def links(source: Source, object_name: str, ids: Sequence[str]) -> dict[str, Link]:
    """What these records name; see `Connector.links`."""
    found = read(source, object_name, ids, fields=())
    return {record.id: record.links for record in found if record.links}
