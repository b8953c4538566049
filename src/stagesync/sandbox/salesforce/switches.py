"""The switches of the Salesforce simulator; each default is the one that hurts a careless client."""

from dataclasses import dataclass, field
from typing import Any

from stagesync.sandbox.settings import Switches, switch


@dataclass(slots=True)
class SalesforceSwitches(Switches):
    """What the documents leave open, or an administrator decides."""

    session_ttl_s: float = switch(7200.0, "How long a session lives without being used.")
    shared_session: bool = switch(
        True, "A second login of the same user and app returns the live session, not a new one."
    )
    limits_on: bool = switch(True, "Whether the daily limit of API requests is enforced.")
    daily_limit: int = switch(15_000, "API requests allowed in any 24 hours.")
    used_before: int = switch(0, "API requests that others are taken to have used today.")
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
            "text": "Refusals of the administrator: a list of "
            '{"object", "field", "equals", "message"}.'
        },
    )

    def update(self, changes: dict[str, Any]) -> None:
        """Sets several switches at once, or none of them.

        Raises:
            ValueError: for an unknown switch, a value of the wrong kind, an unknown status list,
                or a validation rule without its keys.
        """
        if changes.get("lead_status_set", "classic") not in {"classic", "newer"}:
            raise ValueError("lead_status_set must be classic or newer")
        rules = changes.get("validation_rules", [])
        for rule in rules if isinstance(rules, list) else []:
            if (
                not isinstance(rule, dict)
                or not {"object", "field", "equals", "message"} <= rule.keys()
            ):
                raise ValueError("a validation rule needs object, field, equals and message")
        # The class is rebuilt for its slots, so the form without arguments would not find itself.
        Switches.update(self, changes)
