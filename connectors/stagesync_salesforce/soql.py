"""Writing queries. There are no bind parameters: every value goes through here.

Source: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl (seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime


def select(columns: Iterable[str], source: str, *conditions: str, order: str = "") -> str:
    """A query; empty conditions and an empty order are left out."""
    words = ["SELECT", ", ".join(columns), "FROM", source]
    if given := [condition for condition in conditions if condition]:
        words += ["WHERE", " AND ".join(given)]
    if order:
        words += ["ORDER BY", order]
    return " ".join(words)


def quoted(text: str) -> str:
    """A text literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def within(column: str, values: Iterable[str]) -> str:
    """The condition that a column holds one of these texts, of which there is at least one."""
    return f"{column} IN ({', '.join(map(quoted, values))})"


def equal(column: str, value: str) -> str:
    """The condition that a column holds this text."""
    return f"{column} = {quoted(value)}"


def instant(at_s: float) -> str:
    """The literal of Unix seconds, to the millisecond, always in UTC."""
    whole, thousandths = divmod(round(at_s * 1000), 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{thousandths:03d}Z"
