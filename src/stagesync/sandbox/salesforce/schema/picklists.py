"""The value lists of a fresh org. Label and value are the same text unless a line says otherwise.

Source: describe answers of real orgs and the object reference
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/ (seen 2026-11)
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PicklistValue:
    """One entry of a value list: `value` is what the API stores, `label` what people see."""

    value: str
    label: str
    is_default: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True)
class LeadStatusRow:
    """One entry of the Lead status list, with what only the LeadStatus object tells."""

    name: str
    is_converted: bool = False
    is_default: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class StageRow:
    """One entry of the opportunity stage list, with what the stage decides."""

    name: str
    probability: int
    forecast: str
    is_closed: bool = False
    is_won: bool = False


LEAD_STATUS_SETS = {
    "classic": (
        LeadStatusRow("Open - Not Contacted", is_default=True),
        LeadStatusRow("Working - Contacted"),
        LeadStatusRow("Closed - Converted", is_converted=True),
        LeadStatusRow("Closed - Not Converted"),
    ),
    "newer": (
        LeadStatusRow("New", is_default=True),
        LeadStatusRow("Contacted"),
        LeadStatusRow("Nurturing"),
        LeadStatusRow("Unqualified"),
        LeadStatusRow("Qualified", is_converted=True),
    ),
}

STAGES = (
    StageRow("Prospecting", 10, "Pipeline"),
    StageRow("Qualification", 10, "Pipeline"),
    StageRow("Needs Analysis", 20, "Pipeline"),
    StageRow("Value Proposition", 50, "Pipeline"),
    StageRow("Id. Decision Makers", 60, "Pipeline"),
    StageRow("Perception Analysis", 70, "Pipeline"),
    StageRow("Proposal/Price Quote", 75, "Pipeline"),
    StageRow("Negotiation/Review", 90, "Pipeline"),
    StageRow("Closed Won", 100, "Closed", is_closed=True, is_won=True),
    StageRow("Closed Lost", 0, "Omitted", is_closed=True),
)


def plain_values(*names: str, default: str = "") -> tuple[PicklistValue, ...]:
    return tuple(PicklistValue(name, name, name == default) for name in names)


def lead_status_values(value_set: str) -> tuple[PicklistValue, ...]:
    return tuple(
        PicklistValue(row.name, row.name, row.is_default) for row in LEAD_STATUS_SETS[value_set]
    )


_INDUSTRIES = (
    "Agriculture,Apparel,Banking,Biotechnology,Chemicals,Communications,Construction,Consulting,"
    "Education,Electronics,Energy,Engineering,Entertainment,Environmental,Finance,Food & Beverage,"
    "Government,Healthcare,Hospitality,Insurance,Machinery,Manufacturing,Media,Not For Profit,"
    "Recreation,Retail,Shipping,Technology,Telecommunications,Transportation,Utilities,Other"
)

PICKLISTS: dict[str, tuple[PicklistValue, ...]] = {
    "LeadStatus": lead_status_values("classic"),
    "LeadSource": plain_values(
        "Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"
    ),
    "Rating": plain_values("Hot", "Warm", "Cold"),
    "Industry": plain_values(*_INDUSTRIES.split(",")),
    "Clean": plain_values("Matched", "Different", "Pending", "NotFound"),
    "AccountType": plain_values(
        "Prospect",
        "Customer - Direct",
        "Customer - Channel",
        "Channel Partner / Reseller",
        "Installation Partner",
        "Technology Partner",
        "Other",
    ),
    "Ownership": plain_values("Public", "Private", "Subsidiary", "Other"),
    "StageName": plain_values(*(row.name for row in STAGES)),
    "OpportunityType": plain_values(
        "Existing Customer - Upgrade",
        "Existing Customer - Replacement",
        "Existing Customer - Downgrade",
        "New Customer",
    ),
    "ForecastCategory": plain_values("Omitted", "Pipeline", "BestCase", "Forecast", "Closed"),
    "ForecastCategoryName": plain_values("Omitted", "Pipeline", "Best Case", "Commit", "Closed"),
    "ContactRole": plain_values(
        "Business User",
        "Decision Maker",
        "Economic Buyer",
        "Economic Decision Maker",
        "Evaluator",
        "Executive Sponsor",
        "Influencer",
        "Technical Buyer",
        "Other",
    ),
    "TaskStatus": plain_values(
        "Not Started",
        "In Progress",
        "Completed",
        "Waiting on someone else",
        "Deferred",
        default="Not Started",
    ),
    "Priority": plain_values("High", "Normal", "Low", default="Normal"),
    "TaskSubtype": plain_values(
        "Task", "Email", "ListEmail", "Call", "Cadence", "LinkedIn", default="Task"
    ),
    "EventSubtype": plain_values("Event", default="Event"),
    "CallType": plain_values("Internal", "Inbound", "Outbound"),
    "CampaignType": plain_values(
        "Conference",
        "Webinar",
        "Trade Show",
        "Public Relations",
        "Partners",
        "Referral Program",
        "Advertisement",
        "Banner Ads",
        "Direct Mail",
        "Email",
        "Telemarketing",
        "Other",
    ),
    "CampaignStatus": plain_values(
        "Planned", "In Progress", "Completed", "Aborted", default="Planned"
    ),
    "MemberStatus": plain_values("Sent", "Responded", default="Sent"),
    "Salutation": plain_values("Mr.", "Ms.", "Mrs.", "Dr.", "Prof."),
}
