"""What the users of an org are: people, other programs, the org itself, or we.

    OURS         the user whose credentials the connection bears
    AUTOMATION   users that the vendor makes: the automated process of flows, cloud services, the
                 guest behind a public form
    INTEGRATION  users with a licence for programs, and those that the option `integration_users` names
    PERSON       all others. A program that logs in as a person's user, and a person's import, cannot
                 be told from the person.
    UNKNOWN      users that ours may not see

Source: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_user.htm
(seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from stagesync.connector import Actor, CrmError
from stagesync_salesforce import api, soql
from stagesync_salesforce.known import Known
from stagesync_salesforce.read import query_several
from stagesync_salesforce.transport import Transport

_OF_THE_ORG = frozenset({"AutomatedProcess", "CloudIntegrationUser", "Guest"})
_LICENCE = "Salesforce Integration"
_COLUMNS = ("Id", "Username", "UserType")
# Ids come in 15 characters and in 18, whose last three are a checksum.
_SHORT_ID = 15

Actors = Mapping[str, Actor]
"""User id -> what it is; an empty id is unknown."""


def actors(
    transport: Transport,
    user_ids: Iterable[str],
    *,
    known: Known,
    programs: Collection[str] = (),
) -> Actors:
    """What these users are; costs a call for those not met before.

    Args:
        programs: ids or user names of users that are other programs.
    """
    wanted = set(user_ids)
    ours = transport.user_id()[:_SHORT_ID]
    found = {each: Actor.OURS for each in wanted if ours and each[:_SHORT_ID] == ours}
    unknown = sorted(wanted - set(found) - set(known.actors) - {""})
    for start in range(0, len(unknown), api.RETRIEVE_SIZE):
        asked = unknown[start : start + api.RETRIEVE_SIZE]
        known.actors |= dict.fromkeys(asked, Actor.UNKNOWN)
        known.actors |= {
            row["Id"]: _actor(row, programs=programs) for row in _rows(transport, asked)
        }
    return dict.fromkeys(wanted, Actor.UNKNOWN) | known.actors | found


def _rows(transport: Transport, ids: Sequence[str]) -> list[Any]:
    """The users, with their licences where ours may see these."""
    ways = ((*_COLUMNS, "Profile.UserLicense.Name"), _COLUMNS)
    for selected in ways:
        [answer] = query_several(transport, [soql.select(selected, "User", soql.within("Id", ids))])
        if not isinstance(answer, CrmError):
            return answer
    return []


def _actor(row: Mapping[str, Any], *, programs: Collection[str]) -> Actor:
    if row["UserType"] in _OF_THE_ORG:
        return Actor.AUTOMATION
    licence = ((row.get("Profile") or {}).get("UserLicense") or {}).get("Name")
    is_program = licence == _LICENCE or any(_is(row, each) for each in programs)
    return Actor.INTEGRATION if is_program else Actor.PERSON


def _is(row: Mapping[str, Any], named: str) -> bool:
    """True for the user of this name or id; of ids alone the case counts."""
    by_name: bool = str(row["Username"]).lower() == named.lower()
    return by_name or row["Id"][:_SHORT_ID] == named[:_SHORT_ID]
