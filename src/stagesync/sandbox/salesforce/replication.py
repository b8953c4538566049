"""getUpdated and getDeleted: the ids that changed in a span of time.

`latestDateCovered` stays behind transactions under way, so that it is safe as the next start.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-getupdated
(seen 2026-11); the sentences of the refusals are an assumption.
"""

from stagesync.sandbox.salesforce.api import ApiAnswer, ApiRequest
from stagesync.sandbox.salesforce.errors import bad_request
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.records import known_object
from stagesync.sandbox.salesforce.values import parse_datetime, show_datetime

DAY_S = 86_400.0
MINUTE_S = 60.0
UPDATED_DAYS = 30
DELETED_DAYS = 15
MOST_IDS = 600_000


def answer_updated(org: Org, request: ApiRequest, *, name: str) -> ApiAnswer:
    """``/sobjects/<Type>/updated``: the live rows that were made or changed."""
    start, end = _span(org, request, days=UPDATED_DAYS)
    table = org.table(known_object(org, name).name)
    found = [row["Id"] for row in table.between(start, end) if not row.get("IsDeleted")]
    if len(found) > MOST_IDS:
        raise bad_request("EXCEEDED_ID_LIMIT", f"more than {MOST_IDS} ids; use a shorter span")
    body = {"ids": found, "latestDateCovered": _covered(org, table.name, end)}
    return ApiAnswer(body=body, records=len(found))


def answer_deleted(org: Org, request: ApiRequest, *, name: str) -> ApiAnswer:
    """``/sobjects/<Type>/deleted``: the rows that went to the recycle bin."""
    start, end = _span(org, request, days=DELETED_DAYS)
    table = org.table(known_object(org, name).name)
    found = [
        {"id": row["Id"], "deletedDate": show_datetime(row["SystemModstamp"])}
        for row in table.between(start, end)
        if row.get("IsDeleted")
    ]
    body = {
        "deletedRecords": found,
        "earliestDateAvailable": show_datetime(org.stamp() - DELETED_DAYS * DAY_S),
        "latestDateCovered": _covered(org, table.name, end),
    }
    return ApiAnswer(body=body, records=len(found))


def _span(org: Org, request: ApiRequest, *, days: int) -> tuple[float, float]:
    """Start and end of a request, their seconds cut off."""
    start, end = (_instant(request, key) // MINUTE_S * MINUTE_S for key in ("start", "end"))
    if start >= end:
        sentence = "startDate must be at least one minute before endDate"
        raise bad_request("INVALID_REPLICATION_DATE", sentence)
    if start < org.clock.now() - days * DAY_S:
        sentence = f"startDate must not be more than {days} days ago"
        raise bad_request("INVALID_REPLICATION_DATE", sentence)
    return start, end


def _instant(request: ApiRequest, key: str) -> float:
    # A plus that a client did not escape arrives as a blank.
    stamp = parse_datetime(request.query.get(key, "").replace(" ", "+"))
    if stamp is None:
        raise bad_request("INVALID_REPLICATION_DATE", f"{key} must be a date and time with a zone")
    return stamp


def _covered(org: Org, name: str, end: float) -> str:
    waiting = (row["SystemModstamp"] for _, row in org.table(name).pending.values())
    latest = min((org.clock.now(), end, *waiting))
    return show_datetime(latest // MINUTE_S * MINUTE_S)
