"""A bench whose definitions stand in files of its own, which somebody may change."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from stagesync.engine.definition_files import DefinitionFiles, deployment_with
from stagesync.engine.live import Live
from stagesync.engine.outcome import Outcome
from stagesync.engine.run import run_once
from stagesync.loading.definitions import shipped_mappings

from .bench import HERE, Bench

STANDARD = "vocabularies/standard.yaml"
FEWER_LEADS = ("when: {interest: request}}", "when: {interest: request, fit: inside}}")
"""In the standard vocabulary: a request makes a lead only of somebody inside the target."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A bench and its files."""

    bench: Bench
    folder: Path
    live: Live

    def edit(self, name: str, old: str, new: str) -> None:
        """Somebody changes a file."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old} is not in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self) -> Outcome:
        """One run of the daemon: under the definitions as they stand."""
        self.bench.clock.advance(seconds=120)
        self.bench.deployment = self.live.take_over()
        return run_once(self.bench.deployment)


def deployed(bench: Bench, folder: Path) -> Deployed:
    """The bench with the shipped definitions, and its mappings, in this folder."""
    shutil.copytree(shipped_mappings(), folder)
    for name in bench.crms:
        shutil.copy(HERE / f"{name}.yaml", folder)
    (settings := folder.parent / "stagesync.yaml").write_text("connections: {}\n")
    files = DefinitionFiles(
        folder, {name: folder / f"{name}.yaml" for name in bench.crms}, settings=settings
    )
    live = Live(deployment_with(bench.deployment, files), lambda: files)
    bench.deployment = live.current()
    return Deployed(bench, folder, live)
