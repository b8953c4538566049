"""The two CRMs in memory, with another reading of north's fields."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from stagesync.loading.mapping import load_mapping

from .bench import DEFINITIONS, HERE, Bench


def remap(bench: Bench, folder: Path, *edits: tuple[str, str]) -> None:
    """From now on north is read with these texts of its mapping replaced."""
    words = (HERE / "north.yaml").read_text(encoding="utf-8")
    for old, new in edits:
        assert old in words
        words = words.replace(old, new)
    path = folder / "north.yaml"
    path.write_text(words, encoding="utf-8")
    mapping = load_mapping(path, vocabularies=DEFINITIONS.vocabularies, policy=DEFINITIONS.policy)
    north = replace(bench.deployment.connections["north"], mapping=mapping)
    bench.redeploy(connections={**bench.deployment.connections, "north": north})
