"""What databases call things: error codes, statements that may be sent, and limits.

SQLSTATE codes are those of the SQL standard and of PostgreSQL:
https://www.postgresql.org/docs/current/errcodes-appendix.html (seen 2026-11).
"""

from __future__ import annotations

import re

CONNECT_TIMEOUT_S = 10.0
READ_IDS = 500
"""Keys in one `IN`: SQLite takes 32,766 values in a statement, SQL Server 2,100."""

BUSY_RETRY_S = 1.0
LOST_RETRY_S = 5.0

# The first two characters of a SQLSTATE are its class.
CREDENTIALS_CLASS = "28"
FORBIDDEN = "42501"
CONNECTION_CLASSES = frozenset({"08", "53", "57"})
BUSY_CODES = frozenset({"40001", "40P01", "55P03"})

# SQLite and drivers that cannot connect give no code: their words are all there is.
CREDENTIALS_WORDS = (
    "authentication failed",
    "role ",
    "access denied",
    "login failed",
    "no password",
)
BUSY_WORDS = ("database is locked", "database table is locked")
FORBIDDEN_WORDS = ("readonly database", "permission denied", "not authorized")

_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]""")
_SENDABLE = re.compile(
    r"\s*(SELECT|WITH|INSERT|UPDATE|CREATE\s+TABLE|ALTER\s+TABLE\s+\S+\s+ADD|PRAGMA|SHOW|SAVEPOINT"
    r"|RELEASE|ROLLBACK)\b",
    re.IGNORECASE,
)
_NEVER = re.compile(
    r"\b(DELETE|TRUNCATE|DROP|MERGE|REPLACE\s+INTO|RENAME|GRANT|REVOKE)\b", re.IGNORECASE
)


def may_send(statement: str) -> bool:
    """Whether this connector ever sends such a statement: it reads, sets values and adds columns.

    Names and texts between quotes do not count: a column may be called `delete`.
    """
    bare = _QUOTED.sub("q", statement)
    return bool(_SENDABLE.match(bare)) and not _NEVER.search(bare)
