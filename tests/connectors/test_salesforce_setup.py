"""Own fields in the simulated org, and its live metadata."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import responses

from stagesync.connector import (
    FieldType,
    Option,
    OwnField,
    PermissionMissing,
    RequestRefused,
    SetupStep,
    Write,
)
from stagesync_salesforce.setup import metadata

STAGES = (("lead", "Lead"), ("client", "Client"))
HOST = "https://acme.my.salesforce.com"


def stage_on(name: str, options: tuple[tuple[str, str], ...] = STAGES) -> OwnField:
    return OwnField(name, "Lifecycle_Stage__c", "Lifecycle stage", FieldType.CHOICE, options)


WISHES = [
    *(stage_on(name) for name in ("lead", "contact", "account")),
    OwnField("lead", "Lifecycle_Score__c", "Score", FieldType.NUMBER, decimals=1),
    OwnField("lead", "Lifecycle_Changed_At__c", "Changed at", FieldType.INSTANT),
    OwnField("lead", "Lifecycle_Reason__c", "Reason", FieldType.TEXT),
]


def make_all(bench: Any, wishes: list[OwnField]) -> list[SetupStep]:
    steps: list[SetupStep] = bench.connector.setup(wishes)
    for step in steps:
        bench.connector.make(step)
    return steps


def test_setup_makes_fields_that_can_be_written(bench: Any) -> None:
    """After setup the fields are there with their types, and a write to all of them is taken."""
    make_all(bench, WISHES)
    fields = bench.connector.describe(["lead"])["lead"].fields
    assert [
        (fields[wish.name].type, fields[wish.name].writable)
        for wish in WISHES
        if wish.object == "lead"
    ] == [
        (FieldType.CHOICE, True),
        (FieldType.NUMBER, True),
        (FieldType.INSTANT, True),
        (FieldType.TEXT, True),
    ]
    lead = next(key for key, row in bench.rows("Lead").items() if not row["IsConverted"])
    values = {
        "Lifecycle_Stage__c": "client",
        "Lifecycle_Score__c": 72.5,
        "Lifecycle_Changed_At__c": "2026-11-01T10:00:00Z",
        "Lifecycle_Reason__c": "because",
    }
    [result] = bench.connector.write([Write("lead", lead, values)])
    [record] = bench.connector.read("lead", [lead], list(values))
    assert (result.refusal, record.fields) == (
        None,
        values | {"Lifecycle_Changed_At__c": "2026-11-01T10:00:00.000+0000"},
    )


def test_second_setup_has_nothing_to_do(bench: Any) -> None:
    """Setup of what is there has no steps."""
    make_all(bench, WISHES)
    assert bench.connector.setup(WISHES) == []


def test_steps_name_what_they_make(bench: Any) -> None:
    """Each field is a step, then come the permission set, each permission, and the assignment."""
    steps = bench.connector.setup([stage_on("lead")])
    assert [step.key for step in steps] == [
        "field:Lead.Lifecycle_Stage__c",
        "permission_set",
        "permission:Lead.Lifecycle_Stage__c",
        "assignment",
    ]


def test_every_step_can_be_repeated(bench: Any) -> None:
    """A step that was done, its answer lost, is done again without harm."""
    for step in bench.connector.setup(WISHES[:2]):
        bench.connector.make(step)
        bench.connector.make(step)
    made = {name: len(bench.rows(name)) for name in ("CustomField", "PermissionSetAssignment")}
    assert made == {"CustomField": 2, "PermissionSetAssignment": 1}
    assert len(bench.rows("FieldPermissions")) == 2


@pytest.mark.parametrize("done", range(4))
def test_setup_broken_off_anywhere_goes_on(bench: Any, done: int) -> None:
    """Whatever number of steps was carried out, the next setup has exactly the rest."""
    steps = bench.connector.setup([stage_on("lead")])
    for step in steps[:done]:
        bench.connector.make(step)
    assert bench.connector.setup([stage_on("lead")]) == steps[done:]


def take_away(bench: Any) -> None:
    """Somebody removes the field permission, by an API that our transport would refuse to call."""
    [row_id] = bench.rows("FieldPermissions")
    session = bench.connector._transport._current().session
    answer = requests.delete(
        f"{bench.url}/services/data/v64.0/sobjects/FieldPermissions/{row_id}",
        headers={"Authorization": f"Bearer {session.token.reveal()}"},
        timeout=10,
    )
    answer.raise_for_status()


def test_hidden_field_is_not_made_again(bench: Any) -> None:
    """A field that exists but is hidden from us needs access, not making."""
    make_all(bench, [stage_on("lead")])
    take_away(bench)
    steps = bench.connector.setup([stage_on("lead")])
    assert [step.key for step in steps] == ["permission:Lead.Lifecycle_Stage__c"]
    bench.connector.make(steps[0])
    assert bench.connector.setup([stage_on("lead")]) == []


def test_field_that_may_only_be_read_gets_edit(bench: Any) -> None:
    """A permission that grants reading alone is widened, not doubled."""
    make_all(bench, [stage_on("lead")])
    [row_id] = bench.rows("FieldPermissions")
    bench.connector._transport.call(
        "PATCH", f"sobjects/FieldPermissions/{row_id}", body={"PermissionsEdit": False}
    )
    make_all(bench, [stage_on("lead")])
    assert [entry["PermissionsEdit"] for entry in bench.rows("FieldPermissions").values()] == [True]


def test_field_of_another_type_is_refused(bench: Any) -> None:
    """A field of our name that holds something else is left alone and told."""
    make_all(bench, [OwnField("lead", "Lifecycle_Stage__c", "x", FieldType.TEXT)])
    with pytest.raises(RequestRefused, match="exists as text, but choice is needed"):
        bench.connector.setup([stage_on("lead")])


def test_missing_values_are_a_step(bench: Any) -> None:
    """A list that lacks some of our values needs them added."""
    make_all(bench, [stage_on("lead")])
    more = stage_on("lead", (*STAGES, ("advocate", "Advocate")))
    steps = bench.connector.setup([more])
    assert steps == [
        SetupStep("values:Lead.Lifecycle_Stage__c", "1 more values of Lead.Lifecycle_Stage__c")
    ]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (OwnField("opportunity", "X__c", "x", FieldType.TEXT), "makes no fields on opportunity"),
        (OwnField("lead", "X", "x", FieldType.TEXT), "ends with __c"),
        (OwnField("lead", "X__c", "x", FieldType.FLAG), "type flag"),
    ],
)
def test_wishes_that_cannot_be_met(bench: Any, wish: OwnField, words: str) -> None:
    """A wish outside what setup makes is refused before anything is sent."""
    with pytest.raises(RequestRefused, match=words):
        bench.connector.setup([wish])
    assert bench.connector.calls == 0


def test_step_of_another_setup_is_refused(bench: Any) -> None:
    """Only steps that the last setup found can be carried out."""
    with pytest.raises(RequestRefused, match="not of the last setup"):
        bench.connector.make(SetupStep("field:Lead.X__c", "x"))


def test_values_are_added_to_those_that_are_there() -> None:
    """The new list holds the old values in their order, then ours; nothing is taken away."""
    from stagesync.connector import Secret
    from stagesync_salesforce.options import read_options
    from stagesync_salesforce.setup import _add_values
    from stagesync_salesforce.transport import Transport

    class Clock:
        def now_s(self) -> float:
            return 0.0

        monotonic_s = now_s

        def sleep(self, seconds: float) -> None:
            raise AssertionError(seconds)

    client = {"host": "acme.my.salesforce.com", "id": "k", "secret": Secret("s")}
    transport = Transport(read_options({"auth": {"client_credentials": client}}), clock=Clock())
    held = metadata(stage_on("lead", (("old", "Old"), ("lead", "Lead"))))
    url = f"{HOST}/services/data/v64.0/tooling/sobjects/CustomField/00N1"
    wanted = metadata(stage_on("lead", (("old", "Old"), ("lead", "Lead"), ("client", "Client"))))
    # The simulator's Tooling API makes fields and does not change them.
    with responses.RequestsMock() as mock:
        mock.post(f"{HOST}/services/oauth2/token", json={"access_token": "t"})
        mock.get(url, json={"FullName": "Lead.X__c", "Metadata": held})
        mock.patch(
            url, status=204, match=[responses.matchers.json_params_matcher({"Metadata": wanted})]
        )
        _add_values(transport, "00N1", options=STAGES)
    transport.close()


def test_metadata_of_each_type() -> None:
    """Lists are restricted and keep their order; numbers have room for five whole digits."""
    assert [metadata(wish) for wish in (stage_on("lead"), *WISHES[3:])] == [
        {
            "label": "Lifecycle stage",
            "type": "Picklist",
            "valueSet": {
                "restricted": True,
                "valueSetDefinition": {
                    "sorted": False,
                    "value": [
                        {"fullName": "lead", "default": False, "label": "Lead"},
                        {"fullName": "client", "default": False, "label": "Client"},
                    ],
                },
            },
        },
        {"label": "Score", "type": "Number", "precision": 6, "scale": 1},
        {"label": "Changed at", "type": "DateTime"},
        {"label": "Reason", "type": "Text", "length": 255},
    ]


@pytest.mark.parametrize("statuses", ["classic", "newer"])
def test_lead_statuses_are_read_live(bench: Any, statuses: str) -> None:
    """Values come in the org's order, and the one that means converted is never to be written."""
    bench.sim.switches.update({"lead_status_set": statuses})
    options = bench.connector.describe(["lead"])["lead"].fields["Status"].options
    rows = sorted(bench.rows("LeadStatus").values(), key=lambda row: row["SortOrder"])
    assert list(options) == [
        Option(row["ApiName"], row["MasterLabel"], rank, terminal=row["IsConverted"])
        for rank, row in enumerate(rows)
    ]
    assert sum(option.terminal for option in options) == 1


def test_all_objects_are_described_in_one_call(bench: Any) -> None:
    """Eight objects, their parents and the status list ride in one batch."""
    names = [kind.name for kind in bench.connector.objects]
    found = bench.connector.describe(names)
    assert (list(found), bench.connector.calls) == (names, 1)


@pytest.mark.parametrize(
    ("name", "field", "expected"),
    [
        ("lead", "Email", (FieldType.TEXT, True)),
        ("lead", "IsConverted", (FieldType.FLAG, False)),
        ("lead", "CreatedDate", (FieldType.INSTANT, False)),
        ("lead", "OwnerId", (FieldType.REFERENCE, True)),
        ("lead", "Address", (FieldType.OTHER, False)),
        ("account", "NumberOfEmployees", (FieldType.NUMBER, True)),
        ("opportunity", "CloseDate", (FieldType.DATE, True)),
        ("task", "TaskSubtype", (FieldType.CHOICE, False)),
        ("campaign_member", "Campaign.Type", (FieldType.CHOICE, False)),
        ("contact", "Account.Industry", (FieldType.CHOICE, False)),
    ],
)
def test_fields_are_described(
    bench: Any, name: str, field: str, expected: tuple[FieldType, bool]
) -> None:
    """Each vendor type has ours, parents' fields included, and is writable as the user may."""
    found = bench.connector.describe([name])[name].fields[field]
    assert (found.type, found.writable) == expected


def test_hidden_object_is_a_missing_permission(scripted: Any) -> None:
    """An object that the user may not see is told by its name."""
    connector, _ = scripted
    refused = {"statusCode": 404, "result": [{"errorCode": "NOT_FOUND", "message": "x"}]}
    with responses.RequestsMock() as mock:
        mock.post(f"{HOST}/services/oauth2/token", json={"access_token": "t"})
        mock.post(
            f"{HOST}/services/data/v64.0/composite/batch", json={"results": [refused, refused]}
        )
        with pytest.raises(PermissionMissing, match="does not show Task"):
            connector.describe(["task"])
