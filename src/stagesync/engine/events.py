"""How events are written to stderr, and what is kept out of them and of errors."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO, cast
from urllib.parse import unquote

import structlog
from structlog.typing import EventDict

from stagesync.connector import Secret, without_secrets
from stagesync.settings import LogSettings


def configure_logging(told: LogSettings, *, quiet: bool = False) -> None:
    """structlog to stderr: one event per unit of work, as JSON or for people."""
    level = getattr(logging, told.level.upper())
    if quiet:
        level = max(level, logging.WARNING)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if told.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # The stderr of the moment: progress bars stand in for it while they are drawn.
        logger_factory=lambda *_: structlog.PrintLogger(cast(TextIO, _Unfailing(sys.stderr))),
        cache_logger_on_first_use=False,
    )


class _Unfailing:
    """A stream whose lines are lost when they cannot be written: on a full disk the work goes on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def _without_secrets(_: object, __: str, event: EventDict) -> EventDict:
    """Whoever logs the words of others need not think of what they may repeat."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = without_secrets(value)
    return event


def password_in(url: str) -> Sequence[Secret]:
    """The password in a database's address, so that no driver's message shows it."""
    user, _, _ = url.partition("://")[2].rpartition("@")
    written = [user.partition(":")[2], *re.findall(r"[?&]password=([^&]+)", url)]
    return [Secret(each) for each in {*written, *map(unquote, written)} if each]
