"""R1: nothing in a CRM is deleted, archived, merged or erased, whoever asks and by whichever way."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import hubspot.crm
import orjson
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

import stagesync
import stagesync_hubspot
import stagesync_salesforce
import stagesync_sql
from stagesync.connector import Reach, RequestRefused, Secret
from stagesync_hubspot import api as hubspot_api
from stagesync_hubspot.gate import Gate, may_leave
from stagesync_hubspot.options import read_options
from stagesync_hubspot.transport import Transport
from stagesync_salesforce.client import Wire
from stagesync_salesforce.gate import refuse_part, refuse_unwanted
from stagesync_sql.options import read_options as read_sql
from stagesync_sql.transport import Transport as Sql
from still_clock import StillClock

from .sql_product import PEOPLE

DEAD = "http://127.0.0.1:9"
"""Nobody listens here: what is sent ends in another error than a refusal."""

METHODS = ("POST", "PUT", "PATCH", "DELETE", "post", "delete", "PURGE", "MERGE")
TAKING = (
    "archive",
    "merge",
    "gdpr-delete",
    "delete",
    "purge",
    "upsert",
    "create",
    "emptyRecycleBin",
)
OBJECTS = ("contacts", "companies", "deals", "0-1", "2-123", "p1_cars", "Lead", "Account")
AREAS = ("objects", "properties", "associations", "pipelines", "lists", "imports", "schemas")

segments = st.sampled_from(
    (*TAKING, *OBJECTS, *AREAS, "batch", "101", "..", "%2e%2e", "x/../batch")
)
hubspot_paths = st.builds(
    lambda root, version, rest: "/".join([root, version, *rest]),
    st.sampled_from(("/crm", "/contacts", "/crm/objects", "/crm-objects", "/marketing")),
    st.sampled_from(("v1", "v3", "v4", "2026-03")),
    st.lists(segments, min_size=1, max_size=5),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(METHODS), hubspot_paths, st.sampled_from(("v3", "2026-03")))
def test_hubspot_takes_what_is_on_the_list_and_no_more(
    method: str, path: str, version: str
) -> None:
    """Of any request but a GET only the few forms leave that read, set values or make a field."""
    ends = ("/search", "/batch/read", "/batch/update")
    is_property = "/properties/" in path
    if may_leave(method, path, version=version):
        assert path.endswith(ends) or is_property
        assert (method, is_property) in {("POST", False), ("POST", True), ("PATCH", True)}
        assert not path.endswith(tuple(f"batch/{word}" for word in TAKING))


@pytest.mark.parametrize("version", ["v3", "2026-03"])
def test_everything_the_hubspot_connector_sends_may_leave(version: str) -> None:
    """The list is no narrower than the connector's own requests."""
    for method, form in hubspot_api.SENDABLE:
        path = hubspot_api.versioned(form, version)
        for blank, name in (
            ("{objectType}", "contacts"),
            ("{propertyName}", "stagesync_stage"),
            ("{fromObjectType}", "contacts"),
            ("{toObjectType}", "companies"),
        ):
            path = path.replace(blank, name)
        assert may_leave(method, path, version=version)


@pytest.fixture(scope="module")
def transport() -> Iterator[Transport]:
    made = Transport(
        read_options({"token": Secret("pat-eu1-x"), "url": DEAD}), clock=StillClock(0.0)
    )
    yield made
    made.close()


def _vendor_calls() -> list[tuple[str, type, str]]:
    """Every method of the vendor's CRM packages whose name speaks of taking something away."""
    found = []
    for package in pkgutil.walk_packages(hubspot.crm.__path__, "hubspot.crm."):
        if not package.name.endswith("_api"):
            continue
        module = import_module(package.name)
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ != package.name:
                continue
            found += [
                (f"{package.name}.{way}", kind, way)
                for way in dir(kind)
                if any(word in way for word in ("archive", "merge", "purge", "delete", "remove"))
                and not way.startswith("_")
                and not way.endswith("_with_http_info")
            ]
    return found


def test_no_method_of_the_vendors_client_takes_anything_away(transport: Transport) -> None:
    """Each of its methods that archives, merges, purges or deletes is refused before anything is sent."""
    calls = _vendor_calls()
    assert len(calls) > 50
    for name, kind, way in calls:
        method = getattr(kind(api_client=transport.client), way)
        wanted = [
            each
            for each in inspect.signature(method).parameters.values()
            if each.kind is each.POSITIONAL_OR_KEYWORD and each.default is each.empty
        ]
        with pytest.raises(RequestRefused):
            method(*("1" for _ in wanted))
        assert transport.calls == 0, name


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/crm/v3/objects/contacts/1"),
        ("POST", "/crm/v3/objects/contacts/gdpr-delete"),
        ("POST", "/crm/v3/objects/contacts/batch/archive"),
        ("POST", "/crm/v3/objects/contacts/merge"),
    ],
)
def test_hubspots_pools_refuse_it_too(transport: Transport, method: str, path: str) -> None:
    """Past our transport and past the vendor's client: the pools themselves do not send it."""
    pools = transport.client.rest_client.pool_manager
    assert isinstance(pools, Gate)
    with pytest.raises(RequestRefused):
        pools.request(method, DEAD + path)


def test_a_post_that_stands_for_a_delete_is_refused(transport: Transport) -> None:
    """No header turns a permitted request into another one."""
    pools = transport.client.rest_client.pool_manager
    path = "/crm/v3/objects/contacts/batch/read"
    with pytest.raises(RequestRefused):
        pools.request("POST", DEAD + path, headers={"X-HTTP-Method-Override": "DELETE"})


ROOT = "/services/data/v64.0"
salesforce_paths = st.builds(
    lambda rest, query: f"{ROOT}/{'/'.join(rest)}{query}",
    st.lists(
        st.sampled_from(
            (
                *TAKING,
                "sobjects",
                "composite",
                "Lead",
                "jobs",
                "ingest",
                "query",
                "tooling",
                "batch",
                "00Q000000000001AAA",
                "CustomField",
                "tree",
                "graph",
                "actions",
                "..",
                "batches",
            )
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(
        ("", "?ids=00Q000000000001AAA", "?_HttpMethod=DELETE", "?%5fHttpMethod=DELETE")
    ),
)
deletions = st.sampled_from(
    [
        None,
        {"operation": "delete", "object": "Lead"},
        {"operation": "hardDelete", "object": "Lead"},
        {"operation": "upsert", "object": "Lead"},
        {
            "compositeRequest": [
                {"method": "DELETE", "url": f"{ROOT}/sobjects/Lead/00Q1", "referenceId": "a"}
            ]
        },
        {
            "compositeRequest": [
                {"method": "POST", "url": f"{ROOT}/sobjects/Lead/00Q1?_HttpMethod=DELETE"}
            ]
        },
        {"compositeRequest": [{"method": "POST", "url": f"{ROOT}/composite", "body": {}}]},
        {
            "compositeRequest": [
                {"method": "GET", "url": f"{ROOT}/limits"},
                {"method": "DELETE", "url": f"{ROOT}/x"},
            ]
        },
        {"batchRequests": [{"method": "DELETE", "url": "v64.0/sobjects/Lead/00Q1"}]},
        {
            "batchRequests": [
                {"method": "GET", "url": "v64.0/sobjects/Lead/00Q1?_HttpMethod=DELETE"}
            ]
        },
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(METHODS), salesforce_paths, deletions)
def test_salesforce_takes_what_is_on_the_list_and_no_more(
    method: str, path: str, body: object
) -> None:
    """No path, no body of a composite call or a Bulk job, and no query brings a deletion out."""
    try:
        refuse_part(method, path, body=body)
    except RequestRefused:
        return
    below = path.removeprefix(f"{ROOT}/")
    assert method in {"POST", "PATCH", "PUT"}
    assert "?" not in below or "_HttpMethod" not in below.replace("%5f", "_")
    is_known = below.split("?")[0] == "composite/sobjects" or (
        method == "PUT" and below.split("?")[0].endswith("/batches")
    )
    is_known |= (
        method == "POST" and below.startswith("composite/sobjects/") and below.count("/") == 2
    )
    is_known |= below.startswith("tooling/sobjects/CustomField")
    assert is_known


SOAP = '<e:Envelope xmlns:e="e" xmlns:p="p"><e:Body>{calls}</e:Body></e:Envelope>'


@pytest.mark.parametrize(
    "calls",
    [
        "<p:delete><ids>1</ids></p:delete>",
        "<p:merge/>",
        "<merge></merge>",
        "<p:emptyRecycleBin> </p:emptyRecycleBin>",
        "",
    ],
)
def test_soap_says_login_and_nothing_else(calls: str) -> None:
    """An envelope with any other call does not leave, nor one that hides the call."""
    url = "https://acme.my.salesforce.com/services/Soap/u/64.0"
    refuse_unwanted(
        "POST", url, body=SOAP.format(calls="<p:login><p:username>a</p:username></p:login>")
    )
    with pytest.raises(RequestRefused):
        refuse_unwanted("POST", url, body=SOAP.format(calls=calls))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/sobjects/Lead/00Q000000000001AAA", None),
        ("POST", "/jobs/ingest", {"operation": "hardDelete", "object": "Lead"}),
        (
            "POST",
            "/composite",
            {"compositeRequest": [{"method": "DELETE", "url": f"{ROOT}/sobjects/Lead/1"}]},
        ),
        ("POST", "/composite/sobjects/Lead?_HttpMethod=DELETE", {"ids": []}),
        ("POST", "/composite/tree/Lead", {}),
    ],
)
def test_salesforces_wire_refuses_it_too(method: str, path: str, body: object) -> None:
    """Past our transport and past simple-salesforce: the adapter itself does not send it."""
    session = requests.Session()
    session.mount("http://", Wire(timeout_s=1.0, reach=Reach.of(DEAD)))
    with pytest.raises(RequestRefused):
        session.request(
            method, DEAD + ROOT + path, data=None if body is None else orjson.dumps(body)
        )
    session.close()


NETWORK = {
    "requests",
    "urllib3",
    "http",
    "socket",
    "httpx",
    "aiohttp",
    "urllib.request",
    "ssl",
    "ftplib",
    "smtplib",
    "asyncio",
    "simple_salesforce",
    "hubspot",
    "websockets",
    "subprocess",
    "xmlrpc",
}
"""Modules by which something could leave this machine."""

CONNECTORS = {
    "stagesync_hubspot/answers.py": {"urllib3"},
    "stagesync_hubspot/gate.py": {"urllib3"},
    "stagesync_hubspot/transport.py": {"urllib3", "hubspot"},
    "stagesync_salesforce/client.py": {"requests", "simple_salesforce"},
    "stagesync_salesforce/transport.py": {"requests", "simple_salesforce"},
    "stagesync_salesforce/failures.py": {"requests"},
}
"""Where connectors know such a module."""

OURS = {
    "app/clocks.py": {"requests"},
    "cli/demo.py": {"requests"},
    "connector/hosts.py": {"requests"},
    "engine/channels.py": {"requests", "smtplib", "ssl"},
    "engine/lease.py": {"socket"},
    "web/guard.py": {"asyncio"},
    "web/protocol.py": {"asyncio"},
    "web/server.py": {"asyncio", "socket"},
    "web/webhooks.py": {"asyncio"},
}
"""Where the rest does: it asks the sandbox on this machine for its time and state, waits to be called, knows
which certificates are trusted, or asks
this machine for its name."""


def _imported(path: Path) -> set[str]:
    """The modules of `NETWORK` that a file imports, at its top or anywhere."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module}
    return {
        each for name in names for each in NETWORK if name == each or name.startswith(f"{each}.")
    }


def _files(package: Any) -> Iterator[tuple[str, Path]]:
    root = Path(package.__file__).parent
    for path in sorted(root.rglob("*.py")):
        yield str(path.relative_to(root)), path


def test_only_the_guarded_transports_can_send_anything() -> None:
    """No other module of ours even knows how: what reaches a CRM goes through a gate."""
    found = {}
    for package in (stagesync_hubspot, stagesync_salesforce, stagesync_sql):
        for name, path in _files(package):
            found[f"{package.__name__}/{name}"] = _imported(path)
    assert CONNECTORS == {name: modules for name, modules in found.items() if modules}
    ours = {
        name: _imported(path)
        for name, path in _files(stagesync)
        # The simulators are the other side; the contract suite is a test.
        if not name.startswith(("sandbox/", "connector/contract_suite/"))
    }
    assert OURS == {name: modules for name, modules in ours.items() if modules}


def _attributes(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_each_way_out_stands_in_one_place() -> None:
    """A session, a pool and an engine are made once; nothing goes around the gate of the SQL connector."""
    makes = {
        (f"{package.__name__}/{name}", word)
        for package in (stagesync_hubspot, stagesync_salesforce, stagesync_sql)
        for name, path in _files(package)
        for word in _attributes(path)
        & {
            "Session",
            "urlopen",
            "create_engine",
            "raw_connection",
            "driver_connection",
            "HTTPConnection",
        }
    }
    assert {
        ("stagesync_hubspot/gate.py", "urlopen"),
        ("stagesync_salesforce/client.py", "Session"),
        ("stagesync_sql/transport.py", "create_engine"),
    } == makes


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM people",
        "MERGE INTO people USING x ON 1=1",
        "TRUNCATE people",
        "DROP TABLE people",
    ],
)
def test_the_sql_gate_stands_before_every_cursor(tmp_path: Path, statement: str) -> None:
    """A statement that is handed to the driver as text passes the gate as well."""
    with closing(Sql(read_sql(_sql_options(tmp_path)), clock=StillClock(0.0))) as sql:
        with pytest.raises(RequestRefused), sql.engine.connect() as connection:
            connection.exec_driver_sql(statement)
        assert sql.calls == 0


def _sql_options(folder: Path) -> dict[str, object]:
    return {"url": f"sqlite:///{folder}/product.db", "tables": {"contact": PEOPLE}}
