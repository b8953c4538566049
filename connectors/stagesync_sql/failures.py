"""From a failure of SQLAlchemy or its driver to our error.

A driver's message may quote a row (`Key (email)=(...) already exists`), so of PostgreSQL only the
primary message is taken, and for a statement as a whole none.
"""

from __future__ import annotations

from sqlalchemy.exc import (
    DBAPIError,
    NoSuchTableError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from stagesync.connector import (
    AnswerUnreadable,
    CredentialsRefused,
    CrmError,
    PermissionMissing,
    Refusal,
    RequestRefused,
    Unavailable,
    without_secrets,
)
from stagesync_sql import api


def code_of(error: SQLAlchemyError) -> str:
    """The SQLSTATE, else what the driver calls it: `IntegrityError`."""
    original = getattr(error, "orig", None)
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    return str(state or type(original or error).__name__)


def words_of(error: SQLAlchemyError) -> str:
    """The database's own words about a row, in one line, without the row."""
    original = getattr(error, "orig", None)
    told = getattr(getattr(original, "diag", None), "message_primary", None)
    words = str(told or original or type(error).__name__)
    return without_secrets(" ".join(words.splitlines()[:1]))


def refusal_of(error: SQLAlchemyError) -> Refusal:
    """What a refused row means."""
    code = code_of(error)
    if code == api.FORBIDDEN:
        return Refusal.FORBIDDEN
    return Refusal.LOCKED if code in api.BUSY_CODES else Refusal.INVALID


def failure_of(error: SQLAlchemyError) -> CrmError:
    """The error that a failure as a whole means."""
    if isinstance(error, NoSuchTableError):
        return RequestRefused(
            f"the database has no table {error}", hint="correct `tables` of the connection"
        )
    if isinstance(error, PoolTimeout):
        return Unavailable("the database gives no connection", retry_after_s=api.LOST_RETRY_S)
    if not isinstance(error, DBAPIError):
        return AnswerUnreadable(f"the database holds a value of another kind ({code_of(error)})")
    return _of_driver(error, code_of(error), str(error.orig).lower())


def _of_driver(error: DBAPIError, code: str, words: str) -> CrmError:
    has_state = len(code) == 5 and code[:2].isalnum() and code.isupper() | code.isdigit()
    kind = code[:2] if has_state else ""
    if kind == api.CREDENTIALS_CLASS or (
        not has_state and any(each in words for each in api.CREDENTIALS_WORDS)
    ):
        return CredentialsRefused(
            "the database refuses the credentials", hint="check `url` and `password`"
        )
    if code == api.FORBIDDEN or any(each in words for each in api.FORBIDDEN_WORDS):
        return PermissionMissing(
            f"the database forbids a statement to this user ({code})",
            hint="grant it SELECT on the tables, and UPDATE or INSERT where it shall write",
        )
    if code in api.BUSY_CODES or any(each in words for each in api.BUSY_WORDS):
        return Unavailable("the database is busy", retry_after_s=api.BUSY_RETRY_S)
    if kind in api.CONNECTION_CLASSES or error.connection_invalidated or _is_lost(code, words):
        return Unavailable("the database cannot be reached", retry_after_s=api.LOST_RETRY_S)
    return RequestRefused(f"the database refuses a statement ({code})", code=code)


def _is_lost(code: str, words: str) -> bool:
    """Drivers that cannot connect raise an operational error without a code."""
    return code in {"OperationalError", "InterfaceError"} and "no such" not in words
