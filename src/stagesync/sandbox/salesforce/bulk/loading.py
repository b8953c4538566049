"""Carries out an ingest job: row by row, each on its own, in an order that nobody promised.

An empty cell leaves its field alone, ``#N/A`` empties it. A header that names an unknown field fails
the whole job; whatever else is wrong fails one row.
"""

from stagesync.sandbox.salesforce.bulk.jobs import Job
from stagesync.sandbox.salesforce.bulk.sheets import read_sheet
from stagesync.sandbox.salesforce.checks import duplicate_value
from stagesync.sandbox.salesforce.errors import ApiError, RowRefusedError
from stagesync.sandbox.salesforce.incoming import read_values
from stagesync.sandbox.salesforce.locks import make_lock
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.records import find_external
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import ObjectDef
from stagesync.sandbox.salesforce.writing import (
    WriteOptions,
    checked_id,
    create_row,
    delete_row,
    update_row,
)

NOTHING = "#N/A"
MOST_CHARACTERS = 400_000
MOST_COLUMNS = 5_000
CHUNK = 200


def run_ingest(org: Org, job: Job) -> None:
    """Writes the rows of a job and leaves the results in it."""
    try:
        job.header, *rows = read_sheet(job, job.upload or "")
        _check_header(org, job)
    except ValueError as error:
        job.error = str(error)
        job.undone = [] if not job.header else rows
        return
    org.random.shuffle(rows)
    late = int(len(rows) * org.switches.bulk_unprocessed_share)
    job.undone = rows[len(rows) - late :]
    done = rows[: len(rows) - late]
    for start in range(0, len(done), CHUNK):
        _write_chunk(org, job, done[start : start + CHUNK])
    if job.undone:
        job.error = "TooManyErrors : Retried more than fifteen times"


def _check_header(org: Org, job: Job) -> None:
    known = org.readable(org.objects[job.object])
    if len(job.header) > MOST_COLUMNS:
        raise ValueError(f"InvalidBatch : More than {MOST_COLUMNS} fields in a record")
    for name in job.header:
        if name.lower() not in known:
            raise ValueError(f"InvalidBatch : Field name not found : {name}")


def _write_chunk(org: Org, job: Job, rows: list[list[str]]) -> None:
    options = WriteOptions(
        job.created_by, auto_assign=bool(job.assignment_rule), lock=make_lock(org)
    )
    seen: set[str] = set()
    for row in rows:
        cells = dict(zip(job.header, row, strict=True))
        try:
            record_id, created = _write(org, job, cells, options=options, seen=seen)
        except RowRefusedError as error:
            job.failed.append([_given_id(cells), _worded(error), *row])
        except ApiError as error:
            code = "INVALID_TYPE_ON_FIELD_IN_RECORD"
            job.failed.append([_given_id(cells), f"{code}:{error.problems[0].message}:--", *row])
        else:
            job.succeeded.append([record_id, "true" if created else "false", *row])


def _write(
    org: Org, job: Job, cells: dict[str, str], *, options: WriteOptions, seen: set[str]
) -> tuple[str, bool]:
    definition = org.objects[job.object]
    if sum(map(len, cells.values())) > MOST_CHARACTERS:
        message = f"A record must not have more than {MOST_CHARACTERS} characters"
        raise RowRefusedError("STRING_TOO_LONG", message)
    if job.operation == "insert":
        values = _values(org, definition, cells)
        return create_row(org, definition, values, options=options)["Id"], True
    if job.operation == "upsert":
        return _upsert(org, job, cells, options=options)
    record_id = _row_id(definition, cells, seen=seen)
    if job.operation == "update":
        values = _values(org, definition, cells)
        update_row(org, definition, record_id, values=values, options=options)
        return record_id, False
    delete_row(org, definition, record_id, user_id=options.user_id)
    if job.operation == "hardDelete":
        org.table(definition.name).remove(record_id)
    return record_id, False


def _upsert(
    org: Org, job: Job, cells: dict[str, str], *, options: WriteOptions
) -> tuple[str, bool]:
    definition = org.objects[job.object]
    key = next((v for n, v in cells.items() if n.lower() == job.external_id.lower()), "")
    if not key and job.external_id != "Id":
        raise RowRefusedError("MISSING_ARGUMENT", f"{job.external_id} not specified")
    values = _values(org, definition, cells)
    found = find_external(org, definition, field=job.external_id, value=key) if key else []
    if len(found) > 1:
        message = f"{job.external_id}: more than one record found for external id field"
        raise RowRefusedError("DUPLICATE_EXTERNAL_ID", message)
    if not found:
        return create_row(org, definition, values, options=options)["Id"], True
    update_row(org, definition, found[0]["Id"], values=values, options=options)
    return found[0]["Id"], False


def _row_id(definition: ObjectDef, cells: dict[str, str], *, seen: set[str]) -> str:
    given = _given_id(cells)
    if not given:
        raise RowRefusedError("MISSING_ARGUMENT", "Id not specified in an update call")
    record_id = checked_id(definition, given)
    if record_id in seen:
        raise duplicate_value("Id", record_id)
    seen.add(record_id)
    return record_id


def _given_id(cells: dict[str, str]) -> str:
    return next((value for name, value in cells.items() if name.lower() == "id"), "")


def _values(org: Org, definition: ObjectDef, cells: dict[str, str]) -> Row:
    given = {
        name: None if value == NOTHING else value
        for name, value in cells.items()
        if value != "" and name.lower() != "id"
    }
    return read_values(definition, given, fields=org.readable(definition))


def _worded(error: RowRefusedError) -> str:
    """``CODE:message:fields --``, the fields joined by commas."""
    problem = error.problem
    return f"{problem.code}:{problem.message}:{','.join(problem.fields)} --"
