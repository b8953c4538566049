"""What the commands that work on a deployment share: opening it, and showing that long work moves."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from stagesync.errors import ArgumentError

if TYPE_CHECKING:
    from rich.progress import TaskID

    from stagesync.app import Opened
    from stagesync.engine.deployment import Connected
    from stagesync.engine.messages import Speech


@contextmanager
def opened(config: Path | None, *, logs: bool = False) -> Iterator[Opened]:
    """The deployment of this folder, or of the file that was named.

    Args:
        logs: print the whole log also on a terminal, as the daemon does.
    """
    from stagesync.app import find_config, open_deployment

    quiet = sys.stderr.isatty() and not logs
    with open_deployment(find_config(config), quiet=quiet) as found:
        if not found.deployment.connections:
            raise ArgumentError(
                "no connection is configured",
                hint="add one under `connections:` in stagesync.yaml",
            )
        yield found


@dataclass(frozen=True, slots=True)
class Listening:
    """The daemon's web server.

    Attributes:
        url: where it listens.
        called: set when a CRM named something.
    """

    url: str
    called: threading.Event


@contextmanager
def listening(found: Opened) -> Iterator[Listening | None]:
    """The web server while the block lasts; None where the settings ask for none.

    Raises:
        ArgumentError: it cannot listen where it should.
    """
    if found.settings.web is None:
        yield None
        return
    from stagesync.web.server import serve

    called = threading.Event()
    token = found.metrics_token()
    with serve(found.settings.web, found.live, call=called.set, metrics_token=token) as url:
        yield Listening(url, called)


def speech(found: Opened) -> Speech:
    """How alerts are told: in the deployment's language, with the address of the page that shows them."""
    from stagesync.engine.messages import Speech
    from stagesync.web.words import LANGUAGES, tell

    web = found.settings.web
    link = f"{web.public_url}/alerts" if web and web.console and web.public_url else ""
    (language,) = (each for each in LANGUAGES if each == found.settings.language)
    return Speech(lambda sentence: tell(language, sentence), link)


def connection_named(found: Opened, name: str) -> Connected:
    """One configured connection.

    Raises:
        ArgumentError: there is none of that name; lists the known ones.
    """
    connections = found.deployment.connections
    if name not in connections:
        raise ArgumentError(f"no connection `{name}`; known: {', '.join(connections)}")
    return connections[name]


class ProgressBars:
    """One bar per phase on a terminal, one line per phase elsewhere; always on stderr."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeElapsedColumn as Elapsed

        self._draws = sys.stderr.isatty()
        self._bars = Progress(
            TextColumn("{task.description:<18}"),
            BarColumn(),
            MofNCompleteColumn(),
            Elapsed(),
            console=Console(stderr=True),
            disable=not self._draws,
        )
        self._task: TaskID | None = None
        self._name = ""
        self._done = 0
        # Connections are pulled side by side.
        self._counting = threading.Lock()

    def __enter__(self) -> Self:
        """Starts drawing."""
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leaves the bars as they are."""
        self._end_phase()
        self._bars.stop()

    def phase(self, name: str, total: int | None = None) -> None:
        """Begin a bar."""
        self._end_phase()
        self._name, self._done = name, 0
        self._task = self._bars.add_task(name, total=total)

    def advance(self, count: int) -> None:
        """Move it on."""
        with self._counting:
            self._done += count
        if self._task is not None:
            self._bars.advance(self._task, count)

    def _end_phase(self) -> None:
        if self._task is None:
            return
        if not self._done:
            # A phase that had nothing to do is no news.
            self._bars.update(self._task, visible=False)
        else:
            self._bars.update(self._task, total=self._done, completed=self._done)
            if not self._draws:
                click.echo(f"{self._name}: {self._done}", err=True)
        self._task = None
