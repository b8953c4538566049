"""JSON Schemas for editors: they accept what is shipped, and know the keys that the loaders know."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from stagesync.cli.deploy import STARTER
from stagesync.domain.facts import DEAL_STATUSES, Kind
from stagesync.domain.policy import CountsFor, Follows
from stagesync.domain.transforms import TRANSFORMS
from stagesync.domain.vocabulary import COUNTS_AS, LOOP
from stagesync.loading import (
    conditions,
    mapping,
    mapping_facts,
    mapping_writes,
    policy,
    scores,
    treatment,
    vocabularies,
)
from stagesync.settings import (
    AlertSettings,
    AuditSettings,
    ConnectionSettings,
    EditSettings,
    EmailSettings,
    GuardrailSettings,
    LogSettings,
    Settings,
    StoreSettings,
    WebSettings,
)

MAPPINGS = Path(__file__).parents[2] / "mappings"
HEAD = "# yaml-language-server: $schema="
SHIPPED = sorted(MAPPINGS.rglob("*.yaml"))


def schema(name: str) -> dict[str, Any]:
    return json.loads((MAPPINGS / "schema" / f"{name}.json").read_text(encoding="utf-8"))


def schema_of(path: Path) -> dict[str, Any]:
    """The schema that the file's first line names."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(HEAD), f"{path.name} names no schema in its first line"
    return json.loads((path.parent / first.removeprefix(HEAD)).read_text(encoding="utf-8"))


def problems(found: dict[str, Any], text: str) -> list[str]:
    value = YAML(typ="safe", pure=True).load(text)
    return [each.json_path for each in Draft202012Validator(found).iter_errors(value)]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_file_is_valid(path: Path) -> None:
    """Each shipped definition names its schema in its first line, and fits it."""
    assert [] == problems(schema_of(path), path.read_text(encoding="utf-8"))


def test_the_starter_is_valid() -> None:
    """What `init` writes names its schema, which lies where the line says, and fits it."""
    assert STARTER.startswith(f"{HEAD}mappings/schema/stagesync.json\n")
    assert [] == problems(schema("stagesync"), STARTER)


@pytest.mark.parametrize("name", ["policy", "vocabulary", "mapping", "stagesync"])
def test_a_schema_is_a_schema(name: str) -> None:
    """Each file is itself valid under the draft that it names."""
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize(
    ("name", "text", "path"),
    [
        ("policy", "{policy: a, version: 1, axes: {}, colour: red}", "$"),
        ("policy", "{policy: a, version: 0, axes: {}}", "$.version"),
        (
            "policy",
            "{policy: a, version: 1, axes: {fit: {no: , yes: {any: []}}}}",
            "$.axes.fit.yes",
        ),
        ("vocabulary", "{vocabulary: a, labels: {en: A}, stages: [], ladder: []}", "$.labels"),
        ("mapping", "{connector: a, version: 1, contact: {fact: {}}}", "$.contact"),
        ("stagesync", "{connections: {a: {connector: b, mode: write}}}", "$.connections.a.mode"),
    ],
)
def test_a_wrong_file_is_refused(name: str, text: str, path: str) -> None:
    """An unknown key, a bad value and a missing language are found where they stand."""
    assert path in problems(schema(name), text)


def keys(found: dict[str, Any], *path: str) -> set[str]:
    """The keys that a part of a schema knows, which must be all that it takes."""
    for step in path:
        found = found[step]
    assert found["additionalProperties"] is False
    return set(found["properties"])


def test_a_policy_has_the_loaders_keys() -> None:
    """Sections, rules, conditions, accounts and closed words are those that the loader takes."""
    known = schema("policy")
    parts = known["$defs"]
    (condition,) = [one for one in parts["condition"]["oneOf"] if "properties" in one]
    assert set(policy._SECTIONS) == keys(known)
    assert {*scores.FACT_RULE, *scores.ACTIVITY_RULE} == keys(parts, "rule")
    assert conditions.RESERVED - {"anything"} == set(condition["properties"])
    assert set(DEAL_STATUSES) == keys(known, "properties", "contactless_deals")
    assert {*CountsFor} == set(
        known["properties"]["contactless_deals"]["properties"]["won"]["enum"]
    )
    assert {*Follows} == set(parts["account_axis"]["properties"]["follows"]["enum"])
    kinds = known["properties"]["facts"]["patternProperties"]
    assert [{*Kind}] == [set(each["enum"]) for each in kinds.values()]


def test_a_vocabulary_has_the_loaders_keys() -> None:
    """A vocabulary, its stages and its treatment."""
    known = schema("vocabulary")
    parts = known["$defs"]
    assert set(vocabularies._KEYS) == keys(known)
    assert set(vocabularies._STAGE_KEYS) == keys(parts, "stage")
    assert set(COUNTS_AS) == set(parts["stage"]["properties"]["counts_as"]["enum"])
    assert set(LOOP) == set(parts["stage"]["properties"]["loop"]["enum"])
    assert set(treatment._KEYS) == keys(parts, "treatment")


def test_a_mapping_has_the_loaders_keys() -> None:
    """Every section of a mapping, its transforms and its owners."""
    known = schema("mapping")
    parts = known["$defs"]
    loaders = {
        "object": mapping._OBJECT,
        "identity": mapping._IDENTITY,
        "activity": mapping._ACTIVITY,
        "deal": mapping._DEAL,
        "scope": mapping._SCOPE,
        "fact": mapping_facts._FACT,
        "write": mapping_writes._WRITE,
    }
    assert set(mapping._HEAD) == set(known["properties"])
    assert {name: set(each) for name, each in loaders.items()} == {
        name: keys(parts, name) for name in loaders
    }
    assert set(TRANSFORMS) == set(parts["fact"]["properties"]["as"]["enum"])
    assert set(mapping_writes._OWNERS) == set(parts["write"]["properties"]["owner"]["enum"])
    wait = re.compile(parts["write"]["properties"]["backward"]["additionalProperties"]["pattern"])
    said = ["at once", "after 30 days", "after 1 day", "after 7d", "after 0 days", "after", "30d"]
    assert [True] * 4 + [False] * 3 == [bool(wait.search(each)) for each in said]


def test_settings_have_the_loaders_keys() -> None:
    """The deployment's keys; a connection takes those of its connector besides."""
    known = schema("stagesync")
    assert set(Settings.model_fields) == keys(known)
    assert set(StoreSettings.model_fields) == keys(known, "properties", "store")
    assert set(LogSettings.model_fields) == keys(known, "properties", "log")
    assert set(AuditSettings.model_fields) == keys(known, "properties", "audit")
    assert set(WebSettings.model_fields) == keys(known, "properties", "web")
    assert set(GuardrailSettings.model_fields) == keys(known, "properties", "guardrails")
    assert set(AlertSettings.model_fields) == keys(known, "properties", "alerts")
    email = {each.alias or name for name, each in EmailSettings.model_fields.items()}
    assert email == keys(known, "properties", "alerts", "properties", "email")
    edits = {each.alias or name for name, each in EditSettings.model_fields.items()}
    assert edits == keys(known, "properties", "edits")
    connection = known["$defs"]["connection"]["properties"]
    assert set(ConnectionSettings.model_fields) == set(connection)
