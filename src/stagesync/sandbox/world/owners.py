"""The vendor's own sales people, who own records in both CRMs."""

from dataclasses import dataclass
from random import Random

from stagesync.sandbox.world.ids import hubspot_ids, salesforce_ids

_NAMES = (
    ("Margaux", "Vernier"),
    ("Tom", "Ashby"),
    ("Ludivine", "Kerbrat"),
    ("Hamza", "Belkacem"),
    ("Rosie", "Fairclough"),
    ("Aurélien", "Tavernier"),
)
_DOMAIN = "lumeris-soft.com"


@dataclass(frozen=True, slots=True)
class Owner:
    """One of the vendor's people, with their user ids."""

    first: str
    last: str
    email: str
    hubspot_id: str
    salesforce_id: str


def make_owners(rng: Random) -> tuple[Owner, ...]:
    in_hubspot = hubspot_ids(rng, kind="owners")
    in_salesforce = salesforce_ids(rng, kind="User")
    return tuple(
        Owner(
            first, last, f"{first[0].lower()}.{last.lower()}@{_DOMAIN}", hubspot_id, salesforce_id
        )
        for (first, last), hubspot_id, salesforce_id in zip(
            _NAMES, in_hubspot, in_salesforce, strict=False
        )
    )
