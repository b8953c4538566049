"""The log of every change: `audit` prints it, `audit verify` checks it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import instant_of, print_json
from stagesync.cli.online import connection_named, opened
from stagesync.errors import ArgumentError

if TYPE_CHECKING:
    from stagesync.domain.chain import Head, Verdict
    from stagesync.engine.heads import Check
    from stagesync.store.log import Row

BROKEN = 1


@click.group(invoke_without_command=True, short_help="The log of every change.")
@click.option("--since", metavar="INSTANT", default="", help="From this instant on.")
@click.option("--until", metavar="INSTANT", default="", help="Up to this instant.")
@click.option("--person", metavar="WHO", default="", help="E-mail, record id or person id.")
@click.option("--run", "run_id", metavar="RUN", default="", help="One run.")
@click.option("--connection", default="", help="One connection.")
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="json")
@shared_options(json="JSON Lines, whatever --format says.")
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
    as_json: bool,
) -> None:
    """Prints the log as JSON Lines or CSV, oldest first.

    \b
    Example:
      stagesync audit --since 2026-10-01T00:00:00Z --connection hubspot
    """
    ctx.obj = config
    if ctx.invoked_subcommand:
        return
    from stagesync.engine.exports import csv_lines, json_lines
    from stagesync.engine.find import find_in_log
    from stagesync.engine.whose import log_of
    from stagesync.store import log

    with opened(config) as found, found.deployment.store.begin() as tx:
        subject = find_in_log(tx, person) if person else ""
        # A connection that was taken out of the settings still has its entries.
        if connection and not any(log.rows(tx, connection=connection)):
            connection_named(found, connection)
        first, last = _instant("--since", since), _instant("--until", until)
        if subject:
            entries: Iterable[Row] = (
                each
                for each in log_of(tx, subject)
                if first <= each.at <= (last or each.at)
                and run_id in ("", each.run)
                and connection in ("", each.connection)
            )
        else:
            entries = log.rows(tx, since=first, until=last, run=run_id, connection=connection)
        as_csv = form == "csv" and not as_json
        # Not by click.echo, which flushes every line: a log has millions.
        sys.stdout.writelines(csv_lines(entries) if as_csv else json_lines(entries))


@audit.command(short_help="Check the chain of hashes.")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
)
@click.option("--run", "run_id", metavar="RUN", default="", help="Only the entries of this run.")
@click.option(
    "--published",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file in which heads were noted.  [default: audit.publish_to, for the store's log]",
)
@click.option(
    "--public-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Every noted head must be signed by it: Ed25519, PEM.",
)
@shared_options(json="One JSON document.")
@click.pass_context
def verify(
    ctx: click.Context,
    *,
    file: Path | None,
    run_id: str,
    published: Path | None,
    public_key: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Checks the log of the store, or an export of it as JSON Lines, and names the first broken entry.

    \b
    Example:
      stagesync audit verify export.jsonl
    """
    if run_id and published:
        raise ArgumentError("--run and --published do not go together: a head is of the whole log")
    if public_key and not published:
        raise ArgumentError("--public-key needs --published, the file that was signed")
    heads = _heads(published, _check_of(public_key))
    if file is not None:
        verdict = _verify_file(file, run_id, heads)
    else:
        verdict = _verify_store(config or ctx.obj, run_id, heads if published else None)
    if run_id and not verdict.entries:
        raise ArgumentError(f"the log has no entry of run `{run_id}`")
    _show(verdict, as_json=as_json)
    ctx.exit(0 if verdict.broken is None else BROKEN)


def _verify_file(file: Path, run: str, heads: Iterable[Head]) -> Verdict:
    from stagesync.domain.chain import read_lines, verify

    with file.open("rb") as lines:
        return verify(read_lines(lines), run=run, heads=heads)


def _verify_store(config: Path | None, run: str, heads: Iterable[Head] | None) -> Verdict:
    from stagesync.engine.audit import verify_store
    from stagesync.engine.heads import noted_heads

    with opened(config) as found, found.deployment.store.begin() as tx:
        if heads is None:
            heads = noted_heads(found.deployment.log_rules) if not run else ()
        return verify_store(tx, run=run, heads=heads)


def _heads(file: Path | None, check: Check | None) -> Iterator[Head]:
    from stagesync.engine.heads import read_heads

    return read_heads(file, check) if file else iter(())


def _check_of(file: Path | None) -> Check | None:
    from stagesync.engine.heads import checking

    if file is None:
        return None
    try:
        return checking(file.read_bytes())
    except ValueError:
        raise ArgumentError(f"{file} is no public Ed25519 key in PEM") from None


def _show(verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "ok": verdict.broken is None,
                "entries": verdict.entries,
                "head": verdict.head,
                "broken": verdict.broken,
                "why": verdict.why,
                "open": list(verdict.open),
                "blanked": verdict.blanked,
                "published": verdict.heads,
            }
        )
        return
    if verdict.broken is not None:
        click.echo(f"broken: entry {verdict.broken} {verdict.why}")
        return
    click.echo(f"ok: {verdict.entries} entries, head {verdict.head}")
    if verdict.heads:
        click.echo(f"{verdict.heads} noted heads stand in it")
    if verdict.blanked:
        click.echo(f"{verdict.blanked} entries were blanked, and the log says so")
    for run in verdict.open:
        click.echo(f"run {run} is not closed: it is under way, or broke off")


def _instant(option: str, text: str) -> str:
    """The instant as the log writes it; empty for an empty text."""
    from stagesync.engine.instants import iso

    return iso(instant_of(option, text)) if text else ""
