"""Every object of the simulated org, built afresh for each org because custom fields join them."""

from stagesync.sandbox.salesforce.schema import people, sales, setup
from stagesync.sandbox.salesforce.schema.fields import ObjectDef, read_object

_COMMON = """
Id id -c -u
IsDeleted boolean -c -u
CreatedDate datetime -c -u
CreatedById reference -c -u >User:CreatedBy
LastModifiedDate datetime -c -u
LastModifiedById reference -c -u >User:LastModifiedBy
SystemModstamp datetime -c -u
"""
# Set-up objects have no recycle bin.
_SETUP = _COMMON.replace("IsDeleted boolean -c -u\n", "")
# FieldPermissions carries no dates at all.
_BARE = "Id id -c -u\n"
# History is written once: it has a beginning and nothing after.
_WRITTEN_ONCE = """
Id id -c -u
IsDeleted boolean -c -u
CreatedDate datetime -c -u
CreatedById reference -c -u >User:CreatedBy
"""
_HISTORIES = (
    ("Account", "AccountHistory"),
    ("Contact", "ContactHistory"),
    ("Lead", "LeadHistory"),
    ("Opportunity", "OpportunityFieldHistory"),
)


def make_objects() -> dict[str, ObjectDef]:
    """The data and set-up objects of the REST API, by name."""
    found = [
        read_object("Account", people.ACCOUNT, common=_COMMON, mergeable=True),
        read_object("Contact", people.CONTACT, common=_COMMON, mergeable=True),
        read_object("Lead", people.LEAD, common=_COMMON, mergeable=True),
        read_object("Opportunity", sales.OPPORTUNITY, common=_COMMON, plural="Opportunities"),
        read_object("OpportunityContactRole", sales.OPPORTUNITY_CONTACT_ROLE, common=_COMMON),
        read_object("Task", sales.TASK, common=_COMMON),
        read_object("Event", sales.EVENT, common=_COMMON),
        read_object("Campaign", sales.CAMPAIGN, common=_COMMON),
        read_object("CampaignMember", sales.CAMPAIGN_MEMBER, common=_COMMON),
        *_setup_objects(),
        *(_history_object(parent, name) for parent, name in _HISTORIES),
    ]
    return {item.name: item for item in found}


def _setup_objects() -> list[ObjectDef]:
    return [
        read_object("CampaignMemberStatus", setup.CAMPAIGN_MEMBER_STATUS, common=_COMMON),
        read_object("User", people.USER, common=_SETUP, deletable=False),
        read_object("LeadStatus", setup.LEAD_STATUS, common=_SETUP, fixed=True),
        read_object("OpportunityStage", setup.OPPORTUNITY_STAGE, common=_SETUP, fixed=True),
        read_object("Organization", setup.ORGANIZATION, common=_SETUP, fixed=True),
        read_object("RecordType", setup.RECORD_TYPE, common=_SETUP, fixed=True),
        read_object("Profile", setup.PROFILE, common=_SETUP, fixed=True),
        read_object("UserLicense", setup.USER_LICENSE, common=_SETUP, fixed=True),
        read_object("FieldDefinition", setup.FIELD_DEFINITION, common="", fixed=True),
        read_object("PermissionSet", setup.PERMISSION_SET, common=_SETUP),
        read_object("PermissionSetAssignment", setup.PERMISSION_SET_ASSIGNMENT, common=_BARE),
        read_object("FieldPermissions", setup.FIELD_PERMISSIONS, common=_BARE),
    ]


def make_tooling_objects() -> dict[str, ObjectDef]:
    """The objects that only the Tooling API offers."""
    found = [
        read_object("CustomField", setup.CUSTOM_FIELD, common=_SETUP),
        read_object("GlobalValueSet", setup.GLOBAL_VALUE_SET, common=_SETUP),
    ]
    return {item.name: item for item in found}


def make_relation_objects() -> dict[str, ObjectDef]:
    """The objects that exist only with Shared Activities."""
    found = [
        read_object("TaskRelation", setup.TASK_RELATION, common=_COMMON),
        read_object("EventRelation", setup.EVENT_RELATION, common=_COMMON),
    ]
    return {item.name: item for item in found}


def _history_object(parent: str, name: str) -> ObjectDef:
    table = setup.HISTORY.format(parent=parent, key=f"{parent}Id")
    plural = name.removesuffix("y") + "ies"
    return read_object(name, table, common=_WRITTEN_ONCE, plural=plural, fixed=True)
