"""Where vendor and documents disagree, with the reason; and the calls that no document describes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Deviation:
    """A point in which the vendor is known to leave the documents.

    Attributes:
        operation, side, place, says, found: patterns of a departure's fields, matched in full.
        reason: what the vendor does, and how that is known.
    """

    reason: str
    operation: str = ".*"
    side: str = "answer"
    place: str = ".*"
    says: str = ".*"
    found: str = ".*"

    def covers(self, departure: Any) -> bool:
        """Whether this is that departure."""
        return all(
            re.fullmatch(getattr(self, name), getattr(departure, name))
            for name in ("operation", "side", "place", "says", "found")
        )


@dataclass(frozen=True, slots=True)
class Undescribed:
    """A call that no document describes, and why it is made all the same."""

    method: str
    path: str
    reason: str

    def fits(self, method: str, path: str) -> bool:
        """Whether an address is this call."""
        return method == self.method and re.fullmatch(self.path, path) is not None


DEVIATIONS: tuple[Deviation, ...] = (
    Deviation(
        "A property that was asked for and has no value comes as null; the packages' models say"
        " string. Seen in real answers of 2025 and 2026, and said in the guide to objects.",
        place=r"(results\.\*\.)?properties\.[^.]+",
        says='type "string"',
        found="null",
    ),
    Deviation(
        "Sorting is asked for with objects of propertyName and direction, as the guide to search"
        " shows; the packages' models only say string, which the vendor takes as well.",
        operation=r"POST /crm/(v3/objects|objects/2026-03)/.+/search",
        side="request",
        place=r"sorts\.\*",
        says='type "string"',
        found="dict",
    ),
    Deviation(
        "Tokens are asked for with a form, as OAuth and the vendor's guide demand; hubspot-sdk"
        " 0.1.0a9, from which the document was made, sends JSON.",
        operation=r"POST /oauth/2026-03/token(/introspect|/revoke)?",
        side="request",
        says="content type",
        found="application/x-www-form-urlencoded",
    ),
    Deviation(
        "An associated record's id is a number in version 4 and later; seen in real answers.",
        operation=r"POST /crm/(v4/associations|associations/2026-03)/.+",
        place=r"results\.\*\.to\.\*\.toObjectId",
        says='type "string"',
        found="int",
    ),
    Deviation(
        "An association type that nobody labelled has a label of null; seen in real answers.",
        operation=r"POST /crm/(v4/associations|associations/2026-03)/.+",
        place=r"results\.\*\.to\.\*\.associationTypes\.\*\.label",
        says='type "string"',
        found="null",
    ),
    Deviation(
        "Every field of an error may be missing, says the guide to error handling; the older"
        " package's models require them.",
        place=r"(errors\.\*)?",
        says=r"required '(category|correlationId|message|status|context|errors|links)'",
        found="dict",
    ),
    Deviation(
        "The sub-category of an error is a dotted name; the older package's model says object.",
        place=r"(errors\.\*\.)?subCategory",
        says='type "object"',
        found="str",
    ),
)

UNDESCRIBED: tuple[Undescribed, ...] = (
    Undescribed(
        "POST",
        "/oauth/v2/private-apps/get/access-token-info",
        "Which private app a token belongs to, told by no other call; many public clients use it, and"
        " ours goes on where it is missing.",
    ),
)
