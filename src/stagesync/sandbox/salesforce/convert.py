"""Lead conversion, as a person does it in the CRM.

The lead stays, read-only, with the ids of what it became. An existing contact or account gets only
its empty fields filled. Custom fields go along only where the org maps them. Activities move to the
contact, with new stamps; campaign memberships get the contact beside the lead.

Source: https://help.salesforce.com/s/articleView?id=sales.faq_leads.htm (seen 2026-11)
"""

from collections.abc import Mapping
from typing import Any

from stagesync.sandbox.salesforce.history import note_event
from stagesync.sandbox.salesforce.ids import full_id
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.picklists import LEAD_STATUS_SETS
from stagesync.sandbox.salesforce.values import day_of
from stagesync.sandbox.salesforce.writing import WriteOptions, create_row, move_silently, touch

DAY_S = 86_400.0
_TO_CONTACT = {
    **{
        name: name
        for name in (
            "FirstName",
            "LastName",
            "Salutation",
            "Title",
            "Email",
            "Phone",
            "MobilePhone",
            "Fax",
            "LeadSource",
            "Description",
            "HasOptedOutOfEmail",
            "DoNotCall",
        )
    },
    **{part: f"Mailing{part}" for part in ("Street", "City", "State", "PostalCode", "Country")},
}
_TO_ACCOUNT = {
    "Company": "Name",
    **{
        name: name
        for name in ("Industry", "AnnualRevenue", "NumberOfEmployees", "Website", "Phone", "Rating")
    },
    **{part: f"Billing{part}" for part in ("Street", "City", "State", "PostalCode", "Country")},
}


def convert_lead(org: Org, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Converts a lead and returns the ids of lead, contact, account and opportunity.

    Args:
        payload: "lead"; "contact" and "account" to reuse; "opportunity" true to make one.

    Raises:
        LookupError: for a record that does not exist.
        ValueError: for a lead that is converted already, or without a company to make an account.
        RowRefusedError: when a rule of the org refuses the new records.
    """
    lead = live_row(org, "Lead", payload.get("lead"))
    if lead.get("IsConverted"):
        raise ValueError(f"lead {lead['Id']} is already converted")
    contact = live_row(org, "Contact", payload["contact"]) if payload.get("contact") else None
    reused = contact is not None
    account = _account(org, lead, contact=contact, wanted=payload.get("account"))
    contact = _contact(org, lead, contact=contact, account=account)
    how = "contactUpdatedByLead" if reused else "contactCreatedByLead"
    note_event(org, "Contact", contact, event=how)
    opportunity = _opportunity(org, lead, account) if payload.get("opportunity") else None
    _move_activities(org, lead, contact, related=opportunity or account)
    _move_memberships(org, lead, contact)
    _close(org, lead, contact=contact, account=account, opportunity=opportunity)
    return {
        "lead": lead["Id"],
        "contact": contact["Id"],
        "account": account["Id"],
        "opportunity": opportunity["Id"] if opportunity else None,
    }


def live_row(org: Org, name: str, given: object) -> Row:
    """The row a person chose; their choice commits what is under way.

    Raises:
        LookupError: when it does not exist or is deleted.
    """
    record_id = full_id(given) or ""
    table = org.table(name)
    table.commit(record_id)
    row = table.rows.get(record_id)
    if row is None or row.get("IsDeleted"):
        raise LookupError(f"there is no {name} {given}")
    return row


def by_hand(org: Org) -> WriteOptions:
    """How a person writes: past field permissions, assignment rules and duplicate alerts."""
    return WriteOptions(org.human_id, auto_assign=False, allow_duplicates=True, by_api=False)


def _mapped(lead: Row, mapping: Mapping[str, str]) -> Row:
    # Blanks around a text do not survive a write, here no less than by the API.
    found = ((target, lead.get(source)) for source, target in mapping.items())
    pairs = ((t, value.strip() if isinstance(value, str) else value) for t, value in found)
    return {target: value for target, value in pairs if value not in (None, False)}


def _account(org: Org, lead: Row, *, contact: Row | None, wanted: object) -> Row:
    chosen = wanted or (contact or {}).get("AccountId")
    if chosen:
        return _filled(org, "Account", live_row(org, "Account", chosen), _mapped(lead, _TO_ACCOUNT))
    if not lead.get("Company"):
        return _person_account(org, lead)
    values = _mapped(lead, _TO_ACCOUNT) | {"OwnerId": lead["OwnerId"]}
    return create_row(org, org.objects["Account"], values, options=by_hand(org))


def _person_account(org: Org, lead: Row) -> Row:
    if not org.switches.person_accounts:
        raise ValueError(f"lead {lead['Id']} has no company to make an account of")
    same = {name: name for name in ("FirstName", "LastName", "Salutation", "Phone")}
    fields = org.objects["Account"].fields
    theirs = {k: f"Person{v}" for k, v in _TO_CONTACT.items() if f"Person{v}" in fields}
    own = {
        key: f"{target.removesuffix('__c')}__pc"
        for key, target in org.switches.lead_field_mapping.items()
    }
    values = _mapped(lead, same | theirs | own) | {"OwnerId": lead["OwnerId"]}
    return create_row(org, org.objects["Account"], values, options=by_hand(org))


def _contact(org: Org, lead: Row, *, contact: Row | None, account: Row) -> Row:
    if account.get("IsPersonAccount"):
        return live_row(org, "Contact", account["PersonContactId"])
    mapping = _TO_CONTACT | org.switches.lead_field_mapping
    values = _mapped(lead, mapping) | {"AccountId": account["Id"]}
    if contact is not None:
        return _filled(org, "Contact", contact, values)
    values["OwnerId"] = lead["OwnerId"]
    return create_row(org, org.objects["Contact"], values, options=by_hand(org))


def _filled(org: Org, name: str, row: Row, values: Row) -> Row:
    empty = {key: value for key, value in values.items() if row.get(key) in (None, False)}
    if not empty:
        return row
    return touch(org, name, row["Id"], changes=empty, user_id=org.human_id)


def _opportunity(org: Org, lead: Row, account: Row) -> Row:
    values = {
        "Name": f"{account['Name']}-"[:120],
        "AccountId": account["Id"],
        "StageName": "Qualification",
        "CloseDate": day_of(org.stamp() + 90 * DAY_S),
        "LeadSource": lead.get("LeadSource"),
        "OwnerId": lead["OwnerId"],
    }
    return create_row(org, org.objects["Opportunity"], values, options=by_hand(org))


def _move_activities(org: Org, lead: Row, contact: Row, *, related: Row) -> None:
    for name in ("Task", "Event"):
        for row in _pointing(org, name, "WhoId", lead["Id"]):
            changes = {"WhoId": contact["Id"], "WhatId": row.get("WhatId") or related["Id"]}
            touch(org, name, row["Id"], changes=changes, user_id=org.human_id)


def _move_memberships(org: Org, lead: Row, contact: Row) -> None:
    for row in _pointing(org, "CampaignMember", "LeadId", lead["Id"]):
        move_child(org, "CampaignMember", row["Id"], changes={"ContactId": contact["Id"]})


def move_child(org: Org, name: str, record_id: str, *, changes: Mapping[str, Any]) -> None:
    """Points a child to another parent, with or without new stamps as the switch says."""
    if org.switches.merge_moves_child_stamps:
        touch(org, name, record_id, changes=changes, user_id=org.human_id)
    else:
        move_silently(org, name, record_id, changes=changes)


def _pointing(org: Org, name: str, key: str, target: str) -> list[Row]:
    return [row for row in org.table(name).rows.values() if row.get(key) == target]


def _close(org: Org, lead: Row, *, contact: Row, account: Row, opportunity: Row | None) -> None:
    statuses = org.lead_statuses or LEAD_STATUS_SETS[org.switches.lead_status_set]
    changes = {
        "IsConverted": True,
        "ConvertedDate": day_of(org.stamp()),
        "ConvertedContactId": contact["Id"],
        "ConvertedAccountId": account["Id"],
        "Status": next(status.name for status in statuses if status.is_converted),
    }
    if opportunity is not None:
        changes["ConvertedOpportunityId"] = opportunity["Id"]
    closed = touch(org, "Lead", lead["Id"], changes=changes, user_id=org.human_id)
    note_event(org, "Lead", closed, event="leadConverted")
