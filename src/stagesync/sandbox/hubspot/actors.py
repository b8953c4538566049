"""Who changes records beside the API's own clients, and how the history signs it.

Source: https://developers.hubspot.com/docs/guides/api/crm/properties (seen 2026-11).
"""

from stagesync.sandbox.hubspot.model import Source
from stagesync.sandbox.hubspot.portal import HUMAN_USER_ID, OTHER_APP_ID

_USER = f"userId:{HUMAN_USER_ID}"
ACTORS = {
    "human": Source("CRM_UI", _USER, HUMAN_USER_ID),
    "bulk": Source("CRM_UI_BULK_ACTION", _USER, HUMAN_USER_ID),
    "mobile": Source("MOBILE_IOS", _USER, HUMAN_USER_ID),
    "import": Source("IMPORT", "40001234", HUMAN_USER_ID),
    "workflow": Source("AUTOMATION_PLATFORM", "enrollmentId:88001;actionExecutionIndex:0"),
    "form": Source("FORM", "6f2d8c1e-0000-4000-8000-5a1e5f0c0001"),
    "salesforce": Source("SALESFORCE", "salesforce-sync"),
    "other_app": Source("INTEGRATION", str(OTHER_APP_ID)),
}


def actor_named(name: str) -> Source:
    """How this actor's changes are signed.

    Raises:
        ValueError: naming the known ones.
    """
    if name not in ACTORS:
        raise ValueError(f"actor must be one of {', '.join(ACTORS)}, given {name!r}")
    return ACTORS[name]
