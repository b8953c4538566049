"""Record ids: 15 case-sensitive characters, or the same with a checksum of three for 18.

The first three characters name the object. The checksum has one letter per block of five: bit i is
set when the block's i-th character is a capital.
"""

import re

PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "User": "005",
    "Opportunity": "006",
    "OpportunityContactRole": "00K",
    "Lead": "00Q",
    "Task": "00T",
    "Event": "00U",
    "CampaignMember": "00v",
    "Organization": "00D",
    "CustomField": "00N",
    "CampaignMemberStatus": "01Y",
    "LeadStatus": "01J",
    "OpportunityStage": "01J",
    "FieldPermissions": "01k",
    "PermissionSetAssignment": "0Pa",
    "PermissionSet": "0PS",
    "Campaign": "701",
    "AccountHistory": "017",
    "ContactHistory": "017",
    "LeadHistory": "017",
    "OpportunityFieldHistory": "017",
    "TaskRelation": "0RT",
    "EventRelation": "0RE",
    "GlobalValueSet": "0Nt",
    "RecordType": "012",
    "Profile": "00e",
    "UserLicense": "100",
    "FieldDefinition": "000",
    "BulkJob": "750",
}
# Objects of the set-up and of history share prefixes, so that an id does not tell which it is.
AMBIGUOUS = frozenset(
    {
        "LeadStatus",
        "OpportunityStage",
        "AccountHistory",
        "ContactHistory",
        "LeadHistory",
        "OpportunityFieldHistory",
    }
)
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")


def with_checksum(id15: str) -> str:
    """The 18-character form of a 15-character id."""
    suffix = ""
    for start in (0, 5, 10):
        block = id15[start : start + 5]
        suffix += _CHECK[sum(1 << i for i, char in enumerate(block) if "A" <= char <= "Z")]
    return id15 + suffix


def full_id(text: object) -> str | None:
    """The 18-character form of what a client sent, or None when it is no id at all."""
    if not isinstance(text, str) or not _SHAPE.fullmatch(text):
        return None
    expected = with_checksum(text[:15])
    return expected if len(text) == 15 or text == expected else None


def make_id(object_name: str, number: int) -> str:
    """The id of the number-th record that the simulator makes itself."""
    digits = ""
    rest = number
    while rest:
        rest, digit = divmod(rest, 62)
        digits = _DIGITS[digit] + digits
    # "Sb" stands where a real id names its instance, so made ids never meet seeded ones by chance.
    return with_checksum(f"{PREFIXES[object_name]}Sb{digits:0>10}")
