"""What all commands share: their options, and how an error ends them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from stagesync.errors import CrmError, StagesyncError

F = TypeVar("F", bound=Callable[..., Any])
_VERBOSE = "stagesync.verbose"


class Commands(click.Group):
    """A group whose commands end with the exit code of their error, and with its hint."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; an error becomes a message on stderr."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except StagesyncError as error:
            _show(error, verbose=bool(ctx.meta.get(_VERBOSE)))
            ctx.exit(error.exit_code)
        except Exception as error:  # noqa: BLE001 (the last resort of the command line)
            if ctx.meta.get(_VERBOSE):
                click.echo(_without_secrets(traceback.format_exc()), err=True, nl=False)
            # The text of an unexpected error may quote a record, so only its type is shown.
            click.echo(f"unexpected error: {type(error).__name__}", err=True)
            if not ctx.meta.get(_VERBOSE):
                click.echo("hint: run it again with --verbose to see where", err=True)
            ctx.exit(1)


def shared_options(*, json: str | None = None) -> Callable[[F], F]:
    """Options that every command takes.

    Args:
        json: help of `--json`, for a command that prints data; it receives `as_json`.
    """

    def add(command: F) -> F:
        for option in _options(json):
            command = option(command)
        return command

    return add


def _options(json: str | None) -> Iterator[Callable[[F], F]]:
    yield click.option(
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=_remember_verbose,
        help="Show where an error comes from.",
    )
    if json is not None:
        yield click.option("--json", "as_json", is_flag=True, help=json)
    yield click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="The deployment's stagesync.yaml.  [default: stagesync.yaml here, else $STAGESYNC_CONFIG]",
    )


def _remember_verbose(ctx: click.Context, _: click.Parameter, value: object) -> None:
    ctx.meta[_VERBOSE] = value


def named(connection: str, error: StagesyncError) -> str:
    """The error's words, with the connection's name in front once."""
    words = str(error)
    return (
        words if not connection or words.startswith(f"{connection}: ") else f"{connection}: {words}"
    )


def _show(error: StagesyncError, *, verbose: bool) -> None:
    place = error.connection if isinstance(error, CrmError) else ""
    click.echo(_without_secrets(named(place, error)), err=True)
    cause = error.__cause__
    while cause is not None:
        click.echo(
            f"because: {cause if isinstance(cause, StagesyncError) else type(cause).__name__}",
            err=True,
        )
        cause = cause.__cause__
    if error.hint:
        click.echo(f"hint: {error.hint}", err=True)
    if verbose:
        told = "".join(traceback.format_exception(error))
        click.echo(_without_secrets(told), err=True, nl=False)


def _without_secrets(text: str) -> str:
    """A driver's words may repeat a password; they end here."""
    from stagesync.connector import without_secrets

    return without_secrets(text)
