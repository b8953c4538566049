"""What an administrator can switch on in an org, and never off again."""

from stagesync.sandbox.salesforce import persons, recordtypes, relations
from stagesync.sandbox.salesforce.org import Org


def refresh(org: Org) -> None:
    """Makes the org have the features that its switches name."""
    if org.switches.person_accounts:
        persons.enable(org)
    if org.switches.record_types:
        recordtypes.refresh(org)
    if org.switches.shared_activities:
        relations.enable(org)
