"""The switches of the Salesforce simulator; each default is the one that hurts a careless client."""

from dataclasses import dataclass, field
from typing import Any

from stagesync.sandbox.settings import Switches, switch

_CHOICES = {
    "lead_status_set": ("classic", "newer"),
    "usage_header": ("plain", "bursts", "per_app"),
    "bulk_query_refusal": ("request", "job"),
}
MOST_TRACKED = 20


@dataclass(slots=True)
class SalesforceSwitches(Switches):
    """What the documents leave open, or an administrator decides."""

    session_ttl_s: float = switch(7200.0, "How long a session lives without being used.")
    shared_session: bool = switch(
        True, "A second login of the same user and app returns the live session, not a new one."
    )
    jwt_public_key: str = switch(
        "", "The PEM public key or certificate of the app for the JWT bearer flow; empty: none."
    )
    jwt_audiences: list[Any] = field(
        default_factory=list,
        metadata={
            "text": "Audiences accepted beside the login hosts, any My Domain and the present address."
        },
    )
    jwt_max_ahead_s: float = switch(300.0, "How far ahead the expiry of a JWT may lie.")
    jwt_approved: bool = switch(True, "The integration user has approved the app for JWT logins.")
    refresh_rotation: bool = switch(
        True, "A refresh gives a new refresh token; using an old one again kills them all."
    )
    soap_login: bool = switch(True, "The org allows SOAP login() below API 65.0.")
    instance_url: str = switch(
        "",
        "Where the org has moved: what logins answer as instance_url. Sessions of elsewhere end, "
        "and calls to another address are 401. Empty: wherever the caller is.",
    )
    limits_on: bool = switch(True, "Whether the daily limit of API requests is enforced.")
    daily_limit: int = switch(15_000, "API requests allowed in any 24 hours.")
    used_before: int = switch(0, "API requests that others are taken to have used today.")
    soft_margin: float = switch(
        0.0, "The share above the daily limit that is still served: 0.1 serves 110 %."
    )
    usage_header: str = switch("plain", "The form of Sforce-Limit-Info: plain, bursts or per_app.")
    may_view_limits: bool = switch(
        True, "The integration user has View Setup and Configuration, which /limits asks for."
    )
    long_requests_most: int = switch(25, "Concurrent requests of 20 seconds or more; 5 in trials.")
    long_requests_of_others: int = switch(
        0, "How many such requests others have under way; at the limit every call is refused."
    )
    short_pages: bool = switch(True, "Query pages are shorter than asked, at random.")
    short_page_share: float = switch(0.6, "The shortest a page gets, as a share of what was asked.")
    cursor_ttl_s: float = switch(172_800.0, "How long a query cursor lives.")
    commit_lag_max_s: float = switch(
        3.0, "The longest time between the stamp of a changed row and the moment it can be seen."
    )
    commit_lag_share: float = switch(0.3, "The share of changes that commit late.")
    lead_status_set: str = switch("classic", "The Lead.Status list of the org: classic or newer.")
    assignment_rules: bool = switch(
        True, "An assignment rule moves leads and accounts, unless Sforce-Auto-Assign says FALSE."
    )
    duplicate_rule: bool = switch(
        True, "An alerting duplicate rule on the email of leads and contacts is active."
    )
    edit_converted_leads: bool = switch(
        False, "Users have the permission View and Edit Converted Leads."
    )
    lock_row_chance: float = switch(
        0.0, "The chance that a written row is locked by another transaction."
    )
    archive_after_days: int = switch(
        365, "Age in days at which closed activities are archived; 0 never."
    )
    merge_moves_child_stamps: bool = switch(
        False, "Whether the records that a merge or conversion re-parents get a new stamp."
    )
    lead_field_mapping: dict[str, Any] = field(
        default_factory=dict,
        metadata={"text": "Custom lead fields copied on conversion: {lead field: contact field}."},
    )
    validation_rules: list[Any] = field(
        default_factory=list,
        metadata={
            "text": 'Refusals of the administrator: a list of {"object", "field", "equals", '
            '"message"}, and where wanted "code" (of a trigger, say) and "fields".'
        },
    )
    recycle_days: int = switch(15, "Days that a deleted record stays in the recycle bin.")
    person_accounts: bool = switch(
        False, "Person accounts are enabled; like the vendor's, the switch cannot go back."
    )
    record_types: dict[str, Any] = field(
        default_factory=dict,
        metadata={"text": 'Record types by object, the default first: {"Lead": ["Direct"]}.'},
    )
    shared_activities: bool = switch(
        False, "Shared Activities is on: TaskRelation and EventRelation exist; it cannot go back."
    )
    relations_move_stamps: bool = switch(
        False,
        "Whether a person added to an activity, or taken off it, gives the activity a new stamp.",
    )
    tracked_fields: dict[str, Any] = field(
        default_factory=dict,
        metadata={
            "text": "Standard fields with history tracking, beside custom ones made with trackHistory: "
            '{"Lead": ["Status"]}.'
        },
    )
    collections_pass_client: bool = switch(
        False, "Whether writes by collections name the client of Sforce-Call-Options as origin."
    )
    import_backdates: bool = switch(
        True, "Imports may set CreatedDate and LastModifiedDate, which then lie in the past."
    )
    bulk_queued_s: float = switch(2.0, "Seconds that a Bulk job stands in UploadComplete.")
    bulk_running_s: float = switch(3.0, "Seconds that a Bulk job stands in InProgress.")
    bulk_keep_s: float = switch(604_800.0, "How long a Bulk job and its results are kept.")
    bulk_page_rows: int = switch(10_000, "The most rows in one page of Bulk query results.")
    bulk_query_jobs_most: int = switch(10_000, "Bulk query jobs in any 24 hours.")
    bulk_result_kb_most: int = switch(1_000_000_000, "Kilobytes of query results in 24 hours.")
    bulk_batches_most: int = switch(15_000, "Ingest batches of 10,000 rows in any 24 hours.")
    bulk_upload_bytes_most: int = switch(100_000_000, "The largest CSV of an ingest job.")
    bulk_query_refusal: str = switch(
        "job",
        "Where a query that Bulk does not allow fails: at the request, or later as a failed job.",
    )
    bulk_hard_delete: bool = switch(False, "The user has the permission Bulk API Hard Delete.")
    bulk_unprocessed_share: float = switch(
        0.0, "The share of the rows of an ingest job that time out: the job fails with them undone."
    )
    bulk_refused_objects: list[Any] = field(
        default_factory=lambda: ["LeadStatus", "OpportunityStage"],
        metadata={"text": "Objects that Bulk does not support."},
    )

    def update(self, changes: dict[str, Any]) -> None:
        """Sets several switches at once, or none of them.

        Raises:
            ValueError: for an unknown switch, a value of the wrong kind or outside its choices,
                a validation rule without its keys, or a feature that cannot go back.
        """
        for name, choices in _CHOICES.items():
            if changes.get(name, choices[0]) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}")
        for name in ("person_accounts", "shared_activities"):
            if getattr(self, name) and changes.get(name) is False:
                raise ValueError(f"{name} cannot be switched off again")
        kinds = changes.get("record_types", {})
        for names in kinds.values() if isinstance(kinds, dict) else ():
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise ValueError("record_types takes lists of names")
        tracked = changes.get("tracked_fields", {})
        for names in tracked.values() if isinstance(tracked, dict) else ():
            if not isinstance(names, list) or len(names) > MOST_TRACKED:
                raise ValueError(f"tracked_fields takes lists of at most {MOST_TRACKED} fields")
        rules = changes.get("validation_rules", [])
        for rule in rules if isinstance(rules, list) else []:
            if (
                not isinstance(rule, dict)
                or not {"object", "field", "equals", "message"} <= rule.keys()
            ):
                raise ValueError("a validation rule needs object, field, equals and message")
        # The class is rebuilt for its slots, so the form without arguments would not find itself.
        Switches.update(self, changes)
