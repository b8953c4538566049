"""The judge of HubSpot's descriptions: what it refuses, and what it lets pass for a written reason."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest
import requests
from tests.openapi.deviations import DEVIATIONS, UNDESCRIBED
from tests.openapi.documents import find
from tests.openapi.judging import Departure, Exchange, departures
from tests.openapi.recorder import recorded

from stagesync.sandbox.hubspot import HubSpotSim

_STAMP = "2026-11-01T10:00:00.000Z"
_RECORD = {"id": "1", "createdAt": _STAMP, "updatedAt": _STAMP, "archived": False}
_JSON = "application/json;charset=utf-8"


def _listed(*records: dict[str, Any], query: str = "limit=5") -> Exchange:
    answer = json.dumps({"results": list(records)}).encode()
    path = "/crm/objects/2026-03/contacts"
    return Exchange("GET", path, query, b"", "", 200, answer, _JSON)


def _searched(body: dict[str, Any]) -> Exchange:
    answer = json.dumps({"total": 0, "results": []}).encode()
    path = "/crm/objects/2026-03/contacts/search"
    return Exchange("POST", path, "", json.dumps(body).encode(), _JSON, 200, answer, _JSON)


def _places(exchange: Exchange) -> list[tuple[str, str, str]]:
    return [(each.side, each.place, each.found) for each in departures(exchange)]


GOOD = _RECORD | {"properties": {"email": "a@b.example"}}


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (_listed(GOOD), []),
        (_listed(GOOD | {"id": 1}), [("answer", "results.*.id", "int")]),
        (_listed(GOOD | {"properties": {"n": 3}}), [("answer", "results.*.properties.n", "int")]),
        (
            _listed({k: v for k, v in GOOD.items() if k != "id"}),
            [("answer", "results.*", "dict")],
        ),
        (
            _listed(GOOD | {"createdAt": "yesterday"}),
            [("answer", "results.*.createdAt", "str")],
        ),
        (_listed(GOOD, query="limit=many"), [("query", "limit", "str")]),
        (_listed(GOOD, query="limits=5"), [("query", "limits", "parameter")]),
        (_searched({"limit": 5}), []),
        (_searched({"limit": "5"}), [("request", "limit", "str")]),
        (
            _searched({"filterGroups": [{"filters": [{"propertyName": "email"}]}]}),
            [("request", "filterGroups.*.filters.*", "dict")],
        ),
        (replace(_searched({"limit": "5"}), status=400, got=b"{}"), []),
        (replace(_listed(GOOD), status=205), [("answer", "", "205")]),
        (replace(_listed(GOOD), got_type="text/plain"), [("answer", "", "text/plain")]),
        (replace(_listed(GOOD), status=502, got=b"<html>", got_type="text/html"), []),
        (replace(_listed(GOOD), status=0, got=b""), []),
    ],
)
def test_an_exchange_is_held_against_its_description(
    exchange: Exchange, expected: list[tuple[str, str, str]]
) -> None:
    """Each departure is told with its side, place and kind; what fits tells nothing."""
    assert expected == _places(exchange)


@pytest.mark.parametrize(
    ("called", "described"),
    [
        ("/crm/objects/2026-03/contacts/12", "/crm/objects/2026-03/contacts/{contactId}"),
        ("/crm/objects/2026-03/contacts/batch/read", "/crm/objects/2026-03/contacts/batch/read"),
        ("/crm/objects/2026-09/contacts/search", "/crm/objects/2026-03/contacts/search"),
        ("/crm/v3/owners", "/crm/v3/owners/"),
        ("/crm/v3/owners/", "/crm/v3/owners/"),
        ("/no/such/path", None),
    ],
)
def test_an_address_finds_its_description(called: str, described: str | None) -> None:
    """Versions with equal shapes, slashes at the end and paths with parameters find their like."""
    method = "POST" if "batch" in called or "search" in called else "GET"
    found = find(method, called)
    assert described == (None if found is None else found.path)


def test_a_path_that_is_neither_described_nor_listed_is_told() -> None:
    """A call to somewhere new must be described, or listed with a reason."""
    told = departures(Exchange("GET", "/no/such/path", "", b"", "", 200, b"{}", _JSON))
    assert ["neither described nor listed"] == [each.says for each in told]


EXAMPLES = (
    Departure("GET /x", "answer", "results.*.properties.email", 'type "string"', "null"),
    Departure("POST /crm/v3/objects/x/search", "request", "sorts.*", 'type "string"', "dict"),
    Departure(
        "POST /oauth/2026-03/token",
        "request",
        "",
        "content type",
        "application/x-www-form-urlencoded",
    ),
    Departure(
        "POST /crm/v4/associations/a/b/batch/read",
        "answer",
        "results.*.to.*.toObjectId",
        'type "string"',
        "int",
    ),
    Departure(
        "POST /crm/v4/associations/a/b/batch/read",
        "answer",
        "results.*.to.*.associationTypes.*.label",
        'type "string"',
        "null",
    ),
    Departure("GET /x", "answer", "errors.*", "required 'links'", "dict"),
    Departure("GET /x", "answer", "errors.*.subCategory", 'type "object"', "str"),
)


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda each: each.reason[:30])
def test_a_deviation_covers_just_its_own_departures(deviation: Any) -> None:
    """Each written deviation covers one kind of departure, and says why."""
    assert 1 == sum(deviation.covers(each) for each in EXAMPLES)
    assert not deviation.covers(replace(EXAMPLES[0], place="results.*.id"))
    assert deviation.reason.endswith(".")


def test_a_listed_call_is_really_undescribed() -> None:
    """The list of undescribed calls names no call that a document describes, and says why."""
    for each in UNDESCRIBED:
        assert find(each.method, each.path.replace("[^/]+", "x")) is None
        assert each.reason.endswith(".")


def test_a_recorded_account_fails_at_the_end_when_something_left_the_documents() -> None:
    """The recording layer serves the same account, and tells departures when it is closed."""
    simulator = HubSpotSim()
    assert 200 == _list(simulator, "limit=5")
    with pytest.raises(AssertionError, match="not described"):
        _list(simulator, "limits=5")


def test_every_refusal_bears_an_id_for_support() -> None:
    """Refusals, and the failures that are ordered of the simulator, bear a UUID of their own."""
    simulator = HubSpotSim()
    simulator.faults.add("429")
    told = set()
    with recorded(simulator) as url:
        for _ in range(2):
            answer = requests.get(f"{url}/crm/objects/2026-03/contacts", timeout=10)
            assert answer.status_code in {401, 429}
            told.add(uuid.UUID(answer.json()["correlationId"]))
    assert 2 == len(told)


def _list(simulator: HubSpotSim, query: str) -> int:
    headers = {"Authorization": f"Bearer {simulator.token}"}
    with recorded(simulator) as url:
        address = f"{url}/crm/objects/2026-03/contacts?{query}"
        return requests.get(address, headers=headers, timeout=10).status_code
