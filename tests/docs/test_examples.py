"""Every YAML example that says what it is can be loaded, and together they show every construct."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

from stagesync.connector import Secret
from stagesync.domain.condition import AllOf, AnyOf, Condition, StageIn, Unless
from stagesync.domain.policy import ActivityRule, FactRule, Policy
from stagesync.domain.vocabulary import Vocabulary
from stagesync.loading.definitions import load_definitions, shipped_mappings
from stagesync.loading.mapping import load_mapping
from stagesync.loading.policy import load_policy
from stagesync.loading.vocabularies import load_vocabularies
from stagesync.settings import load_settings
from stagesync.settings.secrets import read_secrets

from .blocks import ROOT, Block, blocks_of

PAGES = sorted((ROOT / "docs").glob("*.md"))
EXAMPLES = [
    block for page in PAGES for block in blocks_of(page, "yaml") if block.words and not block.file
]
SHIPPED = load_definitions(shipped_mappings())


def _tree(text: str) -> Any:
    return YAML(typ="rt").load(text)


def _written(tree: Any, folder: Path) -> Path:
    text = io.StringIO()
    YAML(typ="rt").dump(tree, text)
    file = folder / "example.yaml"
    file.write_text(text.getvalue(), encoding="utf-8")
    return file


def _shipped_policy() -> Any:
    return _tree((shipped_mappings() / "policy.yaml").read_text(encoding="utf-8"))


def _load_section(block: Block, folder: Path) -> Policy:
    """The shipped policy with some of its sections replaced."""
    policy = _shipped_policy()
    for name, section in _tree(block.text).items():
        if name in {"lists", "questions", "labels"}:
            policy[name].update(section)
        else:
            policy[name] = section
    if "activities" in _tree(block.text):
        # Rules of the shipped policy name more types than an example lists.
        policy["activities"] += _shipped_policy()["activities"]
    return load_policy(_written(policy, folder))


def _load_axes(block: Block, folder: Path) -> Policy:
    """Axes of their own, with the shipped scores and activities."""
    policy = _shipped_policy()
    for name in ("questions", "labels", "accounts"):
        del policy[name]
    policy["axes"] = _tree(block.text)["axes"]
    return load_policy(_written(policy, folder))


def _load_scores(block: Block, folder: Path) -> Policy:
    """A score in place of the shipped one of its name."""
    policy = _shipped_policy()
    policy["scores"].update(_tree(block.text))
    return load_policy(_written(policy, folder))


def _load_levels(block: Block, folder: Path) -> Policy:
    """Levels of one more axis of the shipped policy."""
    policy = _shipped_policy()
    policy["axes"]["example"] = _tree(block.text)
    return load_policy(_written(policy, folder))


def _load_vocabulary(block: Block, folder: Path) -> Vocabulary:
    """A vocabulary beside the shipped ones."""
    example = _written(_tree(block.text), folder)
    shipped = sorted((shipped_mappings() / "vocabularies").glob("*.yaml"))
    found = load_vocabularies([*shipped, example], SHIPPED.policy)
    return found[_tree(block.text)["vocabulary"]]


def _load_mapping(block: Block, folder: Path) -> object:
    """A whole mapping, or some objects of one."""
    tree = _tree(block.text)
    tree.setdefault("connector", "hubspot")
    tree.setdefault("version", 1)
    file = _written(tree, folder)
    return load_mapping(file, vocabularies=SHIPPED.vocabularies, policy=SHIPPED.policy)


def _load_settings(block: Block, folder: Path) -> object:
    """Settings whose connections accept their options."""
    import stagesync_hubspot.options
    import stagesync_salesforce.options

    readers = {
        "hubspot": stagesync_hubspot.options.read_options,
        "salesforce": stagesync_salesforce.options.read_options,
    }
    settings = load_settings(_written(_tree(block.text), folder))
    for each in settings.connections.values():
        readers[each.connector](read_secrets(_with_secrets(each.options), Secret, folder=folder))
    return settings


def _with_secrets(options: Any) -> Any:
    """The options with each named secret at hand in the environment of the test."""
    if not isinstance(options, dict):
        return options
    if set(options) in ({"env"}, {"file"}):
        return {"env": "A_SECRET_OF_THE_TESTS"}
    return {key: _with_secrets(value) for key, value in options.items()}


LOADERS = {
    "policy": lambda block, folder: load_policy(_written(_tree(block.text), folder)),
    "section": _load_section,
    "axes": _load_axes,
    "scores": _load_scores,
    "levels": _load_levels,
    "vocabulary": _load_vocabulary,
    "mapping": _load_mapping,
    "object": _load_mapping,
    "settings": _load_settings,
}
"""What a fence may say behind `yaml`."""


@pytest.fixture(autouse=True)
def _a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_TESTS", "not-a-secret")


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: block.place)
def test_an_example_loads(block: Block, tmp_path: Path):
    """The example stands in a file that stagesync accepts."""
    assert LOADERS[block.words[0]](block, tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_yaml_block_says_what_it_is(page: Path):
    """No example escapes loading by leaving its word out."""
    assert [] == [each.place for each in blocks_of(page, "yaml") if not each.words]


def _kinds(condition: Condition) -> Iterator[type]:
    yield type(condition)
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _kinds(part)
        case Unless(part):
            yield from _kinds(part)


def _shown(word: str, folder: Path) -> Iterator[Any]:
    for block in blocks_of(ROOT / "docs" / "policy.md", "yaml"):
        if block.words[0] == word:
            yield LOADERS[word](block, folder)


def test_every_kind_of_condition_has_an_example(tmp_path: Path):
    """The closed set of conditions is shown whole in docs/policy.md."""
    levels = [
        level.when for policy in _shown("levels", tmp_path) for level in policy.axes[-1].levels[1:]
    ]
    stages = [
        stage.when for vocabulary in _shown("vocabulary", tmp_path) for stage in vocabulary.stages
    ]
    shown = {kind for condition in [*levels, *stages] for kind in _kinds(condition)}
    assert StageIn in shown
    assert set(get_args(Condition)) == shown


def test_both_kinds_of_rule_have_an_example(tmp_path: Path):
    """Points for what somebody is and points for what somebody did are both shown."""
    blocks = [
        each for each in blocks_of(ROOT / "docs" / "policy.md", "yaml") if "scores" in each.words
    ]
    kinds = {
        type(rule)
        for block in blocks
        for score in _load_scores(block, tmp_path).scores
        if score.name in _tree(block.text)
        for rule in score.rules
    }
    assert {FactRule, ActivityRule} == kinds
