"""What a proposed set of definitions would do to the whole base, found in a thread beside the daemon.

It reads batch by batch, so that runs and pages have their turn between; one at a time in a process, which keeps
what the last ones found for as long as it lives.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import structlog

from stagesync.engine.backtest import backtest
from stagesync.engine.deployment import Deployment
from stagesync.engine.proposed import Checked
from stagesync.engine.trial import as_trial
from stagesync.errors import ArgumentError, StagesyncError

log = structlog.get_logger()

KEPT = 10
"""Previews that are remembered."""

REST_S = 0.02
"""Between two batches, for whoever else works in this process."""


class State(StrEnum):
    """How a preview stands."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class _Cancelled(Exception):
    """Somebody needs it no more."""


@dataclass(slots=True)
class Preview:
    """One set on trial. Its thread moves it on, others read it.

    Attributes:
        by: who asked for it.
        vocabulary: whose stages are compared.
        done, total: people and accounts looked at, and in all; 0 before they are counted.
        document: what the backtest says; None until it is done.
        what: why it failed.
    """

    id: str
    by: str
    at_s: float
    checked: Checked
    vocabulary: str
    state: State = State.RUNNING
    done: int = 0
    total: int = 0
    document: Mapping[str, Any] | None = None
    what: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)

    def phase(self, name: str, total: int | None = None) -> None:  # noqa: ARG002  as `Progress` has it
        """The work is known."""
        self.total = total or 0

    def advance(self, count: int) -> None:
        """A batch is done.

        Raises:
            _Cancelled: that was the last one.
        """
        self.done += count
        if self._stop.wait(REST_S):
            raise _Cancelled

    def cancel(self) -> None:
        """End it after the batch in hand."""
        self._stop.set()

    def run(self, deployment: Deployment) -> None:
        """Compare the whole base under the definitions in force and those on trial."""
        assert self.checked.deployment is not None
        try:
            trial = as_trial(deployment, self.checked.deployment)
            found = backtest(deployment, trial, vocabulary=self.vocabulary, progress=self)
        except _Cancelled:
            self.state = State.CANCELLED
        except StagesyncError as error:
            self.what, self.state = str(error), State.FAILED
        except Exception:
            self.what, self.state = "see the log of the daemon", State.FAILED
            log.exception("preview failed", preview=self.id)
        else:
            self.document, self.state = found, State.DONE
        log.info("preview ended", preview=self.id, state=str(self.state), looked_at=self.done)


class Previews:
    """The previews of a process."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Preview] = OrderedDict()
        self._turn = threading.Lock()

    def begin(
        self, deployment: Deployment, checked: Checked, *, by: str, vocabulary: str = ""
    ) -> Preview:
        """Look what a sound set would do.

        Raises:
            ArgumentError: another preview is under way, or there is no such vocabulary on both sides.
        """
        assert checked.deployment is not None
        vocabulary = vocabulary or deployment.main_vocabulary
        if not all(vocabulary in each.vocabularies for each in (deployment, checked.deployment)):
            raise ArgumentError(f"no vocabulary `{vocabulary}` before and after")
        with self._turn:
            if running := self.running():
                raise ArgumentError(
                    f"a preview that {running.by} asked for is under way",
                    hint="wait for its end, or cancel it",
                )
            now_s = deployment.clock.now_s()
            made = Preview(f"pv_{secrets.token_hex(4)}", by, now_s, checked, vocabulary)
            self._known[made.id] = made
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        threading.Thread(target=made.run, args=(deployment,), name="preview", daemon=True).start()
        return made

    def running(self) -> Preview | None:
        """The one that is under way."""
        known = list(self._known.values())
        return next((each for each in known if each.state is State.RUNNING), None)

    def get(self, preview: str) -> Preview | None:
        """One of the last ones."""
        return self._known.get(preview)

    def all(self) -> list[Preview]:
        """The last ones, newest first."""
        return list(self._known.values())[::-1]

    def end(self) -> None:
        """Cancel whatever is under way."""
        for each in list(self._known.values()):
            each.cancel()
