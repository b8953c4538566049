"""The deployment in force, which takes over changed definitions while it runs.

Before each run the daemon looks at the files from outside; only where something moved are they read, and only
where their text is another one are they loaded, all of them, as one set. Sound ones are worked with from this
run on; with others the run goes on as before, and an alert names the first problem until it is put right.
What takes a new process, the settings, is watched as well: an alert says so while they are newer than this one.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping

import structlog

from stagesync.domain.said import Said
from stagesync.engine.alerts import HERE, Kind, settle
from stagesync.engine.definition_files import (
    DefinitionFiles,
    Marks,
    deployment_with,
    marks_of,
    read_texts,
)
from stagesync.engine.deployment import Deployment
from stagesync.errors import DefinitionError, Problem

log = structlog.get_logger()

CORRECT = Said(
    "correct it; stagesync check tells everything that is wrong. Runs go on under the definitions before"
)
RESTART = Said("restart the daemon: settings are read at its start alone")

Found = Mapping[str, tuple[str, str]]


class Live:
    """The one deployment of a process, replaced whole. Its threads take `current` once for each piece of work.

    Args:
        find: where the definitions stand now; without it they stay as they are.
    """

    def __init__(
        self, deployment: Deployment, find: Callable[[], DefinitionFiles] | None = None
    ) -> None:
        self._current = deployment
        self._find = find
        self._settings = _digest_of_settings(find()) if find else ""
        self._marks: Marks | None = None
        self._told: dict[Kind, Found] | None = None
        self._stirred = threading.Event()
        self.writing = threading.Lock()
        """Held while the files of one set are written, and while they are looked at."""

    def current(self) -> Deployment:
        """The deployment as it is in force."""
        return self._current

    def stir(self) -> None:
        """Somebody decided something that the daemon should not wait with until its next poll."""
        self._stirred.set()

    def is_stirred(self) -> bool:
        """Whether somebody did since this was asked the last time."""
        found = self._stirred.is_set()
        self._stirred.clear()
        return found

    def files(self) -> DefinitionFiles | None:
        """Where its definitions stand; None where they stay as they are."""
        return self._find() if self._find else None

    def take_over(self) -> Deployment:
        """The deployment for the next run: with the definitions as they stand now, if they are sound.

        Raises:
            StoreError: the store refuses an alert.
        """
        files = self.files()
        if files is None:
            return self._current
        with self.writing:
            found = self._look(files)
        self._tell(found)
        return self._current

    def _look(self, files: DefinitionFiles) -> dict[Kind, Found]:
        marks = marks_of(files)
        wrong = self._told[Kind.DEFINITIONS] if self._told else {}
        if marks != self._marks:
            wrong = self._load(files)
            # Taken before they were read: what changed meanwhile is read whole by the next run.
            self._marks = marks
        return {Kind.DEFINITIONS: wrong, Kind.SETTINGS: self._settings_newer(files)}

    def _load(self, files: DefinitionFiles) -> Found:
        """Work with what stands in the files from now on; what keeps that from being."""
        if read_texts(files) == self._current.texts:
            return {}
        try:
            found = deployment_with(self._current, files)
        except DefinitionError as error:
            return _first_of(error.problems)
        changed = [
            name
            for name in {**self._current.texts, **found.texts}
            if self._current.texts.get(name) != found.texts.get(name)
        ]
        self._current = found
        log.info("definitions taken over", changed=sorted(changed), policy=found.policy.label)
        return {}

    def _settings_newer(self, files: DefinitionFiles) -> Found:
        if files.settings is None or _digest_of_settings(files) == self._settings:
            return {}
        what = Said(
            "{file} was changed since the daemon was started, and is not followed",
            file=str(files.settings),
        )
        return {files.settings.name: (what, RESTART)}

    def _tell(self, found: dict[Kind, Found]) -> None:
        if found == self._told:
            return
        deployment = self._current
        with deployment.store.begin(fenced=False) as tx:
            for kind, wrong in found.items():
                settle(tx, HERE, kind, wrong, now_s=deployment.clock.now_s())
        self._told = found


def _first_of(problems: tuple[Problem, ...]) -> Found:
    what = Said("changed definitions are not taken over: {problem}", problem=str(problems[0]))
    if len(problems) > 1:
        what = Said("{what} (and {count} more)", what=what, count=len(problems) - 1)
    return {"files": (what, CORRECT)}


def _digest_of_settings(files: DefinitionFiles) -> str:
    try:
        return hashlib.sha256(files.settings.read_bytes()).hexdigest() if files.settings else ""
    except OSError:
        return ""
