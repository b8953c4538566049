"""A bulk import by somebody else: many rows at once, all of one stamp.

Rows may bring their own CreatedDate and LastModifiedDate, which then lie in the past while
SystemModstamp says when the import ran.
"""

from collections.abc import Mapping
from typing import Any

from stagesync.sandbox.salesforce.convert import live_row
from stagesync.sandbox.salesforce.errors import ApiError, RowRefusedError
from stagesync.sandbox.salesforce.incoming import read_values
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import ObjectDef
from stagesync.sandbox.salesforce.values import parse_datetime
from stagesync.sandbox.salesforce.writing import WriteOptions, create_row, update_row

ORIGIN = "com/salesforce/api/bulkapi/64.0;client=dataloader"
_DATES = ("CreatedDate", "LastModifiedDate")


def import_rows(org: Org, payload: Mapping[str, Any], *, user_id: str) -> dict[str, Any]:
    """Changes the rows that have an "Id" and makes the others; all of them or none.

    Args:
        payload: "object", "rows".

    Raises:
        LookupError: for an unknown object or id.
        ValueError: for no list of objects, or a row that the org refuses.
    """
    definition = org.definition(str(payload.get("object")))
    if definition is None:
        raise LookupError(f"there is no object {payload.get('object')}")
    rows = payload.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("rows must be a list of objects")
    place = org.ledger.begin()
    done = False
    try:
        ids = [_import(org, definition, row, user_id=user_id) for row in rows]
        done = True
    except (ApiError, RowRefusedError) as error:
        raise ValueError(str(error)) from error
    finally:
        org.ledger.end(place, keep=done)
    return {"ids": ids}


def _import(org: Org, definition: ObjectDef, row: Row, *, user_id: str) -> str:
    options = WriteOptions(
        user_id,
        auto_assign=False,
        allow_duplicates=True,
        by_api=False,
        on_time=True,
        dates=_dates(org, row),
    )
    sent = {name: value for name, value in row.items() if name not in _DATES}
    fields = {item.name.lower(): item for item in definition.fields.values()}
    values = read_values(definition, sent, fields=fields)
    if "Id" not in row:
        return str(create_row(org, definition, values, options=options)["Id"])
    record_id = live_row(org, definition.name, row["Id"])["Id"]
    return str(update_row(org, definition, record_id, values=values, options=options)["Id"])


def _dates(org: Org, row: Row) -> dict[str, float]:
    """The dates that a row brings, never later than now."""
    if not org.switches.import_backdates:
        return {}
    found = {name: parse_datetime(str(row[name])) for name in _DATES if name in row}
    if wrong := [name for name, stamp in found.items() if stamp is None]:
        raise ValueError(f"{wrong[0]} must be a date and time with a zone")
    return {
        name: min(stamp // 1, org.stamp()) for name, stamp in found.items() if stamp is not None
    }
