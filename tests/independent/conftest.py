"""Clients that nobody here wrote, against the sandbox over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version

import pytest
from tests.openapi.recorder import recorded

from stagesync.sandbox import Sandbox, start

PYTHON_CLIENTS = ("hubspot-api-client", "hubspot-sdk", "simple-salesforce")


@pytest.fixture(scope="session", autouse=True)
def _versions() -> None:
    """Prints which releases of the clients are driven; `pytest -s` shows it."""
    print(json.dumps({name: version(name) for name in PYTHON_CLIENTS}))  # noqa: T201 - the job shows it


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Both simulators with a small believable base.

    What passes between HubSpot's clients and the simulator is held against the descriptions, too.
    """
    with start(contacts=500, seed=3) as running, recorded(running.hubspot) as url:
        yield replace(running, urls=running.urls | {"hubspot": url})
