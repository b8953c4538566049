"""Lists of HubSpot, which a mapping's scope may name."""

import time

import pytest

from stagesync.connector import PermissionMissing, RequestRefused, Secret, TellsMembers
from stagesync.sandbox.hubspot.auth import ALL_SCOPES

from .hubspot_account import account, small_account


@pytest.fixture(params=["v3", "2026-03"])
def crm(request):
    with account(**small_account(time.time())) as opened:
        opened.version = request.param
        yield opened


def filled(crm, name, count):
    """A list with this many of the first contacts."""
    made = crm.control("feed", kind="list", name=name)["id"]
    for number in range(1, count + 1):
        crm.control(
            "feed", kind="membership", list_id=made, record_id=str(number), at=crm.clock.now_s()
        )
    return str(made)


def test_members_are_read_by_name_and_by_id(crm):
    """A list of more than one page comes whole, and an empty one as nobody."""
    connector = crm.connect(api_version=crm.version)
    assert isinstance(connector, TellsMembers)
    made = filled(crm, "Key clients FR", 3)
    filled(crm, "Nobody", 0)
    assert ["1", "2", "3"] == list(connector.members("contact", "Key clients FR"))
    assert ["1", "2", "3"] == list(connector.members("contact", made))
    assert [] == list(connector.members("contact", "Nobody"))


def test_every_page_is_read(crm, monkeypatch):
    """Members beyond the first page come too."""
    from stagesync_hubspot import api

    monkeypatch.setattr(api, "MEMBERS_PAGE", 2)
    filled(crm, "Clients", 5)
    found = list(crm.connect(api_version=crm.version).members("contact", "Clients"))
    assert [str(number) for number in range(1, 6)] == sorted(found)


def test_a_list_that_does_not_exist_is_refused(crm):
    """An unknown name is an error rather than an empty list, and so is an object without lists."""
    connector = crm.connect(api_version=crm.version)
    for object_name, name in (("contact", "None"), ("deal", "Any")):
        with pytest.raises(RequestRefused):
            list(connector.members(object_name, name))


def test_a_token_that_may_not_read_lists_says_so(crm):
    """The missing scope is named."""
    token = crm.control("tokens", scopes=sorted(set(ALL_SCOPES) - {"crm.lists.read"}))["token"]
    connector = crm.connect(token=Secret(token), api_version=crm.version)
    with pytest.raises(PermissionMissing, match=r"crm\.lists\.read"):
        list(connector.members("contact", "Clients"))
