"""Fields that follow from other fields of the same or a related row."""

from collections.abc import Callable
from typing import Any

from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.persons import name_account
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.values import day_of


def derive(org: Org, name: str, row: Row, *, before: Row | None) -> None:
    """Works out the derived fields of a row in place.

    Args:
        before: the row as it was; None for a new or a seeded one.
    """
    rule = _RULES.get(name)
    if rule is not None:
        rule(org, row, before)


def _person_name(_org: Org, row: Row, _before: Row | None) -> None:
    parts = (row.get("FirstName"), row.get("LastName"))
    row["Name"] = " ".join(part for part in parts if part)


def _account(_org: Org, row: Row, _before: Row | None) -> None:
    if row.get("IsPersonAccount"):
        name_account(row)


def _opportunity(org: Org, row: Row, before: Row | None) -> None:
    stage = org.stages.get(str(row.get("StageName", "")).lower())
    moved = before is not None and before.get("StageName") != row.get("StageName")
    if moved or (before is None and "LastStageChangeDate" not in row):
        row["LastStageChangeDate"] = org.stamp() if moved else row.get("CreatedDate")
    row["IsClosed"] = stage is not None and stage.is_closed
    row["IsWon"] = stage is not None and stage.is_won
    row["ForecastCategory"] = row["ForecastCategoryName"] = stage.forecast if stage else "Pipeline"
    if stage and (moved or row.get("Probability") is None):
        row["Probability"] = stage.probability
    if row.get("Amount") is not None:
        row["ExpectedRevenue"] = row["Amount"] * (row.get("Probability") or 0) / 100


def _task(org: Org, row: Row, before: Row | None) -> None:
    row["IsClosed"] = row.get("Status") == "Completed"
    row["IsHighPriority"] = row.get("Priority") == "High"
    if not row["IsClosed"]:
        row.pop("CompletedDateTime", None)
    elif row.get("CompletedDateTime") is None:
        row["CompletedDateTime"] = row["LastModifiedDate"] if before is None else org.stamp()
    _activity_account(org, row)


def _event(org: Org, row: Row, _before: Row | None) -> None:
    start = row.get("StartDateTime") or row.get("ActivityDateTime")
    if start is not None:
        row["StartDateTime"] = row["ActivityDateTime"] = start
        row["ActivityDate"] = day_of(start)
        if row.get("EndDateTime") is None:
            row["EndDateTime"] = start + 60 * (row.get("DurationInMinutes") or 60)
        row["DurationInMinutes"] = int((row["EndDateTime"] - start) // 60)
    _activity_account(org, row)


def _activity_account(org: Org, row: Row) -> None:
    for key in ("WhatId", "WhoId"):
        found = org.row(row.get(key) or "")
        if found is None:
            continue
        name, target = found
        account = target["Id"] if name == "Account" else target.get("AccountId")
        if account:
            row["AccountId"] = account
            return


def _campaign_member(org: Org, row: Row, _before: Row | None) -> None:
    row["LeadOrContactId"] = row.get("ContactId") or row.get("LeadId")
    row["Type"] = "Contact" if row.get("ContactId") else "Lead"
    person = org.row(row["LeadOrContactId"] or "")
    if person:
        row["Name"] = person[1].get("Name")
    row["HasResponded"] = org.responds(row.get("CampaignId", ""), row.get("Status", ""))
    if row["HasResponded"] and not row.get("FirstRespondedDate"):
        row["FirstRespondedDate"] = day_of(row["LastModifiedDate"])


Rule = Callable[[Org, Row, Row | None], Any]
_RULES: dict[str, Rule] = {
    "Account": _account,
    "Lead": _person_name,
    "Contact": _person_name,
    "User": _person_name,
    "Opportunity": _opportunity,
    "Task": _task,
    "Event": _event,
    "CampaignMember": _campaign_member,
}
