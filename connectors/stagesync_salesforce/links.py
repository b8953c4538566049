"""What records name.

Every pull carries the links of its records, so this is asked only for records known by id alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from stagesync.connector import Link
from stagesync_salesforce import features
from stagesync_salesforce.known import Known
from stagesync_salesforce.read import read
from stagesync_salesforce.transport import Transport


def links(
    transport: Transport, object_name: str, ids: Sequence[str], *, known: Known
) -> dict[str, Link]:
    """What these records name; see `Connector.links`."""
    features.find_out(transport, known, [object_name])
    found = read(transport, object_name, ids, fields=(), shared=bool(known.shared))
    return {record.id: record.links or {} for record in found}
