"""The custom fields that this world's company made in its CRMs, as plain data for the simulators' schemas.

`relationship_type` / `Relationship__c` say who is no buyer (competitor, student, supplier);
`churned` / `Churned__c` say which companies left; `main_need` / `Main_Need__c` hold what someone is looking for.
"""

from dataclasses import dataclass

RELATIONSHIPS = ("prospect", "competitor", "student", "supplier", "partner")


@dataclass(frozen=True, slots=True)
class HubSpotField:
    """A custom property: `object` is "contacts" or "companies"; `options` are (value, label)."""

    object: str
    name: str
    label: str
    type: str
    field_type: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SalesforceField:
    """A custom field: `object` is the API name of its object; `values` are the values of a picklist."""

    object: str
    name: str
    label: str
    type: str
    values: tuple[str, ...] = ()


HUBSPOT_FIELDS = (
    HubSpotField(
        "contacts",
        "relationship_type",
        "Relationship type",
        "enumeration",
        "select",
        tuple((value, value.capitalize()) for value in RELATIONSHIPS),
    ),
    HubSpotField("contacts", "main_need", "Main need", "string", "text"),
    HubSpotField(
        "companies",
        "churned",
        "Churned",
        "bool",
        "booleancheckbox",
        (("true", "Yes"), ("false", "No")),
    ),
)

SALESFORCE_FIELDS = (
    SalesforceField("Lead", "Relationship__c", "Relationship", "picklist", RELATIONSHIPS),
    SalesforceField("Contact", "Relationship__c", "Relationship", "picklist", RELATIONSHIPS),
    SalesforceField("Lead", "Main_Need__c", "Main need", "string"),
    SalesforceField("Contact", "Main_Need__c", "Main need", "string"),
    SalesforceField("Account", "Churned__c", "Churned", "boolean"),
)

EXTRA_PICKLIST_VALUES = {
    ("Lead", "Status"): ("Call back in spring",),
    ("Account", "Type"): ("Alumni",),
    ("Campaign", "Type"): ("Content",),
}
"""Values beyond the vendor's own lists that this company added: (object, field) -> API values."""
