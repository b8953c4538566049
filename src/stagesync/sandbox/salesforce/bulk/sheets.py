"""CSV as Bulk API 2.0 writes and reads it: UTF-8, every value in quotes, null as nothing."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from stagesync.sandbox.salesforce.api import ApiAnswer
from stagesync.sandbox.salesforce.bulk.jobs import Job, Sheet
from stagesync.sandbox.salesforce.schema.fields import FieldDef

# The parser's own bound for one cell, 131,072 characters, is below the vendor's for one record.
csv.field_size_limit(1_000_000)


def cell(field: FieldDef, value: Any) -> str:
    """One stored value as text."""
    if value is None:
        return ""
    if field.type == "boolean":
        return "true" if value else "false"
    if field.type == "datetime":
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%dT%H:%M:%S}.000Z"
    if field.type in {"double", "currency", "percent"}:
        return str(float(value))
    return str(value)


def write_sheet(job: Job, header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """The text of a sheet in the job's own delimiter and line ending."""
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        delimiter=job.delimiter,
        quoting=csv.QUOTE_ALL,
        lineterminator=job.line_end,
    )
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def answer_sheet(
    job: Job, header: Iterable[str], rows: Sheet, *, headers: dict[str, str] | None = None
) -> ApiAnswer:
    """The answer that carries a sheet."""
    text = write_sheet(job, header, rows)
    return ApiAnswer(text=text, records=len(rows), headers=headers or {})


def read_sheet(job: Job, text: str) -> Sheet:
    """The lines of an uploaded sheet, its header first.

    Raises:
        ValueError: with the vendor's words for a job that fails because of it.
    """
    if job.line_ending == "LF" and "\r\n" in text:
        raise ValueError(
            "ClientInputError : LineEnding is invalid on user data. "
            "Current LineEnding setting is LF"
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=job.delimiter, strict=True)
    try:
        lines = [line for line in reader if line]
    except csv.Error as error:
        raise ValueError(f"InvalidBatch : Failed to parse CSV. {error}") from error
    if not lines:
        raise ValueError("InvalidBatch : Failed to parse CSV header. Found no data")
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(lines[0]):
            raise ValueError(
                f"InvalidBatch : The number of columns in line {number} does not match the header"
            )
    return lines
