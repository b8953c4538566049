"""Whatever people can type or meet has its place in a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

import click
import pytest
from pydantic import BaseModel

import stagesync_hubspot.options
import stagesync_salesforce.options
import stagesync_sql.options
from stagesync import errors
from stagesync.cli import main
from stagesync.domain.duration import seconds_of
from stagesync.domain.facts import ACCOUNT_FACTS, DEAL_STATUSES, PERSON_FACTS, Kind
from stagesync.domain.mapping_rules import PLAIN_VALUES
from stagesync.domain.plan import Reason, VendorStage
from stagesync.domain.policy import CountsFor, Follows
from stagesync.domain.titles import SENIORITIES
from stagesync.domain.transforms import TRANSFORMS
from stagesync.domain.vocabulary import COUNTS_AS, LOOP
from stagesync.engine.alerts import Kind as AlertKind
from stagesync.loading import (
    conditions,
    facts,
    mapping,
    mapping_facts,
    mapping_writes,
    policy,
    scores,
    treatment,
    values,
    vocabularies,
)
from stagesync.sandbox.faults import ANSWER_KINDS, CONNECTION_KINDS, PROFILES
from stagesync.sandbox.hubspot.sim import VENDOR_FAULTS
from stagesync.sandbox.hubspot.switches import HubSpotSwitches
from stagesync.sandbox.salesforce.simulation import OWN_FAULTS
from stagesync.sandbox.salesforce.switches import SalesforceSwitches
from stagesync.sandbox.settings import Switches
from stagesync.settings import (
    AlertSettings,
    AuditSettings,
    ConnectionSettings,
    EditSettings,
    EmailSettings,
    GuardrailSettings,
    LogSettings,
    PrivacySettings,
    Settings,
    StoreSettings,
    WebSettings,
)

from .blocks import ROOT

FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    """The text of a page."""
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def part(name: str, heading: str) -> str:
    """The text under a heading, up to the next one of its level or above."""
    head, text = re.split(
        rf"^(#+) {re.escape(heading)}$", page(name), maxsplit=1, flags=re.MULTILINE
    )[1:]
    return re.split(rf"^#{{1,{len(head)}}} ", text, maxsplit=1, flags=re.MULTILINE)[0]


def missing(text: str, words: Iterable[object]) -> list[str]:
    """The words that do not stand in the text between backticks, alone or with others."""
    marked = " ".join(re.findall(r"`([^`\n]+)`", FENCED.sub("", text)))
    found = set(re.findall(r"[\w./=-]+", marked)) | set(re.findall(r"[\w/-]+", marked))
    return sorted({str(word) for word in words} - found)


def commands(group: click.Group = main, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command by its full name."""
    for name, command in group.commands.items():
        yield f"{above}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{above}{name} ")


ONLY_GROUPS = {"vocabulary", "people", "store", "user"}
COMMANDS = {name: command for name, command in commands() if name not in ONLY_GROUPS}
SHARED = {"--config", "--json", "--verbose", "--help", "--mappings"}


def described(name: str) -> str:
    """What docs/cli.md says under a command's own heading."""
    headings = re.findall(r"^### `stagesync ([^`]+)`$", page("cli"), flags=re.MULTILINE)
    found = [each for each in headings if re.sub(r" [\[A-Z].*", "", each) == name]
    return part("cli", f"`stagesync {found[0]}`") if len(found) == 1 else ""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_its_paragraph_with_every_option(name: str):
    """Each command stands under a heading of its own in docs/cli.md, with its options."""
    text = described(name)
    options = [
        option
        for parameter in COMMANDS[name].params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    ]
    assert text.strip()
    assert [] == missing(text, set(options) - SHARED)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_prints_json_says_its_keys(name: str):
    """A command with --json says in its paragraph what the document holds."""
    if any("--json" in parameter.opts for parameter in COMMANDS[name].params):
        assert "JSON" in described(name)


def test_docs_name_no_command_that_does_not_exist():
    """Whatever a page calls with `stagesync` is a command of today."""
    known = {name.split()[0] for name in COMMANDS}
    called = {
        word
        for each in (ROOT / "docs").glob("*.md")
        for word in re.findall(r"(?:`|\$ )stagesync ([a-z]+)", each.read_text(encoding="utf-8"))
    }
    assert set() == called - known


def test_the_options_of_every_command_are_described_once():
    """Shared options have one place."""
    assert [] == missing(page("cli").split("## Exit codes")[0], SHARED)


def _codes(error: type[errors.StagesyncError]) -> Iterator[int]:
    yield error.exit_code
    for each in error.__subclasses__():
        yield from _codes(each)


def test_every_exit_code_is_described():
    """Each code that an error or a run ends with stands in the table, and no other."""
    table = part("cli", "Exit codes")
    assert {0, *_codes(errors.StagesyncError), 6} == set(
        map(int, re.findall(r"^\| `(\d)`", table, re.MULTILINE))
    )


def _paths(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kinds = [
            kind
            for kind in (field.annotation, *getattr(field.annotation, "__args__", ()))
            if isinstance(kind, type) and issubclass(kind, BaseModel)
        ]
        for kind in kinds:
            yield from _paths(kind, f"{above}{name}.")
        if not kinds:
            yield f"{above}{name}"


NESTED = {"store", "log", "web", "guardrails", "edits", "audit", "privacy", "alerts"}


@pytest.mark.parametrize(
    ("heading", "keys"),
    [
        (
            "The deployment",
            [
                *(name for name in Settings.model_fields if name not in NESTED),
                *(f"store.{name}" for name in StoreSettings.model_fields),
                *(f"log.{name}" for name in LogSettings.model_fields),
                *(f"web.{name}" for name in WebSettings.model_fields),
            ],
        ),
        ("Guardrails", [f"guardrails.{name}" for name in GuardrailSettings.model_fields]),
        (
            "Edits of others",
            [f"edits.{f.alias or name}" for name, f in EditSettings.model_fields.items()],
        ),
        ("The log", [f"audit.{name}" for name in AuditSettings.model_fields]),
        ("Privacy", [f"privacy.{name}" for name in PrivacySettings.model_fields]),
        (
            "Alerts",
            [
                *(f"alerts.{name}" for name in AlertSettings.model_fields if name != "email"),
                *(f"alerts.email.{f.alias or n}" for n, f in EmailSettings.model_fields.items()),
            ],
        ),
        ("Connections", list(ConnectionSettings.model_fields)),
        ("Options of `hubspot`", list(_paths(stagesync_hubspot.options.Options))),
        ("Options of `salesforce`", list(_paths(stagesync_salesforce.options.Options))),
        (
            "Options of `sql`",
            [
                "tables",
                "write",
                *(k.rpartition(".")[2] for k in _paths(stagesync_sql.options.Options)),
            ],
        ),
    ],
)
def test_every_setting_has_its_row(heading: str, keys: list[str]):
    """The tables of docs/settings.md hold the keys that exist, and no others."""
    text = part("settings", heading).split("\n### ")[0]
    assert set(keys) == set(re.findall(r"^\| `([\w.]+)` \|", text, re.MULTILINE))


def _number(told: str) -> float | None:
    """A default as a number; a duration in seconds, a truth as 1 or 0."""
    if told in {"true", "false"}:
        return told == "true"
    return seconds_of(told) if told[-1].isalpha() else float(told)


def test_defaults_of_settings_are_those_of_the_code():
    """Where a row names a plain default, it is the one that holds."""
    models = {
        "Connections": ConnectionSettings,
        "Options of `hubspot`": stagesync_hubspot.options.Options,
        "Options of `salesforce`": stagesync_salesforce.options.Options,
    }
    wrong = []
    for heading, model in models.items():
        rows = re.findall(
            r"^\| `(\w+)` \|.*\| `?([\w.-]+)`? \|$", part("settings", heading), re.MULTILINE
        )
        for name, told in rows:
            default = model.model_fields[name].default if name in model.model_fields else None
            if isinstance(default, int | float) and default != _number(told):
                wrong.append((name, told, default))
            if isinstance(default, str) and not default.startswith("http") and default != told:
                wrong.append((name, told, default))
    assert [] == wrong


def test_every_kind_of_alert_has_its_row():
    """The table of docs/operating.md holds the kinds that exist, each once, in their order."""
    told = re.findall(r"^\| `(\w+)` \|", part("operating", "Alerts"), re.MULTILINE)
    assert [str(each) for each in AlertKind] == told


def test_every_word_of_a_policy_is_described():
    """Sections, keys of rules, levels, conditions and accounts stand in docs/policy.md."""
    words = {
        *policy._SECTIONS,
        *scores.FACT_RULE,
        *scores.ACTIVITY_RULE,
        "never_below",
        *(conditions.RESERVED - {"anything"}),
        *("from", "to", "in", "filled", "anything", "at_least", "keep_at", "cannot_reach"),
        *("counted_people", "follows", "levels"),
        *Follows,
        *CountsFor,
        *Kind,
        *DEAL_STATUSES,
    }
    assert [] == missing(page("policy"), words)


def test_every_word_of_a_vocabulary_is_described():
    """Keys of a vocabulary, its stages and its treatment stand in docs/policy.md."""
    words = {*vocabularies._KEYS, *vocabularies._STAGE_KEYS, *COUNTS_AS, *LOOP}
    words |= {*treatment._KEYS, "seen_as", "en", "fr"}
    assert [] == missing(part("policy", "A vocabulary"), words)


def test_every_word_of_a_mapping_is_described():
    """Keys of a mapping file stand in docs/mappings.md."""
    words = {
        *mapping._HEAD,
        *mapping._OBJECT,
        *mapping._IDENTITY,
        *mapping._ACTIVITY,
        *mapping._DEAL,
        *mapping._SCOPE,
        *mapping_facts._FACT,
        *mapping_facts._SET_BY,
        *mapping_writes._WRITE,
        *mapping_writes._OWNERS,
        *mapping_writes._MODES,
        *PLAIN_VALUES,
        *VendorStage,
    }
    assert [] == missing(page("mappings"), words)


def test_every_transform_has_its_row():
    """The table of transforms is whole, with the kind that each gives."""
    table = part("mappings", "Transforms").split("|---|", 1)[1]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", table, re.MULTILINE)
    assert {name: str(one.kind) for name, one in TRANSFORMS.items()} == dict(rows)
    assert [] == missing(part("mappings", "Transforms"), SENIORITIES)


def test_every_reason_to_leave_a_field_has_its_row():
    """What `status` and `explain` call a difference stands in docs/mappings.md."""
    assert {str(each) for each in Reason} == set(
        re.findall(
            r"^\| `([^`]+)` \|", part("mappings", "Writes").split("| why |")[1], re.MULTILINE
        )
    )


def test_every_key_of_a_facts_line_is_described():
    """Keys, facts, activities and deals of `evaluate` stand in docs/facts.md."""
    words = {*facts._KEYS, *PERSON_FACTS, *ACCOUNT_FACTS, *DEAL_STATUSES}
    words |= {*values._ACTIVITY_KEYS, *values._OUTCOMES, *values._DEAL_KEYS}
    assert [] == missing(page("facts"), words)


@pytest.mark.parametrize(
    ("heading", "switches"),
    [
        ("Both simulators:", Switches()),
        ("HubSpot:", HubSpotSwitches()),
        ("Salesforce:", SalesforceSwitches()),
    ],
)
def test_every_switch_has_its_row(heading: str, switches: Switches):
    """Name, default and sentence of a switch stand in docs/sandbox.md as the simulator tells them."""
    import orjson

    text = part("sandbox", "Switches").split(f"\n{heading}\n")[1].strip().split("\n\n")[0]
    rows = {
        name: (orjson.loads(default), says)
        for name, default, says in re.findall(
            r"^\| `(\w+)` \| `([^`]+)` \| (.+) \|$", text, re.MULTILINE
        )
    }
    common = Switches().as_dict() if type(switches) is not Switches else {}
    told = switches.describe()
    expected = {
        name: (value, told[name])
        for name, value in switches.as_dict().items()
        if name not in common
    }
    assert expected == rows


def test_every_fault_is_described():
    """Kinds and profiles of faults stand in docs/sandbox.md."""
    kinds = {*CONNECTION_KINDS, *ANSWER_KINDS, *VENDOR_FAULTS, *OWN_FAULTS}
    text = part("sandbox", "Faults")
    assert [] == missing(text, kinds)
    assert [] == [name for name in PROFILES if f"--faults {name}" not in text]


def test_every_control_call_has_its_row():
    """The table of control calls is whole."""
    from stagesync.sandbox.control import control_routes
    from stagesync.sandbox.hubspot import HubSpotSim
    from stagesync.sandbox.hubspot.controls import hubspot_control_routes
    from stagesync.sandbox.salesforce import SalesforceSim
    from stagesync.sandbox.salesforce.controls import own_control_routes

    sim = HubSpotSim()
    routes = (
        *control_routes(sim),
        *hubspot_control_routes(sim),
        *own_control_routes(SalesforceSim()),
    )
    served = {
        f"{method} {route.path}"
        for route in routes
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert served == set(
        re.findall(r"^\| `([A-Z]+ /_sandbox/\S+)` \|", page("sandbox"), re.MULTILINE)
    )


def test_enums_are_what_the_checks_believe():
    """A check over an empty set of words would hold for any page."""
    for each in (VendorStage, Reason, Follows, CountsFor, Kind):
        assert issubclass(each, StrEnum)
        assert len(each) >= 2
