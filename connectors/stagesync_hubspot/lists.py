"""Who is on a list: a scope may name one.

Source: https://developers.hubspot.com/docs/api-reference/crm-lists-v3 (seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from stagesync.connector import RequestRefused
from stagesync_hubspot import api, failures
from stagesync_hubspot.transport import Transport


def members(transport: Transport, object_name: str, list_name: str) -> Iterator[str]:
    """Ids of the records on a list, which is named by its id or its name (by its id, where the name has a slash).

    Raises:
        RequestRefused: lists of this object do not exist, or none has that name.
    """
    path = f"{api.LISTS_PATH}/{_id_of(transport, object_name, list_name)}/memberships"
    after = ""
    while True:
        query = [("limit", str(api.MEMBERS_PAGE)), *([("after", after)] if after else [])]
        answer = transport.get(path, query)
        with failures.readable("members of a list"):
            yield from (str(row["recordId"]) for row in answer.get("results") or ())
            after = str(((answer.get("paging") or {}).get("next") or {}).get("after") or "")
        if not after:
            return


def _id_of(transport: Transport, object_name: str, list_name: str) -> str:
    if list_name.isdigit():
        return list_name
    kind = api.LIST_KINDS.get(object_name)
    if kind is None:
        raise RequestRefused(f"HubSpot has no lists of {object_name}")
    path = f"{api.LISTS_PATH}/object-type-id/{kind}/name/{quote(list_name, safe='')}"
    answer = transport.get(path, [])
    with failures.readable("a list"):
        return str(int(answer["list"]["listId"]))
