"""HubSpot: no request, however malformed, breaks the simulator."""

import json
import random

import pytest
import urllib3

from stagesync.sandbox.hubspot.auth import ALL_SCOPES, JOURNAL_SCOPES
from stagesync.sandbox.hubspot.routes import canonical, spots

ATOMS = (None, True, 0, -1, 1.5, "", "1", "x", "9" * 25, [], {}, ["x"], [None], {"id": "1"})
SOUND = {
    "inputs": [
        {
            "id": "101",
            "properties": {"firstname": "a"},
            "from": {"id": "101"},
            "to": {"id": "900"},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}],
        }
    ],
    "filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ", "value": "x"}]}],
    "sorts": [{"propertyName": "email", "direction": "ASCENDING"}],
    "properties": {"firstname": "a"},
    "name": "own",
    "eventType": "contact.creation",
    "targetUrl": "http://127.0.0.1:9/hook",
    "throttling": {"maxConcurrentRequests": 10},
    "subscriptionType": "OBJECT",
    "objectTypeId": "0-1",
    "actions": ["CREATE"],
    "active": True,
    "label": "Own",
    "type": "enumeration",
    "fieldType": "select",
    "groupName": "contactinformation",
    "options": [{"label": "A", "value": "a", "displayOrder": 0}],
    "primaryObjectId": "101",
    "objectIdToMerge": "102",
}
QUERIES = ("", "?limit=x", "?after=-1", "?idProperty=email", "?properties=,&archived=true")


def _spoilt(rng):
    """The sound body with one part replaced by something else."""
    body = json.loads(json.dumps(SOUND))
    node = body
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = rng.choice(keys)
        if not isinstance(node[key], dict | list) or not node[key] or rng.random() < 0.4:
            node[key] = json.loads(json.dumps(rng.choice(ATOMS)))
            return body
        node = node[key]


_FORMS = {
    "account-info": "/account-info/v3",
    "marketing-events": "/marketing/marketing-events/2026-03",
    "associations-v3": "/crm/v3/associations",
    "forms": "/marketing/v3/forms",
    "form-integrations": "/form-integrations/v1",
    "email": "/email/public/v1",
    "event-occurrences": "/events/event-occurrences/2026-03",
    "webhooks": "/webhooks/v3",
    "webhooks-journal/journal": "/webhooks-journal/journal/2026-03",
    "webhooks-journal/subscriptions": "/webhooks-journal/subscriptions/2026-03",
}


def _address(path):
    """The address of a call in one of the versions that have it."""
    for area, front in _FORMS.items():
        if path == f"/{area}" or path.startswith(f"/{area}/"):
            return front + path.removeprefix(f"/{area}")
    area, _, rest = path[1:].partition("/")
    return f"/crm/{area}/2026-03/{rest}".rstrip("/")


@pytest.mark.parametrize("spot", spots(), ids=lambda spot: f"{spot.method} {spot.path}")
def test_malformed_requests_are_answered(seeded, spot):
    """Every call answers a spoilt body, id or query with a status of its own, never with 500."""
    seeded.switch(limits_on=False, enterprise=True)
    rng = random.Random(spot.method + spot.path)
    token = seeded.sim.tokens.add_static(ALL_SCOPES | JOURNAL_SCOPES)
    pool = urllib3.PoolManager(headers={"Authorization": f"Bearer {token}"})
    for _ in range(40):
        path = spot.path.format(
            type=rng.choice(("contacts", "companies", "cars")),
            id=rng.choice(("101", "x", "0")),
            to=rng.choice(("companies", "calls")),
            other=rng.choice(("900", "x")),
            name=rng.choice(("email", "own", "contactinformation")),
            app=seeded.sim.portal.app_id,
            offset=rng.choice(("x", "00000001-0000-4000")),
        )
        address = _address(path)
        assert canonical(address) is not None, address
        more = {} if spot.method in {"GET", "DELETE"} else {"json": _spoilt(rng)}
        got = pool.request(spot.method, seeded.url + address + rng.choice(QUERIES), **more)
        assert got.status < 500, (spot, more, got.data)
