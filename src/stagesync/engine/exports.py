"""The log as people take it along: JSON Lines that can be verified, or CSV for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

import orjson

from stagesync.domain.chain import KEYS, entry_of
from stagesync.store.log import Row

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a text begins with that a spreadsheet would run."""


def json_lines(rows: Iterable[Row]) -> Iterator[str]:
    """A line per entry, as it was hashed."""
    for each in rows:
        yield f"{each.sealed.line}\n"


def csv_lines(rows: Iterable[Row], *, headed: bool = True) -> Iterator[str]:
    """A line of headings, if asked for, and one per entry."""
    writer = csv.writer(_Line())
    if headed:
        yield writer.writerow(KEYS)
    for each in rows:
        entry = entry_of(each.sealed)
        yield writer.writerow([cell(entry[key]) for key in KEYS])


class _Line:
    """Gives a line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def cell(value: object) -> object:
    """As a spreadsheet may have it: a text that it would run as a formula is made to stay text."""
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value
