"""What a simulator is filled with: plain values, made by the world generator or by a test."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HubSpotRecord:
    """One HubSpot record as it stands when the simulator starts.

    Attributes:
        id: digits.
        created_at: Unix seconds.
        updated_at: Unix seconds; what `lastmodifieddate` will say.
        properties: every value is text, as HubSpot keeps it.
    """

    id: str
    created_at: float
    updated_at: float
    properties: dict[str, str]


@dataclass(frozen=True, slots=True)
class HubSpotSeed:
    """A whole HubSpot account.

    Attributes:
        objects: records by "contacts", "companies", "deals", "meetings", "calls".
        associations: (from_type, from_id, to_type, to_id), held in both directions;
            the first company of a contact is its primary one.
    """

    objects: dict[str, list[HubSpotRecord]] = field(default_factory=dict)
    associations: list[tuple[str, str, str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SalesforceSeed:
    """A whole Salesforce org.

    Attributes:
        rows: rows by object name. Each has an 18-character "Id"; instants are Unix seconds as
            float, dates are "YYYY-MM-DD", anything else is text, number, truth or None.
    """

    rows: dict[str, list[dict[str, object]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Human:
    """One human of the generated world and the records that stand for them, for tests.

    Attributes:
        key: stable for a seed.
        note: the special kind ("duplicate", "shared_mailbox", "converted", ...), "" when ordinary.
    """

    key: str
    hubspot_contacts: tuple[str, ...]
    salesforce_records: tuple[str, ...]
    note: str = ""
