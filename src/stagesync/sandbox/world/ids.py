"""Record ids as the vendors make them.

Source: Salesforce ids have 15 case-sensitive characters and three more that encode the case
(https://help.salesforce.com/s/articleView?id=000385008, seen 2026-11); HubSpot's are numbers.
"""

from collections.abc import Iterator
from random import Random
from string import ascii_lowercase, ascii_uppercase, digits

_SUFFIX = ascii_uppercase + "012345"
_BASE62 = digits + ascii_uppercase + ascii_lowercase
_COUNTER_DIGITS = 9

PREFIXES = {
    "Lead": "00Q",
    "Contact": "003",
    "Account": "001",
    "Opportunity": "006",
    "OpportunityContactRole": "00K",
    "Task": "00T",
    "Event": "00U",
    "Campaign": "701",
    "CampaignMember": "00v",
    "User": "005",
}

_HUBSPOT_STARTS = {
    "contacts": 310_000_000,
    "companies": 9_200_000_000,
    "deals": 14_500_000_000,
    "meetings": 47_000_000_000,
    "calls": 182_000_000_000,
    "owners": 260_000_000,
}


def checksum(id15: str) -> str:
    """The three characters that say which of the 15 are upper-case, five to each."""
    return "".join(
        _SUFFIX[
            sum(1 << at for at, char in enumerate(id15[start : start + 5]) if "A" <= char <= "Z")
        ]
        for start in (0, 5, 10)
    )


def _base62(number: int) -> str:
    text = ""
    for _ in range(_COUNTER_DIGITS):
        number, rest = divmod(number, 62)
        text = _BASE62[rest] + text
    return text


def salesforce_ids(rng: Random, *, kind: str) -> Iterator[str]:
    """Endless 18-character ids of one object, consecutive as in an org."""
    head = PREFIXES[kind] + rng.choice("57") + rng.choice(ascii_lowercase) + "0"
    number = rng.randrange(62**7, 62**8)
    while True:
        number += 1
        id15 = head + _base62(number)
        yield id15 + checksum(id15)


def hubspot_ids(rng: Random, *, kind: str) -> Iterator[str]:
    """Endless numeric ids of one object, growing with gaps."""
    number = _HUBSPOT_STARTS[kind] + rng.randrange(50_000_000)
    while True:
        number += rng.randrange(1, 400)
        yield str(number)
