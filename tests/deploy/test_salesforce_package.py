"""The package for Salesforce: well formed, of known elements, and true to the mapping and the vocabulary."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "deploy" / "salesforce"
MAIN = PACKAGE / "force-app" / "main" / "default"
SPACE = "{http://soap.sforce.com/2006/04/metadata}"
STAGE, SCORE, CHANGED_AT = "Lifecycle_Stage__c", "Lifecycle_Score__c", "Lifecycle_Changed_At__c"
OBJECTS = {"account": "Account", "lead": "Lead", "contact": "Contact"}

# What each kind of file may hold, by the path of elements below its root.
# Source: https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta (seen 2026-11)
KNOWN = {
    "GlobalValueSet": (
        "customValue/fullName customValue/default customValue/label description masterLabel sorted"
    ),
    "CustomField": (
        "fullName description externalId label precision required scale trackHistory type unique"
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


@pytest.mark.parametrize(
    ("name", "kind", "tracked"),
    [(STAGE, "Picklist", "true"), (SCORE, "Number", "true"), (CHANGED_AT, "DateTime", "false")],
)
def test_fields_have_their_type_and_history(name: str, kind: str, tracked: str) -> None:
    """A field is of one type wherever it stands; stage and score are tracked."""
    found = {key: each for key, each in fields().items() if key.endswith(name)}
    assert {(kind, tracked, "false")} == {
        (*texts(each, "type"), *texts(each, "trackHistory"), *texts(each, "required"))
        for each in found.values()
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


def test_score_holds_what_setup_would_make() -> None:
    """Package and setup agree on the digits, so that either finds the other's field good."""
    from stagesync.connector import FieldType, OwnField
    from stagesync_salesforce.setup import metadata

    made = metadata(OwnField("lead", SCORE, "Lifecycle score", FieldType.NUMBER, decimals=2))
    field = fields()[f"Lead.{SCORE}"]
    assert [str(made["precision"]), str(made["scale"])] == [
        *texts(field, "precision"),
        *texts(field, "scale"),
    ]


def test_values_are_those_of_the_vocabulary() -> None:
    """The value set holds each stage of the standard vocabulary, in the order of its ladder."""
    told = YAML(typ="safe").load(ROOT / "mappings" / "vocabularies" / "standard.yaml")
    labels = {stage["id"]: stage["labels"]["en"] for stage in told["stages"]}
    values = root_of(MAIN / "globalValueSets" / "Lifecycle_Stage.globalValueSet-meta.xml")
    assert [(each, labels[each]) for each in (*told["ladder"], *told["off_ladder"])] == list(
        zip(texts(values, "customValue/fullName"), texts(values, "customValue/label"), strict=True)
    )


def test_stage_fields_take_that_set_and_nothing_else() -> None:
    """All three stage fields are restricted to the one value set."""
    found = {
        (*texts(each, "valueSet/valueSetName"), *texts(each, "valueSet/restricted"))
        for key, each in fields().items()
        if key.endswith(STAGE)
    }
    assert {("Lifecycle_Stage", "true")} == found


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
    from stagesync_salesforce.setup import PERMISSION_SET, PERMISSION_SET_LABEL

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
    values = root_of(MAIN / "globalValueSets" / "Lifecycle_Stage.globalValueSet-meta.xml")
    stages = {each for text in texts(root, "filters/value") for each in text.split(",")}
    assert set() == {f"{name}.{each}" for each in own} - set(fields())
    assert set() == stages - set(texts(values, "customValue/fullName"))


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
