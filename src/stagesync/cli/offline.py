"""What the commands that need no deployment share: where definitions are, and how data is printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stagesync.errors import ArgumentError

if TYPE_CHECKING:
    from stagesync.loading.definitions import Definitions

F = TypeVar("F", bound=Callable[..., Any])

mappings_option: Callable[[F], F] = click.option(
    "--mappings",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with policy.yaml and vocabularies/.  [default: beside stagesync.yaml, else the shipped one]",
)


def find_mappings(mappings: Path | None, config: Path | None) -> Path:
    """The folder to read definitions from: named, of the deployment, or shipped."""
    from stagesync.loading.definitions import shipped_mappings

    if mappings is not None:
        return mappings
    settings = config or _default_config()
    beside = settings.parent / "mappings" if settings else None
    if beside is not None and (beside / "policy.yaml").is_file():
        return beside
    return shipped_mappings()


def _default_config() -> Path | None:
    here = Path("stagesync.yaml")
    if here.is_file():
        return here
    named = os.environ.get("STAGESYNC_CONFIG")
    if named and not Path(named).is_file():
        raise ArgumentError(
            f"$STAGESYNC_CONFIG names {named}, which does not exist",
            hint="correct or unset STAGESYNC_CONFIG",
        )
    return Path(named) if named else None


def load(mappings: Path | None, config: Path | None, policy: Path | None = None) -> Definitions:
    """The definitions to work with; those that do not fit another policy are named on stderr."""
    from stagesync.loading.definitions import load_definitions

    definitions = load_definitions(find_mappings(mappings, config), policy)
    for problem in definitions.left_out:
        click.echo(f"left out: {problem}", err=True)
    return definitions


def instant_of(option: str, text: str) -> float:
    """Unix seconds of an option's instant.

    Raises:
        ArgumentError: it is none, or has no zone.
    """
    from stagesync.loading.instants import parse_instant

    try:
        return parse_instant(text)
    except ValueError as error:
        raise ArgumentError(f"{option}: `{text}` {error}") from None


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    import orjson

    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2))


def on_terminal() -> bool:
    """Whether a person reads stdout."""
    return sys.stdout.isatty()


def print_rows(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """A table on a terminal; in a pipe tab-separated lines, headed when the block has a title.

    A titled block without rows is left out: it stands among others and has nothing to say.
    """
    if title and not rows:
        return
    if not on_terminal():
        head = [title, "\t".join(columns)] if title else []
        for line in (*head, *("\t".join(row) for row in rows), *([""] if title else [])):
            click.echo(line)
        return
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        header_style="dim",
    )
    for number, column in enumerate(columns):
        cells = {row[number] for row in rows}
        table.add_column(column, justify="right" if all(map(_is_number, cells)) else "left")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    Console().print(table)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
