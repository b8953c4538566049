"""What Salesforce calls things: objects, addresses, error codes and limits.

Everything that depends on the vendor's words and is not an algorithm stands here.
Pages of https://developer.salesforce.com/docs, seen 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from stagesync.connector import ObjectKind, Refusal, RequestRefused, Role

# --- objects -------------------------------------------------------------------------------------
# https://developer.salesforce.com/docs/platform/object-reference (standard objects)


@dataclass(frozen=True, slots=True)
class SObject:
    """A kind of record in both tongues.

    Attributes:
        kind: ours.
        name: the vendor's.
        references: fields whose id says what the record names; the id's prefix says which object.
        only: a SOQL condition that every pull adds; empty for none.
        parents: relationships whose fields may be asked for, by the vendor's object.
        always: fields that every pull and read asks for, beside those of all objects.
        merges: people may merge its records: a loser bears the winner's id.
        archives: old records leave plain queries, though they are still there.
        relation: the object that names the people of an activity, where it may have several.
        related: which rows of that object count, beside those that are there.
    """

    kind: ObjectKind
    name: str
    references: tuple[str, ...] = ()
    only: str = ""
    parents: Mapping[str, str] | None = None
    always: tuple[str, ...] = ()
    merges: bool = False
    archives: bool = False
    relation: str = ""
    related: str = ""

    @property
    def children(self) -> str:
        """What the rows of `relation` are called in a subquery and its answer."""
        return f"{self.relation}s" if self.relation else ""

    def conditions(self) -> tuple[str, ...]:
        """What every query for its live records says; archived ones are seen by `queryAll` alone."""
        shown = ("IsDeleted = false",) if self.archives else ()
        return (*shown, self.only) if self.only else shown


_ACTIVITY_LINKS = ("lead", "contact", "account")
_TO_ACCOUNT = {"Account": "Account"}

OBJECTS = (
    SObject(ObjectKind("account", Role.ACCOUNT, writable=True), "Account", merges=True),
    SObject(
        ObjectKind("lead", Role.PERSON, writable=True, links=("contact", "account")),
        "Lead",
        references=("ConvertedContactId", "ConvertedAccountId"),
        always=("IsConverted",),
        merges=True,
    ),
    SObject(
        ObjectKind("contact", Role.PERSON, writable=True, links=("account",)),
        "Contact",
        references=("AccountId",),
        parents=_TO_ACCOUNT,
        merges=True,
    ),
    SObject(
        ObjectKind("opportunity", Role.DEAL, links=("account",)),
        "Opportunity",
        references=("AccountId",),
        parents=_TO_ACCOUNT,
    ),
    SObject(
        ObjectKind("opportunity_contact_role", Role.LINK, links=("opportunity", "contact")),
        "OpportunityContactRole",
        references=("OpportunityId", "ContactId"),
    ),
    SObject(
        ObjectKind("task", Role.ACTIVITY, links=_ACTIVITY_LINKS),
        "Task",
        references=("WhoId", "AccountId"),
        only="WhoId != null",
        parents=_TO_ACCOUNT,
        archives=True,
        relation="TaskRelation",
        related="IsWhat = false",
    ),
    SObject(
        ObjectKind("event", Role.ACTIVITY, links=_ACTIVITY_LINKS),
        "Event",
        references=("WhoId", "AccountId"),
        # A child is the copy that each invited user gets of one and the same meeting.
        only="WhoId != null AND IsChild = false",
        parents=_TO_ACCOUNT,
        archives=True,
        relation="EventRelation",
        # Whom the meeting is about, and who took an invitation to it.
        related="IsWhat = false AND (IsParent = true OR Status = 'Accepted')",
    ),
    SObject(
        ObjectKind("campaign_member", Role.ACTIVITY, links=("lead", "contact")),
        "CampaignMember",
        references=("LeadId", "ContactId"),
        parents={"Campaign": "Campaign"},
    ),
)
BY_NAME = {item.kind.name: item for item in OBJECTS}
OUR_NAME = {item.name: item.kind.name for item in OBJECTS}

# The first three characters of an id say the object. Others, such as a user's, are no link of ours.
_PREFIXES = {"001": "account", "003": "contact", "00Q": "lead", "006": "opportunity"}

# In every answer, whatever was asked for.
STAMP = "SystemModstamp"
ALWAYS = ("Id", STAMP, "CreatedDate")
# Of a merge's loser: the winner.
MASTER = "MasterRecordId"
# On accounts and contacts, in an org that has person accounts.
PERSON = "IsPersonAccount"
# On activities, in an org with Shared Activities.
SHARED = "WhoCount"

# Free text that people write to each other; never asked for, under whichever object.
FORBIDDEN = frozenset({"subject", "description"})


def sobject(name: str) -> SObject:
    """The object of that name of ours.

    Raises:
        RequestRefused: naming the known ones.
    """
    if name not in BY_NAME:
        raise RequestRefused(f"no object {name!r} in Salesforce; known: {', '.join(BY_NAME)}")
    return BY_NAME[name]


def object_of(record_id: str) -> str | None:
    """Our name of the object that an id belongs to, None for objects that are not pulled."""
    return _PREFIXES.get(record_id[:3])


# --- addresses -----------------------------------------------------------------------------------

# Where orgs live: My Domain and instances, government and China included.
# https://help.salesforce.com/s/articleView?id=sf.domain_name_url_formats.htm (seen 2026-11)
DOMAINS = ("salesforce.com", "salesforce.mil", "cloudforce.com", "database.com", "sfcrmproducts.cn")

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105  (a path, not a secret)
SOAP_PATH = "/services/Soap/u/"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
COMPOSITE = "composite"
BATCH = "composite/batch"
COLLECTIONS = "composite/sobjects"
QUERY_JOBS = "jobs/query"
INGEST_JOBS = "jobs/ingest"
CUSTOM_FIELDS = "tooling/sobjects/CustomField"
TOOLING_QUERY = "tooling/query"


def data_path(version: str, rest: str) -> str:
    """A path as subrequests of a composite call name it, from the root."""
    return f"/services/data/v{version}/{rest}"


def query_path(version: str, soql: str, *, deleted: bool = False) -> str:
    """The path of a query as a subrequest; in a body its length has no 16 KB limit.

    Args:
        deleted: shows deleted and archived rows as well.
    """
    return data_path(version, f"{'queryAll' if deleted else 'query'}?q={quote(soql)}")


# --- limits --------------------------------------------------------------------------------------
# https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-composite
# https://developer.salesforce.com/docs/platform/salesforce-app-limits-cheatsheet/guide

COLLECTION_SIZE = 200
RETRIEVE_SIZE = 2000
PAGE_SIZE = 2000
# Of the 25 parts of a composite call only 5 may be queries or collections.
HEAVY_PARTS = 5

WRITE_HEADERS = {
    # Without it the org's assignment rules may change the owner of every lead that is updated.
    "Sforce-Auto-Assign": "FALSE",
    # Change events then tell our own writes.
    "Sforce-Call-Options": "client=stagesync",
    # A rule that merely alerts people to a duplicate would refuse an API write to either of the two,
    # although we change none of the fields that such a rule compares. Rules that block still do.
    "Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=false; runAsCurrentUser=true",
}

# --- error codes ---------------------------------------------------------------------------------
# https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes

# The session is refused for who or where we are, not for its age: logging in again cannot help.
HOPELESS_SESSIONS = (
    "This session is not valid for use with the REST API",
    "Connected app is not attached to Agent",
)
BUSY_STATUSES = frozenset({406, 408, 420, 429, 500, 502, 503, 504})
BUSY_CODES = frozenset(
    {"SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION", "QUERY_TIMEOUT", "UNABLE_TO_LOCK_ROW"}
)
FORBIDDEN_CODES = frozenset(
    {
        "API_DISABLED_FOR_ORG",
        "API_CURRENTLY_DISABLED",
        "FUNCTIONALITY_NOT_ENABLED",
        "TXN_SECURITY_METERING_ERROR",
    }
)
# Their message speaks of our query or of names, never of a person.
SPEAKING_CODES = frozenset({"MALFORMED_QUERY", "INVALID_TYPE", "INVALID_FIELD", "NOT_FOUND"})
LOCKED = "UNABLE_TO_LOCK_ROW"
CONVERTED = "CANNOT_UPDATE_CONVERTED_LEAD"
CONVERTED_WORDS = "cannot reference converted lead"

_REFUSALS = {
    CONVERTED: Refusal.CONVERTED,
    "ENTITY_IS_DELETED": Refusal.GONE,
    "NOT_FOUND": Refusal.GONE,
    "INVALID_CROSS_REFERENCE_KEY": Refusal.GONE,
    LOCKED: Refusal.LOCKED,
    "INVALID_FIELD_FOR_INSERT_UPDATE": Refusal.FORBIDDEN,
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": Refusal.INVALID,
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Refusal.INVALID,
    "FIELD_INTEGRITY_EXCEPTION": Refusal.INVALID,
    "STRING_TOO_LONG": Refusal.INVALID,
    "NUMBER_OUTSIDE_VALID_RANGE": Refusal.INVALID,
    "INVALID_EMAIL_ADDRESS": Refusal.INVALID,
    "INVALID_TYPE_ON_FIELD_IN_RECORD": Refusal.INVALID,
    "MALFORMED_ID": Refusal.INVALID,
    "REQUIRED_FIELD_MISSING": Refusal.INVALID,
}


def refusal_of(code: str, message: str) -> Refusal:
    """What a row's status code means to us."""
    if LOCKED in message:  # an org's own trigger met the lock and wraps it in its own code
        return Refusal.LOCKED
    if code.startswith("DUPLICATE"):
        return Refusal.INVALID
    if code.startswith("INSUFFICIENT_ACCESS"):
        return Refusal.FORBIDDEN
    return _REFUSALS.get(code, Refusal.OTHER)
