"""The lifecycle stage: forward only through the API, and the dates that tell its way.

A refused move is silent: the answer is a success and shows the stage as it still stands.
Source: https://developers.hubspot.com/docs/guides/api/crm/objects/contacts and
https://knowledge.hubspot.com/records/use-lifecycle-stages (seen 2026-11).
"""

from collections.abc import Mapping

from stagesync.sandbox.hubspot.model import Record, Source
from stagesync.sandbox.hubspot.schema import HAS_LIFECYCLE, Schema
from stagesync.sandbox.hubspot.values import instant_ms, iso

STAGE = "lifecyclestage"
# People and imports may move a stage back; programs and HubSpot's own automation may not.
FREE = frozenset({"CRM_UI", "CRM_UI_BULK_ACTION", "MOBILE_IOS", "IMPORT", "MERGE_OBJECTS"})


def ranks(schema: Schema) -> dict[str, int]:
    """Place of each stage in the order that the account has given them."""
    ordered = sorted(schema.properties[STAGE].options, key=lambda option: option.order)
    return {option.value: place for place, option in enumerate(ordered)}


def admitted(
    schema: Schema,
    record: Record,
    *,
    values: Mapping[str, str],
    source: Source,
    now_ms: int,
    forward_only: bool = True,
) -> dict[str, str]:
    """The values that will be written: without a refused stage, with the dates of a granted one.

    Args:
        forward_only: whether programs are refused a move to an earlier stage.
    """
    wanted = values.get(STAGE)
    if wanted is None or schema.kind.name not in HAS_LIFECYCLE:
        return dict(values)
    present = record.values.get(STAGE, "")
    if wanted == present:
        return dict(values)
    is_bound = forward_only and source.kind not in FREE
    if is_bound and not _forward(ranks(schema), present, wanted):
        return {name: text for name, text in values.items() if name != STAGE}
    return {**values, **_dates(record, present=present, wanted=wanted, now_ms=now_ms)}


def _forward(order: Mapping[str, int], present: str, wanted: str) -> bool:
    """True for clearing, for a first stage, and for a later one."""
    if not wanted or present not in order:
        return True
    return order.get(wanted, -1) > order[present]


def _dates(record: Record, *, present: str, wanted: str, now_ms: int) -> dict[str, str]:
    now = iso(now_ms)
    dates = {"hs_v2_date_entered_current_stage": now if wanted else ""}
    if wanted:
        dates[f"hs_v2_date_entered_{wanted}"] = now
    if present:
        entered = record.values.get(f"hs_v2_date_entered_{present}")
        spent = now_ms - (instant_ms(entered) if entered else record.created_ms)
        before = int(record.values.get(f"hs_v2_cumulative_time_in_{present}", "0"))
        dates[f"hs_v2_date_exited_{present}"] = now
        dates[f"hs_v2_latest_time_in_{present}"] = str(spent)
        dates[f"hs_v2_cumulative_time_in_{present}"] = str(before + spent)
    return dates
