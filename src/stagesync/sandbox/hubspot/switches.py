"""What HubSpot's documents leave open, or what differs between accounts."""

from dataclasses import dataclass, field
from typing import Any

from stagesync.sandbox.settings import Switches, switch


@dataclass(slots=True)
class HubSpotSwitches(Switches):
    """The defaults are those that hurt a careless client most, within what has been observed."""

    limits_on: bool = switch(True, "Whether calls are counted and refused at all.")
    burst_limit: int = switch(190, "Calls per token in any ten seconds; search has its own limit.")
    search_limit: int = switch(5, "Searches per second over the whole account.")
    daily_limit: int = switch(625_000, "Calls per account until its midnight.")
    retry_after: bool = switch(False, "Whether a 429 says Retry-After.")
    index_lag_create_s: float = switch(10.0, "Seconds until search finds a new record.")
    index_lag_update_s: float = switch(2.0, "Seconds until search sees a change.")
    search_disorder_s: float = switch(
        0.0, "Search results sorted by an instant are out of order by up to this many seconds."
    )
    negation_matches_empty: bool = switch(
        False, "Whether NEQ, NOT_IN and NOT_CONTAINS_TOKEN find records without a value."
    )
    epoch_zero_500: bool = switch(True, "Whether a search from the epoch itself answers 500.")
    short_pages: bool = switch(
        True, "Whether a list page may hold a few records less than asked for though more follow."
    )
    url_limit: int = switch(8_000, "Characters of path and query before 414.")
    shuffle_batches: bool = switch(True, "Whether batch results come in another order.")
    noop_moves_stamp: bool = switch(
        False, "Whether writing a value that is there already moves the modified date."
    )
    association_moves_stamp: bool = switch(
        True, "Whether counters moved by an association move the modified date of their record."
    )
    restore_moves_stamp: bool = switch(
        False, "Whether bringing an archived record back moves its modified date."
    )
    calculated_moves_stamp: bool = switch(
        False, "Whether recalculated properties move the modified date of their record."
    )
    trace_ids_on_update: bool = switch(
        False, "Whether objectWriteTraceId makes a batch update partial, as it does a create."
    )
    default_stage: str = switch(
        "lead", "Lifecycle stage of a contact or company created without one; empty for none."
    )
    stage_forward_only: bool = switch(
        True, "Whether a program's move to an earlier lifecycle stage changes nothing."
    )
    history_depth: int = switch(0, "Entries that a property's history keeps; 0 for all.")
    enterprise: bool = switch(
        False, "Whether the account's subscription includes event occurrences."
    )
    lead_needs_contact: bool = switch(
        True, "Whether a lead is refused unless it is created with a contact."
    )
    sync_company_to_contact: bool = switch(
        True, "Whether a contact follows its primary company's stage forward."
    )
    sync_deal_created: bool = switch(
        True, "Whether a deal makes its contacts and companies `opportunity`."
    )
    sync_deal_won: bool = switch(True, "Whether a won deal makes them `customer`.")
    rotate_refresh_token: bool = switch(
        False, "Whether each refresh gives a new refresh token and ends the old one."
    )
    private_app_info: bool = switch(
        True, "Whether HubSpot tells which private app a token belongs to."
    )
    oauth_burst_limit: int = switch(110, "Calls per OAuth app in any ten seconds.")
    webhook_delay_s: float = switch(0.0, "Seconds from a change to its first webhook request.")
    webhook_disorder: bool = switch(True, "Whether webhook events come out of order.")
    webhook_duplicates: float = switch(0.05, "Share of webhook events that are sent twice.")
    webhook_event_ids_unique: bool = switch(False, "Whether no two webhook events share an id.")
    webhook_timeout_s: float = switch(5.0, "Seconds a webhook request waits for its answer.")
    webhook_retry_pace: float = switch(
        1.0, "Factor on the pauses before webhook retries, which fill a day; 0 for none at all."
    )
    webhook_old_signature: str = switch("v1", "Which older signature is sent beside v3: v1 or v2.")
    webhook_settings_cache_s: float = switch(
        300.0, "Seconds until webhook settings changed through the API come into force."
    )
    journal_publish_s: float = switch(
        60.0, "Seconds from a change to the journal file that tells of it."
    )
    gateway_delay_s: float = switch(100.0, "How long the fault `524` takes to answer.")
    migration_wait_s: int = switch(60, "What the fault `477` says in Retry-After.")
    required_on_create: dict[str, Any] = field(
        default_factory=dict,
        metadata={"text": "2026-09 only: what the create form requires, {object: [property]}."},
    )
    required_when: dict[str, Any] = field(
        default_factory=dict,
        metadata={"text": "2026-09 only: {object: {property: [required once it has a value]}}."},
    )
