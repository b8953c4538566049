"""What describes the account itself: pipelines, owners, details.

Source: https://developers.hubspot.com/docs/api-reference/crm-pipelines-v3 and
https://developers.hubspot.com/docs/api-reference/account-account-info-v3 (seen 2026-11).
"""

from datetime import datetime
from typing import Any

from stagesync.sandbox.hubspot.call import Answer, Call
from stagesync.sandbox.hubspot.errors import invalid, not_found
from stagesync.sandbox.hubspot.portal import LEAD_PIPELINES, Owner, Pipeline, Stage
from stagesync.sandbox.hubspot.values import iso

_MADE = iso(1_640_995_200_000)
MAX_OWNERS = 500


def pipelines(call: Call) -> Answer:
    """`GET /pipelines/{type}`: deals and leads have them."""
    return Answer({"results": [_pipeline(found) for found in _of(call)]}, records=len(_of(call)))


def pipeline(call: Call) -> Answer:
    """`GET /pipelines/{type}/{id}`."""
    return Answer(_pipeline(_one(call)), records=1)


def stages(call: Call) -> Answer:
    """`GET /pipelines/{type}/{id}/stages`."""
    rows = _pipeline(_one(call))["stages"]
    return Answer({"results": rows}, records=len(rows))


def owners(call: Call) -> Answer:
    """`GET /owners`."""
    limit = call.whole("limit", 100)
    if not 1 <= limit <= MAX_OWNERS:
        raise invalid(f"Invalid limit: {limit}. The limit must be between 1 and {MAX_OWNERS}.")
    wanted, after = call.one("email"), call.whole("after", 0)
    fitting = [] if call.flag("archived") else list(call.portal.owners)
    found = [owner for owner in fitting if not wanted or owner.email == wanted]
    page = [owner for owner in found if int(owner.id) > after][:limit]
    body: dict[str, Any] = {"results": [_owner(owner) for owner in page]}
    if page and page[-1] is not found[-1]:
        body["paging"] = {"next": {"after": page[-1].id}}
    return Answer(body, records=len(page))


def owner(call: Call) -> Answer:
    """`GET /owners/{id}`."""
    for known in call.portal.owners:
        if known.id == call.path["id"]:
            return Answer(_owner(known), records=1)
    raise not_found()


def details(call: Call) -> Answer:
    """`GET /account-info/details`."""
    portal = call.portal
    local = datetime.fromtimestamp(portal.clock.now(), portal.zone)
    shift = local.utcoffset()
    minutes = int(shift.total_seconds() // 60) if shift else 0
    sign = "-" if minutes < 0 else "+"
    body = {
        "portalId": portal.portal_id,
        "accountType": "STANDARD",
        "timeZone": portal.zone.key,
        "companyCurrency": "EUR",
        "additionalCurrencies": [],
        "utcOffset": f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}",
        "utcOffsetMilliseconds": minutes * 60_000,
        "uiDomain": "app-eu1.hubspot.com",
        "dataHostingLocation": "eu1",
    }
    return Answer(body)


def daily_usage(call: Call) -> Answer:
    """`GET /account-info/api-usage/daily/private-apps`: what the day has cost so far."""
    now = call.portal.clock.now()
    row = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": call.portal.switches.daily_limit,
        "currentUsage": call.portal.limits.day_used(now),
        "collectedAt": iso(int(now * 1000)),
        "fetchStatus": "SUCCESS",
        "resetsAt": iso(int(call.portal.limits.day_ends(now) * 1000)),
    }
    return Answer({"results": [row]})


def _of(call: Call) -> tuple[Pipeline, ...]:
    if call.kind.name == "leads":
        return LEAD_PIPELINES
    return call.portal.pipelines if call.kind.name == "deals" else ()


def _one(call: Call) -> Pipeline:
    for found in _of(call):
        if found.id == call.path["id"]:
            return found
    raise not_found(f"Pipeline {call.path['id']} not found", category="OBJECT_NOT_FOUND")


def _pipeline(found: Pipeline) -> dict[str, Any]:
    return {
        "id": found.id,
        "label": found.label,
        "displayOrder": 0,
        "stages": [_stage(stage, place) for place, stage in enumerate(found.stages)],
        "createdAt": _MADE,
        "updatedAt": _MADE,
        "archived": False,
    }


def _stage(stage: Stage, place: int) -> dict[str, Any]:
    return {
        "id": stage.id,
        "label": stage.label,
        "displayOrder": place,
        "metadata": {"isClosed": str(stage.closed).lower(), "probability": stage.probability},
        "createdAt": _MADE,
        "updatedAt": _MADE,
        "archived": False,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }


def _owner(known: Owner) -> dict[str, Any]:
    return {
        "id": known.id,
        "email": known.email,
        "type": "PERSON",
        "firstName": known.first,
        "lastName": known.last,
        "userId": known.user_id,
        "userIdIncludingInactive": known.user_id,
        "createdAt": _MADE,
        "updatedAt": _MADE,
        "archived": False,
    }
