"""What stands in an org before any data: users, status lists, the organisation; and the seed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stagesync.sandbox.salesforce.customs import (
    add_member_statuses,
    add_seeded_fields,
    add_seeded_values,
)
from stagesync.sandbox.salesforce.derive import derive
from stagesync.sandbox.salesforce.features import refresh
from stagesync.sandbox.salesforce.housekeeping import archive
from stagesync.sandbox.salesforce.ids import full_id, make_id
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.picklists import (
    LEAD_STATUS_SETS,
    STAGES,
    LeadStatusRow,
    StageRow,
    lead_status_values,
)
from stagesync.sandbox.seeds import SalesforceSeed

DAY_S = 86_400.0
# Profile -> the licence of its users.
_PROFILES = {
    "Standard User": "Salesforce",
    "Minimum Access - API Only Integrations": "Salesforce Integration",
}
_STAFF, _PROGRAM = _PROFILES
# (first name, last name, user name, profile); the order is that of the org's user ids.
_USERS = (
    ("Integration", "User", "integration", _PROGRAM),
    ("Camille", "Rousseau", "camille.rousseau", _STAFF),
    ("Marketing", "App", "marketing.app", _PROGRAM),
    ("Assignment", "Desk", "assignment.desk", _STAFF),
    ("Automated", "Process", "autoproc", ""),
)
_INSTANTS = ("CreatedDate", "LastModifiedDate", "SystemModstamp")


def furnish(org: Org) -> None:
    """Puts the rows of the set-up objects in place."""
    for place, (profile, licence) in enumerate(_PROFILES.items(), 1):
        _add_profile(org, make_id("Profile", place), (profile, licence))
    for first, last, name, profile in _USERS:
        user_id = org_user_id(len(org.table("User").rows))
        _add_user(org, user_id, (first, last, name), profile=profile)
    org.table("Organization").fill([_organization(org)])
    org.table("OpportunityStage").fill(_stage_rows(org))
    refresh_lead_status(org)


def org_user_id(place: int) -> str:
    return make_id("User", place + 1)


def _dated(org: Org, row: Row) -> Row:
    stamps = dict.fromkeys(_INSTANTS, org.stamp() - 1000 * DAY_S)
    return row | stamps | {"CreatedById": org.human_id, "LastModifiedById": org.human_id}


def _add_profile(org: Org, profile_id: str, names: tuple[str, str]) -> None:
    name, licence = names
    licence_id = make_id("UserLicense", len(org.table("UserLicense").rows) + 1)
    row = {"Id": licence_id, "Name": licence, "MasterLabel": licence, "Status": "Active"}
    org.table("UserLicense").fill([_dated(org, row)])
    row = {"Id": profile_id, "Name": name, "UserType": "Standard", "UserLicenseId": licence_id}
    org.table("Profile").fill([_dated(org, row)])


def _add_user(
    org: Org, user_id: str, names: tuple[str, str, str], *, profile: str = _STAFF
) -> None:
    """A user; one without a profile is the automated process, which bears a type of its own."""
    first, last, name = names
    profiles = {row["Name"]: row["Id"] for row in org.table("Profile").rows.values()}
    row = {
        "Id": user_id,
        "FirstName": first,
        "LastName": last,
        "Name": f"{first} {last}",
        "Username": f"{name}@sandbox.example",
        "Email": f"{name}@sandbox.example",
        "Alias": name[:8],
        "IsActive": True,
        "UserType": "Standard" if profile else "AutomatedProcess",
        "ProfileId": profiles.get(profile),
    }
    org.table("User").fill([_dated(org, row)])


def _organization(org: Org) -> Row:
    row = {"Id": org.id, "Name": "Sandbox", "InstanceName": "SBX1", "IsSandbox": True}
    return _dated(org, row | {"OrganizationType": "Developer Edition", "TimeZoneSidKey": "GMT"})


def _stage_rows(org: Org) -> list[Row]:
    return [
        _stage_row(org, stage, label=stage.name, place=place)
        for place, stage in enumerate(STAGES, 1)
    ]


def _stage_row(org: Org, stage: StageRow, *, label: str, place: int) -> Row:
    row = {
        "Id": make_id("OpportunityStage", 100 + place),
        "ApiName": stage.name,
        "MasterLabel": label,
        "IsActive": True,
        "IsClosed": stage.is_closed,
        "IsWon": stage.is_won,
        "DefaultProbability": stage.probability,
        "ForecastCategory": stage.forecast,
        "ForecastCategoryName": stage.forecast,
        "SortOrder": place,
    }
    return _dated(org, row)


def add_stage_row(org: Org, stage: StageRow, *, label: str) -> None:
    """Lists a stage that an administrator has added."""
    table = org.table("OpportunityStage")
    table.put(_stage_row(org, stage, label=label, place=len(table.rows) + 1))


def refresh_lead_status(org: Org) -> None:
    """Makes the list of Lead.Status the one that the switch names."""
    chosen = org.switches.lead_status_set
    added = org.added_values.get(("Lead", "Status"), ())
    values = lead_status_values(chosen) + added
    lead = org.objects["Lead"]
    known = org.table("LeadStatus")
    if org.lead_statuses:
        # An administrator keeps the list by hand; describe also shows what is inactive.
        if [row["MasterLabel"] for row in known.rows.values()] != _labels(org.lead_statuses):
            _list_statuses(org, org.lead_statuses)
        return
    if lead.fields["Status"].picklist == values and len(known.rows) == len(values):
        return
    lead.fields["Status"] = replace(lead.fields["Status"], picklist=values)
    org.setup_changed()
    statuses = (*LEAD_STATUS_SETS[chosen], *(LeadStatusRow(value.value) for value in added))
    _list_statuses(org, statuses)


def _labels(statuses: tuple[LeadStatusRow, ...]) -> list[str]:
    return [status.label or status.name for status in statuses]


def _list_statuses(org: Org, statuses: tuple[LeadStatusRow, ...]) -> None:
    table = org.table("LeadStatus")
    table.clear()
    table.fill(
        _dated(
            org,
            {
                "Id": make_id("LeadStatus", place),
                "ApiName": status.name,
                "MasterLabel": status.label or status.name,
                "IsConverted": status.is_converted,
                "IsDefault": status.is_default,
                "SortOrder": place,
            },
        )
        for place, status in enumerate(statuses, 1)
    )


def load_seed(
    org: Org, seed: SalesforceSeed, *, users: Mapping[str, tuple[str, str]] | None = None
) -> None:
    """Fills the org with a generated world.

    Args:
        users: first and last names by user id; an owner not among them gets a made-up name.

    Raises:
        ValueError: for an unknown object or field, or a row without a proper id.
    """
    refresh(org)
    for name, rows in seed.rows.items():
        if name not in org.objects:
            raise ValueError(f"the seed has rows of an unknown object {name}")
        add_seeded_fields(org, name, rows)
        made = [_seeded(org, name, dict(row)) for row in rows]
        add_seeded_values(org, name, made)
        org.table(name).fill(made)
    refresh_lead_status(org)
    for campaign in org.table("Campaign").rows.values():
        add_member_statuses(org, campaign)
    for name in seed.rows:
        for row in org.table(name).rows.values():
            derive(org, name, row, before=None)
    _add_users(org, seed.rows, users or {})
    archive(org)


def _seeded(org: Org, name: str, row: dict[str, Any]) -> Row:
    fields = org.objects[name].fields
    if full_id(row.get("Id")) != row.get("Id"):
        raise ValueError(f"the seed has a row of {name} without an 18-character id")
    created = row.get("CreatedDate") or org.stamp()
    modified = row.get("LastModifiedDate") or row.get("SystemModstamp") or created
    stamps = (created, modified, row.get("SystemModstamp") or modified)
    row.update(zip(_INSTANTS, (float(stamp // 1) for stamp in stamps), strict=True))
    defaults = {"IsDeleted": False, "CreatedById": org.human_id, "LastModifiedById": org.human_id}
    if "OwnerId" in fields:
        defaults["OwnerId"] = org.human_id
    if subtype := {"Task": "TaskSubtype", "Event": "EventSubtype"}.get(name):
        defaults[subtype] = name
    return defaults | {key: value for key, value in row.items() if value not in (None, "")}


def _add_users(
    org: Org, rows: dict[str, list[dict[str, Any]]], names: Mapping[str, tuple[str, str]]
) -> None:
    known = org.table("User").rows
    keys = ("OwnerId", "CreatedById", "LastModifiedById")
    wanted = {row.get(key) for found in rows.values() for row in found for key in keys}
    used = (user_id for user_id in wanted if isinstance(user_id, str) and user_id[:3] == "005")
    for place, user_id in enumerate(sorted({*used, *names} - known.keys()), 1):
        first, last = names.get(user_id, ("Sales", f"Person {place}"))
        _add_user(org, user_id, (first, last, f"sales{place}"))
