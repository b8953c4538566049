"""What stagesync may write, said once more from `mappings/*.yaml`, so that a misreading shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .crms import Values
from .journal import Place

OWN_STAGE = {
    ("hubspot", "company"): "stagesync_stage",
    ("hubspot", "contact"): "stagesync_stage",
    ("salesforce", "account"): "Lifecycle_Stage__c",
    ("salesforce", "lead"): "Lifecycle_Stage__c",
    ("salesforce", "contact"): "Lifecycle_Stage__c",
}
_HUBSPOT = ("changed_at", "content", "fit", "previous_stage", "reason", "score")
_SALESFORCE = ("Changed_At", "Content", "Fit", "Previous_Stage", "Reason", "Score")
_OF_PEOPLE = "stagesync_next_contact", "Lifecycle_Next_Contact__c"
COMPANIONS = {
    ("hubspot", "company"): tuple(f"stagesync_{name}" for name in _HUBSPOT),
    ("hubspot", "contact"): (*(f"stagesync_{name}" for name in _HUBSPOT), _OF_PEOPLE[0]),
    ("salesforce", "account"): tuple(f"Lifecycle_{name}__c" for name in _SALESFORCE),
    ("salesforce", "lead"): (*(f"Lifecycle_{name}__c" for name in _SALESFORCE), _OF_PEOPLE[1]),
    ("salesforce", "contact"): (*(f"Lifecycle_{name}__c" for name in _SALESFORCE), _OF_PEOPLE[1]),
}
"""What stands beside the stage; companies are not contacted, their people are."""

LIFECYCLE = (
    "",
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
)
FORWARD = {
    # field -> what may be replaced, in the order in which it goes forward
    ("hubspot", "contact", "lifecyclestage"): LIFECYCLE[:7],
    ("hubspot", "contact", "hs_lead_status"): (
        "",
        "NEW",
        "OPEN",
        "IN_PROGRESS",
        "ATTEMPTED_TO_CONTACT",
        "CONNECTED",
        "OPEN_DEAL",
        "BAD_TIMING",
    ),
    ("salesforce", "lead", "Status"): ("", "Open - Not Contacted", "Working - Contacted"),
    ("salesforce", "account", "Type"): ("", "Prospect"),
}
STAGE_FIELDS = {*OWN_STAGE.values(), *(name for _, _, name in FORWARD)}
"""Where an edit of somebody is an edit of a stage."""

FINAL = {
    "lifecyclestage": ("evangelist",),
    "hs_lead_status": ("UNQUALIFIED",),
    "Status": ("Closed - Not Converted",),
    "Type": ("Customer - Direct",),
}
"""What the last of these may become, too; a converted status never."""

DERIVED = {
    "lastmodifieddate", "SystemModstamp", "LastModifiedDate", "LastModifiedById",
    "num_associated_contacts", "num_associated_deals", "createdate",
}  # fmt: skip
"""What the vendors work out by themselves when a record is written; beside HubSpot's `hs_` fields."""


def is_derived(name: str) -> bool:
    return name in DERIVED or (name.startswith("hs_") and name != "hs_lead_status")


def may_write(place: Place, field: str) -> bool:
    """Whether the mapping writes this field at all."""
    kind = place[:2]
    return (
        field == OWN_STAGE.get(kind)
        or field in COMPANIONS.get(kind, ())
        or (*kind, field) in FORWARD
    )


def objection(place: Place, field: str, before: Values, after: Any) -> str:
    """Why this value must not have been written over the record; empty when it may."""
    if place[1] == "lead" and before.get("IsConverted"):
        return "the lead is converted"
    order = FORWARD.get((*place[:2], field))
    if order is None:
        return "" if may_write(place, field) else "the field is not ours"
    old, new = str(before.get(field) or ""), str(after or "")
    if old not in order:
        return f"{old} may not be replaced"
    ladder = (*order, *FINAL[field])
    if new not in ladder:
        return f"{new} is not ours to set"
    return "" if ladder.index(new) > ladder.index(old) else "that is no step forward"


def alike(one: Any, other: Any) -> bool:
    """Whether two spellings are one value, whatever CRM or store they come from."""
    return _plain(one) == _plain(other)


def _plain(value: Any) -> Any:
    if value is None or value is False or value in ("", "false"):
        return None
    if value is True:
        return "true"
    if isinstance(value, (int, float)):
        return round(float(value), 6)
    text = str(value)
    try:
        return round(float(text), 6)
    except ValueError:
        pass
    try:
        return float(int(datetime.fromisoformat(text).timestamp()))
    except ValueError:
        return text


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Names of fields that differ, without what the vendors derive."""
    names = sorted({*one, *other})
    return [n for n in names if not is_derived(n) and not alike(one.get(n), other.get(n))]
