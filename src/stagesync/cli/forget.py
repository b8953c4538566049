"""`stagesync forget`: erases a person's data here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import print_json
from stagesync.cli.online import opened
from stagesync.errors import ArgumentError

if TYPE_CHECKING:
    from stagesync.app import Opened
    from stagesync.engine.forget import Forgotten


@click.command(short_help="Erase a person's data here.")
@click.argument("who", metavar="[WHO]", required=False, default="")
@click.option("--yes", is_flag=True, help="Erase; without it only what would be erased is shown.")
@click.option("--undo", is_flag=True, help="Take the record CONNECTION/OBJECT/ID in again.")
@click.option("--list", "as_list", is_flag=True, help="Print the digests of all, as JSON Lines.")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Erase again whom such a list names, after a backup was put back.",
)
@shared_options(json="One JSON document.")
def forget(
    *,
    who: str,
    yes: bool,
    undo: bool,
    as_list: bool,
    source: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Erases what is known here of a person: WHO is an e-mail, a CRM record id or a person id.

    No CRM is touched. Their records there are not taken in again: keyed digests of the ids see to that.

    \b
    Example:
      stagesync forget ann@firm.example --yes
    """
    if sum((bool(who), as_list, source is not None)) != 1:
        raise ArgumentError("name one person, or give --list or --from")
    with opened(config) as found:
        if as_list:
            _print_list(found)
        elif source:
            _show(_again(found, source), as_json=as_json)
        elif undo:
            _take_in(found, who, as_json=as_json)
        else:
            _forget(found, who, yes=yes, as_json=as_json)


def _forget(found: Opened, who: str, *, yes: bool, as_json: bool) -> None:
    from stagesync.app import actor
    from stagesync.engine.forget import forget as erase
    from stagesync.engine.forget import preview

    if yes:
        told = erase(found.deployment, who, by=actor(), now_s=found.clock.now_s())
    else:
        told = preview(found.deployment, who, now_s=found.clock.now_s())
    _show(told, as_json=as_json, is_done=yes)


def _again(found: Opened, source: Path) -> Forgotten:
    import orjson

    from stagesync.app import actor
    from stagesync.engine.forgotten import forget_again

    try:
        lines = [orjson.loads(line) for line in source.read_bytes().splitlines() if line.strip()]
    except orjson.JSONDecodeError:
        raise ArgumentError(f"{source} is not JSON Lines") from None
    return forget_again(found.deployment, lines, by=actor(), now_s=found.clock.now_s())


def _take_in(found: Opened, record: str, *, as_json: bool) -> None:
    from stagesync.app import actor
    from stagesync.engine.forgotten import readmit

    done = readmit(found.deployment, record, by=actor(), now_s=found.clock.now_s())
    if as_json:
        print_json({"readmitted": done})
    else:
        click.echo("the next run takes it in again" if done else "it was not forgotten")


def _print_list(found: Opened) -> None:
    import orjson

    from stagesync.engine.forgotten import listed

    for line in listed(found.deployment):
        click.echo(orjson.dumps(line))


def _show(told: Forgotten, *, as_json: bool, is_done: bool = True) -> None:
    document: Mapping[str, Any] = {
        "done": is_done,
        "people": list(told.people),
        "records": told.records,
        "rows": told.rows,
        "entries": told.entries,
    }
    if as_json:
        print_json(document)
        return
    word = "erased" if is_done else "would be erased"
    records = ", ".join(f"{count} of {name}" for name, count in sorted(told.records.items()))
    click.echo(f"{', '.join(told.people) or 'nobody placed'}: {word}")
    click.echo(f"records: {records or 'none'}")
    click.echo(f"rows of the store: {sum(told.rows.values())}; entries of the log: {told.entries}")
    if not is_done:
        click.echo("hint: stagesync forget WHO --yes erases them; no CRM is touched")
    elif told.records:
        click.echo("hint: delete the records in the CRMs too, where they are to go")
