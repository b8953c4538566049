"""The list endpoint: every record in the order of ids, live ones or archived ones.

Source: https://developers.hubspot.com/docs/guides/api/crm/understanding-the-crm (seen 2026-11)
"""

from __future__ import annotations

from stagesync_hubspot import api
from stagesync_hubspot.records import Wish
from stagesync_hubspot.search import Raw, read_raw
from stagesync_hubspot.transport import Transport


def list_page(
    transport: Transport, wish: Wish, after: str, *, archived: bool = False
) -> tuple[list[Raw], str]:
    """One page of the list endpoint and where the next one starts; empty at the end.

    Args:
        archived: of the archive, whose records have no links any more.
    """
    fits = sum(len(name) + len("&properties=") for name in wish.properties) < api.QUERY_CHARACTERS
    answer = transport.call(
        transport.records.get_page,
        wish.item.plural,
        limit=api.LIST_PAGE,
        after=after or None,
        properties=wish.properties if fits else None,
        associations=None if archived else _linked(wish) or None,
        # Text: the client would send a flag of Python as `True`, and the API knows `true`.
        archived="true" if archived else None,
    )
    raw: list[Raw] = answer.get("results") or []
    if not fits and not archived:
        raw = _with_properties(transport, wish, raw)
    following = ((answer.get("paging") or {}).get("next") or {}).get("after")
    return raw, str(following or "")


def _linked(wish: Wish) -> list[str]:
    return [api.OBJECTS[name].plural for name in wish.item.inline]


def _with_properties(transport: Transport, wish: Wish, raw: list[Raw]) -> list[Raw]:
    """Listed records, their links kept, with properties too many for an address."""
    listed = {one["id"]: one for one in raw}
    full = read_raw(transport, wish, list(listed))
    # One that was merged meanwhile is answered under its new id, and found by a later page.
    return [{**listed[one["id"]], **one} for one in full if one["id"] in listed]
