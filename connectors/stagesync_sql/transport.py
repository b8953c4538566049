"""The database behind one engine: statements that may be sent, counted, with our errors.

Every statement passes one gate (`api.may_send`) before a cursor sees it, so that nothing that deletes,
drops or merges can be sent, whoever wrote the statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from stagesync.connector import (
    AnswerUnreadable,
    Clock,
    OptionsRefused,
    RequestRefused,
    call_with_retry,
)
from stagesync_sql import api
from stagesync_sql.auth import entry_url
from stagesync_sql.failures import failure_of
from stagesync_sql.options import Options

T = TypeVar("T")
ATTEMPTS = 4

log = structlog.get_logger()


class Transport:
    """One database.

    Attributes:
        calls: statements sent so far.
    """

    def __init__(self, options: Options, *, clock: Clock) -> None:
        self._clock = clock
        self.calls = 0
        url = entry_url(options)
        self.is_sqlite = _backend(url) == "sqlite"
        self.engine = _engine(url, timeout_s=options.timeout_s)
        sa.event.listen(self.engine, "before_cursor_execute", self._gate)

    def rows(self, statement: sa.Select[Any]) -> list[dict[str, Any]]:
        """The rows of a query, by label.

        Raises:
            CrmError: after the tries that could have helped.
        """

        def work(connection: sa.Connection) -> list[dict[str, Any]]:
            found = connection.execute(statement)
            names = list(found.keys())
            try:
                return [dict(zip(names, row, strict=True)) for row in found]
            except (ValueError, TypeError):
                # SQLite lets any column hold anything; the driver's error quotes it.
                raise AnswerUnreadable(
                    f"a column among {', '.join(names)} holds a value of another kind than its own"
                ) from None

        return self.run(work)

    def run(self, work: Callable[[sa.Connection], T]) -> T:
        """Do some work in one transaction; done again as a whole where that may help."""

        def once() -> T:
            with self._translated(), self.engine.begin() as connection:
                return work(connection)

        return call_with_retry(once, clock=self._clock, attempts=ATTEMPTS)

    def reflect(self, name: str) -> sa.Table:
        """A table or view as it is now.

        Args:
            name: with its schema where it has one.
        """
        return self.run(lambda connection: _table(name, autoload_with=connection))

    def has_table(self, name: str) -> bool:
        """Whether there is such a table or view."""
        schema, _, bare = name.rpartition(".")
        return self.run(
            lambda connection: sa.inspect(connection).has_table(bare, schema=schema or None)
        )

    def is_view(self, name: str) -> bool:
        """Whether it is a view: nobody can add a column to one."""
        schema, _, bare = name.rpartition(".")
        return self.run(
            lambda connection: bare in sa.inspect(connection).get_view_names(schema=schema or None)
        )

    def close(self) -> None:
        """Let go of the connections."""
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            failure = failure_of(error)
            log.warning(
                "sql_refused", kind=type(failure).__name__, retry_after_s=failure.retry_after_s
            )
            # The driver's error quotes the statement, at times a row: it ends here.
            raise failure from None

    def _gate(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not api.may_send(statement):
            word = statement.split(maxsplit=1)[0].upper() if statement.strip() else "nothing"
            raise RequestRefused(f"stagesync never sends {word} to a database")
        self.calls += 1


def _engine(url: sa.URL, *, timeout_s: float) -> sa.Engine:
    """Connects to nothing yet; what cannot be an engine is a fault of the options."""
    try:
        return sa.create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=_backend(url) != "sqlite",
            connect_args=_connect_args(url, timeout_s),
        )
    except (ArgumentError, NoSuchModuleError, ImportError, TypeError, ValueError):
        # Their words quote the address, and so the password.
        what = f"names a database or driver that cannot be used here: {url.drivername}"
        raise OptionsRefused([("url", what)]) from None


def _backend(url: sa.URL) -> str:
    return url.drivername.partition("+")[0]


def _table(name: str, **how: Any) -> sa.Table:
    schema, _, bare = name.rpartition(".")
    return sa.Table(bare, sa.MetaData(), schema=schema or None, resolve_fks=False, **how)


def _connect_args(url: sa.URL, timeout_s: float) -> dict[str, Any]:
    """How long to wait, in the words of the drivers that we know."""
    if _backend(url) == "sqlite":
        return {"timeout": timeout_s}
    if url.get_driver_name() in {"psycopg", "psycopg2"}:
        return {
            "connect_timeout": int(api.CONNECT_TIMEOUT_S),
            "options": f"-c statement_timeout={int(timeout_s * 1000)}",
            "application_name": "stagesync",
            **_encryption(url),
        }
    return {}


def _encryption(url: sa.URL) -> dict[str, str]:
    """PostgreSQL's client would take any certificate, and none; another machine has to prove itself.

    What the address itself says of `sslmode` holds: it is somebody's decision.
    """
    host = str(url.query.get("host") or url.host or "")
    is_here = not host or host.startswith("/") or host in {"localhost", "127.0.0.1", "::1"}
    if is_here or "sslmode" in url.query:
        return {}
    return {"sslmode": "verify-full", "sslrootcert": "system"}
