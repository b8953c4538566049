"""The commands that only look: `status`, `audit`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import instant_of, print_json, print_rows
from stagesync.cli.online import connection_named, opened
from stagesync.cli.summary import on_ladder
from stagesync.errors import ArgumentError

BROKEN = 1
COUNTED = "records counted"
QUOTA = ("used_by_us", "used_by_others", "limit", "budget")


@click.command(short_help="Connections, lag, backlog, held plans, last runs.")
@shared_options(json="One JSON document.")
def status(*, config: Path | None, as_json: bool) -> None:
    """Says how the deployment stands, from its store; asks no CRM.

    \b
    Example:
      stagesync status
    """
    from stagesync.engine.status import status as look

    with opened(config) as found:
        now_s = found.clock.now_s()
        document = look(found.deployment, now_s=now_s)
        ladder = on_ladder(found.deployment.vocabularies[found.deployment.main_vocabulary])
    if as_json:
        print_json(document)
        return
    _show_connections(document["connections"])
    rows = _slow_work(document["connections"], now_s)
    print_rows("slow work", ("connection", "what", "last", "next", "how it stands"), rows)
    stages = [
        (each.id, str(document["stages"][each.id]))
        for each in ladder
        if each.id in document["stages"]
    ]
    print_rows("people", ("stage", "people"), stages)
    left = [
        (name, reason, str(count))
        for name, reasons in document["differences"].items()
        for reason, count in reasons.items()
    ]
    print_rows("left as they are", ("connection", "why", "fields"), left)
    click.echo(
        f"{document['people']} people, {document['accounts']} accounts,"
        f" backlog {document['backlog']}, waiting {document['waiting']}"
    )
    _show_what_waits(document)


def _show_connections(connections: list[dict[str, Any]]) -> None:
    """How each stands, and what is used of its vendor's day."""
    rows = [
        (
            each["connection"],
            each["mode"],
            f"{each['lag_s']:.0f} s ago" if each["lag_s"] is not None else "not complete",
            each["trouble"] or "well",
        )
        for each in connections
    ]
    print_rows("connections", ("connection", "mode", "pulled", "state"), rows)
    allowances = [
        (each["connection"], *(_told(each["quota"][key]) for key in QUOTA))
        for each in connections
        if each["quota"]
    ]
    print_rows(
        "calls of the vendor's day", ("connection", "ours", "others", "limit", "budget"), allowances
    )


def _slow_work(connections: list[dict[str, Any]], now_s: float) -> list[tuple[str, ...]]:
    """A line per connection and kind of work: the oldest of its objects, and the first to be due."""
    rows: list[tuple[str, ...]] = []
    for each in connections:
        for what in dict.fromkeys(one["what"] for one in each["rounds"]):
            found = [one for one in each["rounds"] if one["what"] == what]
            done = [one["done_at"] for one in found]
            due = [one["due_at"] for one in found if one["due_at"] is not None]
            under_way = [one["object"] for one in found if one["under_way"]]
            how = f"under way: {', '.join(under_way)}" if under_way else ""
            if what == COUNTED:
                how = _differing(each["counts"])
            last = "never" if None in done else f"{_span(now_s - _seconds(min(done)))} ago"
            ahead_s = _seconds(min(due)) - now_s if due else 0.0
            following = "off" if not due else f"in {_span(ahead_s)}" if ahead_s > 0 else "now"
            rows.append((each["connection"], what, last, following, how))
    return rows


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


def _span(seconds: float) -> str:
    """About how long, in the largest unit that leaves two of it."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def _differing(counts: Mapping[str, Any]) -> str:
    """How the last count came out."""
    off = [
        f"{name}: {one['crm']} there, {one['here']} here"
        for name, one in counts.items()
        if one["differs_since"] is not None
    ]
    return ", ".join(off) or "they agree"


def _show_what_waits(document: dict[str, Any]) -> None:
    """What asks for a person, each with the command that answers it."""
    from stagesync.engine.first_load import how_far

    for each in document["connections"]:
        if each["trouble"]:
            click.echo(f"hint: {each['connection']}: {each['hint']}")
        if each["out_of_scope"]:
            click.echo(
                f"{each['connection']}: {each['out_of_scope']} records are out of scope: read, never written"
            )
        is_told = any(one["key"].startswith("first_load:") for one in each["alerts"])
        if each["unread"] and not is_told:
            click.echo(f"{each['connection']}: {how_far(each['unread'])}")
        for one in each["alerts"]:
            click.echo(f"alert: {each['connection']}: {one['what']}, since {one['raised_at']}")
            click.echo(f"hint: {one['fix']}")
    for each in document["held"]:
        click.echo(f"held: {each['plan']} with {each['entries']} values")
        for why in sorted({group["why"] for group in each["groups"]}):
            click.echo(f"  because {why}")
        click.echo(
            f"hint: stagesync plan shows it, stagesync approve {each['plan']} lets it through"
        )
    for each in document["approved"]:
        click.echo(
            f"approved: {each['plan']} by {each['by']} until {each['until']}: {each['waiting']} values wait,"
            f" {each['free']} more may move alike"
        )
    for each in document["parked"]:
        click.echo(
            f"refused: {each['connection']} {each['object']}/{each['id']} {each['field']}: {each['words']}"
        )
    if document["parked"]:
        click.echo("hint: put it right in the CRM, then stagesync retry")
    if document["holds"]:
        told = ", ".join(f"{count} by {kind}" for kind, count in document["holds"].items())
        click.echo(
            f"left alone for a while: {told}; stagesync explain WHO tells, stagesync release WHO ends it"
        )
    for each in document["joins"]:
        both = " and ".join(
            f"{who} ({stage})" for who, stage in zip(each["people"], each["stages"], strict=True)
        )
        click.echo(f"join: {both} look like one person")
        click.echo(
            f"hint: stagesync approve {each['join']} makes them one, stagesync drop {each['join']}"
            " keeps them apart"
        )


@click.group(invoke_without_command=True, short_help="The log of every change.")
@click.option("--since", metavar="INSTANT", default="", help="From this instant on.")
@click.option("--until", metavar="INSTANT", default="", help="Up to this instant.")
@click.option("--person", metavar="WHO", default="", help="E-mail, record id or person id.")
@click.option("--run", "run_id", metavar="RUN", default="", help="One run.")
@click.option("--connection", default="", help="One connection.")
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="json")
@shared_options()
@click.pass_context
def audit(
    ctx: click.Context,
    *,
    since: str,
    until: str,
    person: str,
    run_id: str,
    connection: str,
    form: str,
    config: Path | None,
) -> None:
    """Prints the log as JSON Lines or CSV, oldest first.

    \b
    Example:
      stagesync audit --since 2026-10-01T00:00:00Z --connection hubspot
    """
    ctx.obj = config
    if ctx.invoked_subcommand:
        return
    from stagesync.engine.find import find
    from stagesync.store import log

    with opened(config) as found, found.deployment.store.begin() as tx:
        subject = find(tx, person)[1] if person else ""
        # A connection that was taken out of the settings still has its entries.
        if connection and not any(log.read(tx, connection=connection)):
            connection_named(found, connection)
        entries = log.read(
            tx,
            since=_instant("--since", since),
            until=_instant("--until", until),
            person=subject,
            run=run_id,
            connection=connection,
        )
        (_print_csv if form == "csv" else _print_lines)(entries)


@audit.command(short_help="Check the chain of hashes.")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
)
@shared_options(json="One JSON document.")
@click.pass_context
def verify(ctx: click.Context, *, file: Path | None, config: Path | None, as_json: bool) -> None:
    """Checks the log of the store, or an export of it as JSON Lines, and names the first broken entry.

    \b
    Example:
      stagesync audit verify export.jsonl
    """
    from stagesync.engine.audit import verify as check

    if file is not None:
        with file.open("rb") as lines:
            verdict = check(_entries(lines, file))
    else:
        from stagesync.store import log

        with opened(config or ctx.obj) as found, found.deployment.store.begin() as tx:
            verdict = check(log.read(tx))
    document = {"ok": verdict.broken is None, "entries": verdict.entries, "head": verdict.head}
    if as_json:
        print_json(document | {"broken": verdict.broken, "why": verdict.why})
    elif verdict.broken is None:
        click.echo(f"ok: {verdict.entries} entries, head {verdict.head}")
    else:
        click.echo(f"broken: entry {verdict.broken} {verdict.why}")
    ctx.exit(0 if verdict.broken is None else BROKEN)


def _told(value: int | None) -> str:
    return "not told" if value is None else f"{value:,}"


def _instant(option: str, text: str) -> str:
    """The instant as the log writes it; empty for an empty text."""
    from stagesync.engine.instants import iso

    return iso(instant_of(option, text)) if text else ""


def _entries(lines: Iterable[bytes], file: Path) -> Iterator[Mapping[str, Any]]:
    import orjson

    for number, line in enumerate(lines, 1):
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise ArgumentError(f"{file}:{number}: is not JSON") from None
        if not isinstance(entry, dict):
            raise ArgumentError(f"{file}:{number}: is not an audit entry")
        yield entry


def _print_lines(entries: Iterable[Mapping[str, Any]]) -> None:
    import orjson

    for entry in entries:
        click.echo(orjson.dumps(entry))


def _print_csv(entries: Iterable[Mapping[str, Any]]) -> None:
    import orjson

    from stagesync.engine.audit import KEYS

    writer = csv.writer(sys.stdout)
    writer.writerow(KEYS)
    for entry in entries:
        cells = [entry[key] for key in KEYS]
        writer.writerow(
            [_cell(orjson.dumps(c).decode() if isinstance(c, dict | list) else c) for c in cells]
        )


def _cell(value: object) -> object:
    """A text that a spreadsheet would run as a formula is made to stay text."""
    text = str(value)
    return (
        f"'{text}" if isinstance(value, str) and text[:1] in {"=", "+", "-", "@", "\t"} else value
    )
