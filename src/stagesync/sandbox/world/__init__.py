"""Makes a believable base of people for both simulators.

A software vendor's market in Europe: people who work for firms, known to HubSpot, to Salesforce or
to both under differing spellings, with two years of activity and with stages that disagree.
The shape of a world (ids, names, relative times) depends on its seed and its size alone; `now` only
says where on the calendar it lies.
"""

from dataclasses import dataclass
from random import Random

from stagesync.sandbox.seeds import HubSpotSeed, Human, SalesforceSeed
from stagesync.sandbox.world.custom_fields import (
    EXTRA_PICKLIST_VALUES,
    HUBSPOT_FIELDS,
    SALESFORCE_FIELDS,
    HubSpotField,
    SalesforceField,
)
from stagesync.sandbox.world.hubspot import write_hubspot
from stagesync.sandbox.world.owners import Owner, make_owners
from stagesync.sandbox.world.people import make_drafts
from stagesync.sandbox.world.salesforce import write_salesforce
from stagesync.sandbox.world.salesforce_activity import MEMBER_STATUSES
from stagesync.sandbox.world.timing import anchor_of

__all__ = [
    "EXTRA_PICKLIST_VALUES",
    "HUBSPOT_FIELDS",
    "MEMBER_STATUSES",
    "SALESFORCE_FIELDS",
    "HubSpotField",
    "Owner",
    "SalesforceField",
    "World",
    "make_world",
]


@dataclass(frozen=True, slots=True)
class World:
    """Both CRMs' content, and who is who in it.

    Attributes:
        humans: one for each human, in the order of their keys.
        owners: the vendor's sales people, whom OwnerId and hubspot_owner_id name.
    """

    hubspot: HubSpotSeed
    salesforce: SalesforceSeed
    humans: list[Human]
    owners: tuple[Owner, ...]


def make_world(*, contacts: int, seed: int, now: float) -> World:
    """A world of `contacts` humans.

    Args:
        contacts: how many humans, 0 or more; 60 % of them are in both CRMs.
        seed: the same seed and size give the same shape.
        now: Unix seconds; whatever has happened lies at least five minutes before.
    """
    rng = Random(f"stagesync world {seed} {contacts}")
    owners = make_owners(rng)
    drafts = make_drafts(rng, people=contacts)
    anchor = anchor_of(now)
    hubspot, in_hubspot = write_hubspot(rng, drafts, anchor=anchor, owners=owners)
    salesforce, in_salesforce = write_salesforce(rng, drafts, anchor=anchor, owners=owners)
    humans = [
        Human(
            key=draft.key,
            hubspot_contacts=(in_hubspot[draft.key],) if draft.key in in_hubspot else (),
            salesforce_records=in_salesforce.get(draft.key, ()),
            note=draft.note,
        )
        for draft in drafts
    ]
    return World(hubspot, salesforce, humans, owners)
