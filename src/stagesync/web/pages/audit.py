"""The log of every change: leafed through, one entry at a time, taken along, and verified."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from stagesync.domain.chain import Verdict
from stagesync.engine.audit import verify_store
from stagesync.engine.deployment import Deployment
from stagesync.engine.entries import all_rows, entry_document, page_document
from stagesync.engine.exports import csv_lines, json_lines
from stagesync.engine.find import find
from stagesync.engine.heads import noted_heads
from stagesync.engine.instants import iso
from stagesync.engine.logins import Role
from stagesync.errors import ArgumentError
from stagesync.store.entries import Wanted
from stagesync.web.ask import Ask
from stagesync.web.jobs import Job
from stagesync.web.rooms import act, page
from stagesync.web.words import _

KINDS = {
    "written": _("written"),
    "refused": _("refused by the CRM"),
    "identity": _("who is who"),
    "hold": _("left alone, or released"),
    "edit": _("an edit of somebody answered"),
    "hand": _("done by hand"),
    "closed": _("end of a run"),
    "": _("noted by stagesync"),
}
"""Kind of entry -> what people read."""

BROKEN = (
    _("it was altered"),
    _("it does not follow the entry before"),
    _("the entry after does not follow it"),
)
"""What may be wrong with an entry's place, as `engine.entries` says it."""

FILTERS = ("since", "until", "person", "run", "connection", "actor", "kind")

CHUNK = 64 * 1024
"""Characters of an export that go out at a time."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def entries(ask: Ask) -> Response:
    """Page by page, newest first."""
    told = {name: ask.text(name) for name in FILTERS}
    before, wrong = ask.text("before"), ""
    document: dict[str, Any] = {"entries": [], "next": None, "looked": 0, "full": False}
    try:
        wanted = wanted_of(ask, told)
        with ask.read() as tx:
            person = _person(tx, told["person"])
            start = int(before) if before.isdecimal() and len(before) < 16 else None
            document = page_document(tx, wanted, person=person, before=start)
    except ArgumentError as error:
        wrong = str(error)
    return ask.page(
        "audit.html",
        status=422 if wrong else 200,
        **document,
        told=told,
        asked={name: value for name, value in told.items() if value},
        wrong=wrong,
        kinds=KINDS,
        first=not before,
        connections=sorted(ask.deployment.connections),
    )


def entry(ask: Ask) -> Response:
    """One entry with its place in the chain."""
    told = ask.path["seq"]
    seq = int(told) if told.isdecimal() and len(told) < 16 else 0
    with ask.read() as tx:
        document = entry_document(tx, seq)
    if document is None:
        return ask.missing(ask.say("The log has no entry of that number."))
    return ask.page("entry.html", **document, kinds=KINDS)


def export(ask: Ask) -> Response:
    """What the filters find, as JSON Lines or CSV, oldest first, in a file named for the reader."""
    told = {name: ask.text(name) for name in FILTERS}
    wanted = wanted_of(ask, told)
    with ask.read() as tx:
        person = _person(tx, told["person"])
    rows = all_rows(ask.deployment.store, wanted, person=person)
    as_csv = ask.text("format") == "csv"
    day = datetime.fromtimestamp(ask.now_s, ZoneInfo(ask.zone)).strftime("%Y-%m-%d")
    stem = ask.say("stagesync-log")
    name = f"{stem}-{day}.{'csv' if as_csv else 'jsonl'}"
    lines = csv_lines(rows) if as_csv else json_lines(rows)
    kind = "text/csv; charset=utf-8" if as_csv else "application/x-ndjson"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_chunks(lines), media_type=kind, headers=headers)


def verify(ask: Ask) -> Response:
    """Checks the chain in the background."""
    deployment = ask.deployment
    job = ask.jobs.start(
        "verify",
        lambda job: verdict_of(deployment, job),
        by=ask.actor,
        title=ask.say("Check of the log"),
        shown="_verdict.html",
    )
    return ask.go(f"/jobs/{job.id}")


def verdict_of(deployment: Deployment, job: Job) -> Verdict:
    """Whether the log holds, as it is now, against the heads that were noted before."""
    heads = [*noted_heads(deployment.log_rules)]
    with deployment.store.read() as tx:
        return verify_store(tx, heads=heads, progress=job)


def wanted_of(ask: Ask, told: Mapping[str, str]) -> Wanted:
    """What the form asks for; days are those of the reader's zone.

    Raises:
        ArgumentError: an instant cannot be read, or nobody knows such a kind.
    """
    if told["kind"] not in KINDS:
        raise ArgumentError(ask.say("There is no such kind of entry."))
    return Wanted(
        since=_instant(ask, told["since"]),
        until=_instant(ask, told["until"], is_end=True),
        **{name: told[name] for name in ("run", "connection", "actor", "kind")},
    )


def _instant(ask: Ask, told: str, *, is_end: bool = False) -> str:
    if not told:
        return ""
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        raise ArgumentError(
            ask.say("“{told}” is no date: write 2026-10-31, or 2026-10-31T12:00:00Z.", told=told)
        ) from None
    if _DAY.fullmatch(told) and is_end:
        found += timedelta(days=1) - timedelta(seconds=1)
    local = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(ask.zone))
    return iso(local.astimezone(UTC).timestamp())


def _person(tx: Connection, who: str) -> str:
    return find(tx, who)[1] if who else ""


def _chunks(lines: Iterable[str]) -> Iterator[bytes]:
    """As few pieces as go out well: each costs a turn of the server."""
    part: list[str] = []
    size = 0
    for line in lines:
        part.append(line)
        size += len(line)
        if size >= CHUNK:
            yield "".join(part).encode()
            part, size = [], 0
    yield "".join(part).encode()


ROOMS = (
    page("/audit", entries),
    page("/audit/export", export),
    act("/audit/verify", verify, role=Role.VIEWER),
    page("/audit/{seq}", entry),
)
