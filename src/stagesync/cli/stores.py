"""The store as a whole: `backup`, `restore`, `store copy`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import print_json
from stagesync.cli.online import ProgressBars

if TYPE_CHECKING:
    from stagesync.store.backups import Backup
    from stagesync.store.content import Told


@click.command(short_help="Write the store to one file.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE.")
@shared_options(json="One JSON document.")
def backup(*, file: Path, force: bool, config: Path | None, as_json: bool) -> None:
    """Writes the store as it stands now to FILE, and checks it; the daemon may go on.

    \b
    Example:
      stagesync backup /var/backups/stagesync-2026-11-22.backup
    """
    from stagesync.app import now_s
    from stagesync.store.backups import back_up

    url, _ = _store(config)
    with _progress("copy", url) as told:
        made = back_up(url, file, now_s=now_s(), force=force, told=told)
    if as_json:
        print_json({"file": str(file), **_document(made)})
        return
    click.echo(f"wrote {file}: {made.rows} rows of {len(made.tables)} tables, checked")


@click.command(short_help="Put a backup in the store's place.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Put aside a store that holds something.")
@shared_options(json="One JSON document.")
def restore(*, file: Path, force: bool, config: Path | None, as_json: bool) -> None:
    """Checks FILE, brings it forward to this version, and puts it where `store.url` points.

    The CRMs are newer than the backup: what the next run plans is held and shown first.

    \b
    Example:
      stagesync restore /var/backups/stagesync-2026-11-22.backup --force
    """
    from stagesync import app
    from stagesync.engine.recovered import note_restore
    from stagesync.store.restoring import kept_aside
    from stagesync.store.restoring import restore as put_back

    url, folder = _store(config)
    now_s, by = app.now_s(), app.actor()
    with _progress("copy", url) as told:
        found = put_back(
            file,
            url,
            aside=kept_aside(url, folder, at_s=now_s),
            now_s=now_s,
            force=force,
            finish=lambda tx, made: note_restore(tx, taken_at=made.taken_at, by=by, now_s=now_s),
            told=told,
        )
    if as_json:
        aside = str(found.aside) if found.aside else None
        print_json({"file": str(file), "aside": aside, **_document(found.backup)})
        return
    click.echo(f"restored {found.backup.rows} rows, as they stood at {found.backup.taken_at}")
    if found.aside:
        click.echo(f"the store that stood there is kept in {found.aside}")
    click.echo("hint: stagesync plan shows what the next run would write; it is held")


@click.group(short_help="The store as a whole.")
def store() -> None:
    """Works on the store as a whole."""


@store.command(short_help="Copy a store to an empty database.")
@click.argument("from_url", metavar="FROM")
@click.argument("to_url", metavar="TO")
@shared_options(json="One JSON document.")
def copy(*, from_url: str, to_url: str, config: Path | None, as_json: bool) -> None:  # noqa: ARG001  every command takes --config
    """Copies the store at the URL FROM to the empty database at the URL TO, and compares them.

    Stop the daemon first: what it writes to FROM afterwards is not in TO.

    \b
    Example:
      stagesync store copy sqlite:///stagesync.db postgresql+psycopg:///stagesync
    """
    from stagesync.app import store_url
    from stagesync.store.moving import copy_store

    here = Path.cwd()
    with _progress("copy", from_url, to_url) as told:
        found = copy_store(store_url(from_url, here), store_url(to_url, here), told)
    if as_json:
        print_json({"tables": {name: each.rows for name, each in found.items()}})
        return
    rows = sum(each.rows for each in found.values())
    click.echo(f"copied {rows} rows of {len(found)} tables; both stores hold the same")


def _store(config: Path | None) -> tuple[str, Path]:
    """The store's URL, and the folder of the settings."""
    from stagesync.app import find_config, store_url
    from stagesync.engine.events import configure_logging
    from stagesync.settings import load_settings

    path = find_config(config)
    settings = load_settings(path)
    configure_logging(settings.log, quiet=True)
    return store_url(settings.store.url, path.parent), path.parent


@contextmanager
def _progress(phase: str, *urls: str) -> Iterator[Told]:
    """Progress bars; the passwords in these addresses go into no message."""
    from stagesync.engine.events import password_in

    # An error that leaves the block still holds this frame, and so them, until it is told.
    _hidden = [each for url in urls for each in password_in(url)]
    with ProgressBars() as bars:
        bars.phase(phase)
        yield lambda _table, rows: bars.advance(rows)


def _document(made: Backup) -> dict[str, object]:
    tables = {name: each.rows for name, each in made.tables.items()}
    return {"taken_at": made.taken_at, "version": made.version, "tables": tables}
