"""The package for Salesforce: well formed, of known elements, and true to the mapping and the vocabulary."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from ruamel.yaml import YAML

from stagesync.app import open_deployment
from stagesync.engine.setup import own_fields
from stagesync_salesforce.setup import (
    PERMISSION_SET,
    PERMISSION_SET_LABEL,
    full_name,
    metadata,
)

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "deploy" / "salesforce"
MAIN = PACKAGE / "force-app" / "main" / "default"
SPACE = "{http://soap.sforce.com/2006/04/metadata}"
STAGES = ("Lifecycle_Stage__c", "Lifecycle_Previous_Stage__c")
TRACKED = {"Lifecycle_Stage__c", "Lifecycle_Score__c", "Lifecycle_Fit__c", "Lifecycle_Content__c"}
DEPLOYMENT = """\
connections:
  salesforce:
    connector: salesforce
    auth:
      client_credentials: {host: acme.my.salesforce.com, id: x, secret: {file: secret}}
"""
OBJECTS = {"account": "Account", "lead": "Lead", "contact": "Contact"}

# What each kind of file may hold, by the path of elements below its root.
# Source: https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta (seen 2026-11)
KNOWN = {
    "GlobalValueSet": (
        "customValue/fullName customValue/default customValue/label description masterLabel sorted"
    ),
    "CustomField": (
        "fullName description externalId label length precision required scale trackHistory type unique"
        " valueSet/restricted valueSet/valueSetName"
    ),
    "CustomObject": "enableHistory",
    "ListView": (
        "fullName columns filterScope filters/field filters/operation filters/value label"
    ),
    "PermissionSet": (
        "description fieldPermissions/editable fieldPermissions/field fieldPermissions/readable"
        " hasActivationRequired label objectPermissions/allowCreate objectPermissions/allowDelete"
        " objectPermissions/allowEdit objectPermissions/allowRead objectPermissions/modifyAllRecords"
        " objectPermissions/object objectPermissions/viewAllRecords userPermissions/enabled"
        " userPermissions/name"
    ),
    "LeadConvertSettings": (
        "objectMapping/inputObject objectMapping/mappingFields/inputField"
        " objectMapping/mappingFields/outputField objectMapping/outputObject"
    ),
}
FILES = sorted(PACKAGE.rglob("*.xml"))


def root_of(path: Path) -> ET.Element:
    return ET.parse(path).getroot()


def leaves(element: ET.Element, above: str = "") -> Iterator[str]:
    for child in element:
        name = above + child.tag.removeprefix(SPACE)
        yield from leaves(child, f"{name}/") if len(child) else [name]


def texts(element: ET.Element, path: str) -> list[str]:
    return [found.text or "" for found in element.iterfind(SPACE + path.replace("/", f"/{SPACE}"))]


def fields() -> dict[str, ET.Element]:
    """Every field file by `Object.Field__c`."""
    return {
        f"{path.parts[-3]}.{path.name.partition('.')[0]}": root_of(path)
        for path in MAIN.glob("objects/*/fields/*.field-meta.xml")
    }


def mapped() -> set[str]:
    """The own fields that the shipped mapping writes."""
    mapping = YAML(typ="safe").load(ROOT / "mappings" / "salesforce.yaml")
    return {
        f"{OBJECTS[name]}.{field}"
        for name in OBJECTS
        for field, rule in mapping[name]["writes"].items()
        if rule["owner"] == "ours"
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_hold_known_elements_alone(path: Path) -> None:
    """No element is misspelt or unknown to the kind of its file."""
    root = root_of(path)
    allowed = KNOWN[root.tag.removeprefix(SPACE)]
    assert set() == set(leaves(root)) - set(allowed.split())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_are_named_for_what_they_hold(path: Path) -> None:
    """The suffix tells the kind, and a full name equals the file's."""
    root = root_of(path)
    name, _, suffix = path.name.partition(".")
    kind = root.tag.removeprefix(SPACE)
    known = {
        "CustomField": "field",
        "CustomObject": "object",
        "GlobalValueSet": "globalValueSet",
        "LeadConvertSettings": "LeadConvertSetting",
        "ListView": "listView",
        "PermissionSet": "permissionset",
    }
    assert f"{known[kind]}-meta.xml" == suffix
    assert [name] == (texts(root, "fullName") or [name])


def test_fields_are_those_of_the_mapping() -> None:
    """Every own field that the mapping writes is shipped, and no other."""
    assert len(mapped()) > 0
    assert mapped() == set(fields())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What `stagesync setup` would make, by full name."""
    folder = tmp_path_factory.mktemp("deployment")
    (folder / "secret").write_text("x")
    (folder / "stagesync.yaml").write_text(DEPLOYMENT)
    with open_deployment(folder / "stagesync.yaml", quiet=True) as found:
        connected = found.deployment.connections["salesforce"]
        return {full_name(each): metadata(each) for each in own_fields(found.deployment, connected)}


def test_fields_are_what_setup_would_make(made: dict[str, dict[str, Any]]) -> None:
    """Package and setup agree on label, type, length and digits, so that either finds the other's fields good."""
    names = ("label", "type", "length", "precision", "scale")
    shipped = {
        key: {name: text for name in names for text in texts(each, name)}
        for key, each in fields().items()
    }
    assert {
        key: {name: str(each[name]) for name in names if name in each} for key, each in made.items()
    } == shipped


def test_values_are_those_that_setup_would_make(made: dict[str, dict[str, Any]]) -> None:
    """A choice takes the values of its set and nothing else: the same, in the same order, with the same labels."""
    for key, each in made.items():
        shipped = fields()[key]
        if "valueSet" not in each:
            assert [] == texts(shipped, "valueSet/valueSetName")
            continue
        [name] = texts(shipped, "valueSet/valueSetName")
        assert ["true"] == texts(shipped, "valueSet/restricted")
        wanted = each["valueSet"]["valueSetDefinition"]["value"]
        assert [(one["fullName"], one["label"]) for one in wanted] == values(name)


def values(name: str) -> list[tuple[str, str]]:
    """The values of a set, each with its label."""
    root = root_of(MAIN / "globalValueSets" / f"{name}.globalValueSet-meta.xml")
    labels = texts(root, "customValue/label")
    return list(zip(texts(root, "customValue/fullName"), labels, strict=True))


def test_no_field_is_required_and_those_worth_it_have_history() -> None:
    """What says something new each time is tracked: four of the twenty that an object may track."""
    assert {"false"} == {text for each in fields().values() for text in texts(each, "required")}
    tracked = {
        key.partition(".")[2]
        for key, each in fields().items()
        if texts(each, "trackHistory") == ["true"]
    }
    assert TRACKED == tracked
    assert {key for key in fields() if key.partition(".")[2] in TRACKED} == {
        key for key, each in fields().items() if texts(each, "trackHistory") == ["true"]
    }


def test_history_is_on_where_a_field_is_tracked() -> None:
    """Tracking a field does nothing unless its object keeps a history."""
    tracked = {
        key.partition(".")[0]
        for key, each in fields().items()
        if "true" in texts(each, "trackHistory")
    }
    on = {
        path.parent.name
        for path in MAIN.glob("objects/*/*.object-meta.xml")
        if texts(root_of(path), "enableHistory") == ["true"]
    }
    assert {"Account", "Contact", "Lead"} == tracked == on


def test_values_are_those_of_the_vocabulary() -> None:
    """The value set holds each stage of the standard vocabulary, in the order of its ladder."""
    told = YAML(typ="safe").load(ROOT / "mappings" / "vocabularies" / "standard.yaml")
    labels = {stage["id"]: stage["labels"]["en"] for stage in told["stages"]}
    ladder = [(each, labels[each]) for each in (*told["ladder"], *told["off_ladder"])]
    assert ladder == values("Lifecycle_Stage")


def test_stage_fields_share_that_set() -> None:
    """The stage and the one before it, on all three objects, take their values from one set."""
    found = {
        text
        for key, each in fields().items()
        if key.endswith(STAGES)
        for text in texts(each, "valueSet/valueSetName")
    }
    assert {"Lifecycle_Stage"} == found


def permission_set() -> ET.Element:
    return root_of(MAIN / "permissionsets" / "Stagesync_Integration.permissionset-meta.xml")


def test_nothing_may_be_created_or_deleted() -> None:
    """The permission set never gives deleting, creating, or modify-all, which includes deleting."""
    root = permission_set()
    given = {
        name: set(texts(root, f"objectPermissions/{name}"))
        for name in ("allowCreate", "allowDelete", "modifyAllRecords")
    }
    assert {key: {"false"} for key in given} == given
    assert ["ApiEnabled"] == texts(root, "userPermissions/name")


def test_all_that_is_pulled_can_be_read() -> None:
    """Every object with permissions of its own is read whoever owns it; three are edited."""
    root = permission_set()
    objects = texts(root, "objectPermissions/object")
    assert ["Account", "Campaign", "Contact", "Lead", "Opportunity"] == objects
    for name in ("allowRead", "viewAllRecords"):
        assert ["true"] * 5 == texts(root, f"objectPermissions/{name}")
    edited = zip(objects, texts(root, "objectPermissions/allowEdit"), strict=True)
    assert {"Account", "Contact", "Lead"} == {name for name, may in edited if may == "true"}


def test_each_own_field_can_be_seen_and_edited() -> None:
    """The permission set names exactly the shipped fields."""
    root = permission_set()
    assert mapped() == set(texts(root, "fieldPermissions/field"))
    for name in ("editable", "readable"):
        assert {"true"} == set(texts(root, f"fieldPermissions/{name}"))


def test_permission_set_is_the_one_of_setup() -> None:
    """Package and `stagesync setup` share one permission set."""
    assert (MAIN / "permissionsets" / f"{PERMISSION_SET}.permissionset-meta.xml").is_file()
    assert [PERMISSION_SET_LABEL] == texts(permission_set(), "label")


VIEWS = sorted(MAIN.glob("objects/*/listViews/*.xml"))


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_list_views_name_shipped_fields_and_stages(path: Path) -> None:
    """Own columns, filter fields and filter values exist."""
    root, name = root_of(path), path.parts[-3]
    own = {
        each for each in (*texts(root, "columns"), *texts(root, "filters/field")) if "__c" in each
    }
    assert set() == {f"{name}.{each}" for each in own} - set(fields())
    filters = zip(texts(root, "filters/field"), texts(root, "filters/value"), strict=True)
    for field, wanted in filters:
        sets = texts(fields()[f"{name}.{field}"], "valueSet/valueSetName")
        known = {value for each in sets for value, _ in values(each)} or {"TODAY"}
        assert set() == set(wanted.split(",")) - known


def test_lead_conversion_is_apart_and_copies_the_own_fields() -> None:
    """The org-wide conversion mapping is in a project of its own, and maps like to like."""
    path = next((PACKAGE / "lead-conversion").rglob("*.LeadConvertSetting-meta.xml"))
    root = root_of(path)
    given = texts(root, "objectMapping/mappingFields/inputField")
    assert {f"Lead.{each}" for each in given} == {e for e in mapped() if e.startswith("Lead.")}
    assert given == texts(root, "objectMapping/mappingFields/outputField")
    assert [] == list(MAIN.rglob("*LeadConvert*"))


@pytest.mark.parametrize("folder", [PACKAGE, PACKAGE / "lead-conversion"], ids=["main", "apart"])
def test_project_names_its_folder_alone(folder: Path) -> None:
    """A deployment without a folder given takes this project's own and nothing optional."""
    project = json.loads((folder / "sfdx-project.json").read_text())
    assert [{"path": "force-app", "default": True}] == project["packageDirectories"]
    assert (folder / "force-app").is_dir()
