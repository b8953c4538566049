"""Pulling from a HubSpot account, against what the simulator itself holds."""

import time

import pytest

from stagesync.connector import FieldMissing, Pull
from stagesync_hubspot.cursor import Cursor, read_cursor

from .hubspot_account import (
    FIELDS,
    MONTH_S,
    account,
    pages_of,
    pull_all,
    rows,
    small_account,
    wanted,
)

CONTACT = ("email", "lifecyclestage")


@pytest.fixture
def crm():
    with account(**small_account(time.time())) as opened:
        yield opened


def fields_held(opened, plural, names):
    held = opened.stored(plural)
    return {key: {name: one.get(name) for name in names} for key, one in held.items()}


def test_first_pull_equals_what_the_account_holds(crm):
    """Every record of every object comes with the values that the account holds."""
    found, _ = pull_all(crm.connect(), wanted())
    for name, plural in [("company", "companies"), ("contact", "contacts"), ("call", "calls")]:
        got = {key: dict(one.fields) for key, one in found[name].items()}
        assert fields_held(crm, plural, FIELDS[name]) == got


def test_first_pull_carries_every_link(crm):
    """Inline associations and the primary company give the links without an association call."""
    found, _ = pull_all(crm.connect(), wanted())
    got = (
        found["contact"]["8"].links,
        found["contact"]["230"].links,
        found["deal"]["3003"].links,
        found["meeting"]["4019"].links,
        found["call"]["5004"].links,
        found["company"]["1001"].links,
    )
    expected = (
        {"company": ("1002",)},
        {},
        {"contact": ("4",), "company": ("1004",)},
        {},
        {"contact": ("5",)},
        {},
    )
    assert expected == got


def test_deals_tell_whether_their_stage_is_won_or_closed(crm):
    """The pipelines' metadata become two flags on the deal, for numeric stages too."""
    found, _ = pull_all(crm.connect(), [Pull("deal", FIELDS["deal"])])
    got = {
        one.fields["dealstage"]: (one.fields["stage_is_won"], one.fields["stage_is_closed"])
        for one in found["deal"].values()
    }
    assert {
        "closedwon": (True, True),
        "closedlost": (False, True),
        "contractsent": (False, False),
        "1000022": (True, True),
    } == got


def test_pipelines_are_read_only_when_flags_are_asked_for(crm):
    """A deal's stage that is not asked for costs no call and does not come along."""
    connector = crm.connect()
    found, _ = pull_all(connector, [Pull("deal", ("amount",))])
    assert (1, {"amount": None}) == (connector.calls, dict(found["deal"]["3000"].fields))


def test_stamps_come_as_unix_seconds(crm):
    """Creation and change stand in the record as the account stamped them."""
    found, _ = pull_all(crm.connect(), [Pull("contact", CONTACT)])
    held = crm.sim.portal.stores["contacts"].records[9]
    one = found["contact"]["9"]
    assert (held.updated_ms, held.created_ms) == (
        round(one.changed_at_s * 1000),
        round((one.created_at_s or 0) * 1000),
    )


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_every_api_version_serves_the_same_records(crm, version):
    """A pull, an association read and a batch read work on the paths of each version."""
    connector = crm.connect(api_version=version)
    found, cursors = pull_all(connector, wanted())
    pull_all(connector, wanted(cursors))
    linked = connector.links("deal", ["3003"])
    read = connector.read("contact", ["9"], CONTACT)
    versions = {
        one["path"].split("/")[2 if version.startswith("v") else 3] for one in crm.sim.log.entries()
    }
    assert (230, {"3003": {"contact": ("4",), "company": ("1004",)}}, ["9"]) == (
        len(found["contact"]),
        linked,
        [one.id for one in read],
    )
    assert {"v3", "v4"} if version == "v3" else {version} == versions


def test_first_pull_goes_on_from_any_page(crm):
    """Stopping after a page and going on from its cursor gives the rest, and no search."""
    connector = crm.connect()
    first = next(iter(connector.pull([Pull("contact", CONTACT)])))
    rest = pages_of(connector, Pull("contact", CONTACT, first.cursor))
    ids = {one.id for page in [first, *rest] for one in page.records}
    assert (set(crm.stored("contacts")), {"contacts"}) == (ids, {name for name, _ in crm.paths()})


def test_bookmark_of_an_interrupted_first_pull_is_its_start(crm):
    """What changes while a first load pauses for an hour is found by the pull after it."""
    connector = crm.connect()
    first = next(iter(connector.pull([Pull("contact", CONTACT)])))
    crm.edit("contact", ["1"], hs_lead_status="NEW")
    crm.clock.sleep(3600)
    last = pages_of(connector, Pull("contact", CONTACT, first.cursor))[-1]
    found, _ = pull_all(connector, [Pull("contact", CONTACT, last.cursor)])
    assert ["1"] == list(found["contact"])


def test_idle_pull_of_five_objects_costs_five_searches(crm):
    """When nothing changed, each object costs one call."""
    connector = crm.connect()
    _, cursors = pull_all(connector, wanted())
    crm.clock.sleep(3600)
    before = connector.calls
    found, _ = pull_all(connector, wanted(cursors))
    assert (5, 0) == (connector.calls - before, sum(map(len, found.values())))


@pytest.mark.parametrize(("changed", "searches"), [(1, 1), (200, 1), (201, 2), (230, 2)])
def test_changed_contacts_cost_a_search_per_two_hundred(crm, changed, searches):
    """N changes cost N / 200 searches, rounded up, and exactly those N come."""
    connector = crm.connect()
    _, cursors = pull_all(connector, [Pull("contact", CONTACT)])
    crm.clock.sleep(3600)
    crm.edit("contact", range(1, changed + 1), hs_lead_status="NEW")
    crm.clock.sleep(60)
    before = connector.calls
    found, _ = pull_all(connector, [Pull("contact", CONTACT, cursors["contact"])])
    assert (searches, {str(n) for n in range(1, changed + 1)}) == (
        connector.calls - before,
        set(found["contact"]),
    )


def test_change_is_told_again_only_within_the_overlap(crm):
    """A change comes back while the overlap reaches it, and not an hour later."""
    connector = crm.connect()
    _, cursors = pull_all(connector, [Pull("contact", CONTACT)])
    crm.clock.sleep(3600)
    crm.edit("contact", ["5"], hs_lead_status="NEW")
    counts = []
    for wait_s in (60, 60, 3600, 60):
        crm.clock.sleep(wait_s)
        found, cursors = pull_all(connector, [Pull("contact", CONTACT, cursors["contact"])])
        counts.append(len(found["contact"]))
    assert [1, 1, 1, 0] == counts


def test_change_that_the_index_shows_late_is_not_lost(crm):
    """A change too fresh for the index comes with a later pull, thanks to the overlap."""
    crm.sim.switches.update({"index_lag_update_s": 240.0})
    connector = crm.connect()
    _, cursors = pull_all(connector, wanted())
    crm.edit("contact", ["5"], hs_lead_status="NEW")
    # The Date of an answer counts whole seconds: the bookmark must lie behind the edit.
    time.sleep(1.1)
    early, cursors = pull_all(connector, wanted(cursors))
    crm.clock.sleep(250)
    late, _ = pull_all(connector, wanted(cursors))
    assert ([], ["5"]) == (list(early["contact"]), list(late["contact"]))


def test_search_gives_links_of_contacts_only(crm):
    """A searched contact names its company; for a deal or meeting the links are yet to be asked."""
    connector = crm.connect()
    _, cursors = pull_all(connector, wanted())
    crm.edit("contact", ["8"], hs_lead_status="NEW")
    crm.edit("deal", ["3003"], amount="5")
    crm.edit("meeting", ["4003"], hs_meeting_outcome="NO_SHOW")
    crm.clock.sleep(60)
    found, _ = pull_all(connector, wanted(cursors))
    assert ({"company": ("1002",)}, None, None) == (
        found["contact"]["8"].links,
        found["deal"]["3003"].links,
        found["meeting"]["4003"].links,
    )


def test_search_goes_on_from_any_page(crm):
    """A search that stopped after a page goes on behind it and keeps the old bookmark until done."""
    connector = crm.connect()
    _, cursors = pull_all(connector, [Pull("contact", CONTACT)])
    crm.edit("contact", range(1, 231), hs_lead_status="NEW")
    crm.clock.sleep(60)
    first = next(iter(connector.pull([Pull("contact", CONTACT, cursors["contact"])])))
    rest = pages_of(connector, Pull("contact", CONTACT, first.cursor))
    old = read_cursor(cursors["contact"]).since_ms
    assert (False, old, 200, [30]) == (
        first.last,
        read_cursor(first.cursor).since_ms,
        len(first.records),
        [len(page.records) for page in rest],
    )


def test_record_archived_during_a_search_hides_no_other(crm):
    """A record that leaves between two pages costs one more call and takes nobody along."""
    connector = crm.connect()
    _, cursors = pull_all(connector, [Pull("contact", CONTACT)])
    crm.edit("contact", range(1, 231), hs_lead_status="NEW")
    crm.clock.sleep(60)
    before = connector.calls
    pages = connector.pull([Pull("contact", CONTACT, cursors["contact"])])
    ids = [one.id for one in next(pages).records]
    crm.sim.delete({"object": "contact", "id": "220"})
    ids += [one.id for page in pages for one in page.records]
    assert (229, 229, 3) == (len(ids), len(set(ids)), connector.calls - before)


def test_many_properties_are_read_by_id(crm):
    """A property list too long for a search or an address is fetched by batch read."""
    many = tuple(f"own_{'x' * 80}_{n}" for n in range(100))
    for name in many:
        crm.define("contacts", name, kind="string", widget="text")
    crm.edit("contact", ["7"], **{many[99]: "deep"})
    connector = crm.connect()
    first, cursors = pull_all(connector, [Pull("contact", many)])
    crm.edit("contact", ["7"], **{many[99]: "deeper"})
    crm.clock.sleep(60)
    second, _ = pull_all(connector, [Pull("contact", many, cursors["contact"])])
    assert (230, "deep", "deeper", {"company": ("1001",)}) == (
        len(first["contact"]),
        first["contact"]["7"].fields[many[99]],
        second["contact"]["7"].fields[many[99]],
        second["contact"]["7"].links,
    )


def test_unknown_property_is_left_out_until_described_and_refused_after(crm):
    """HubSpot says nothing about a property it does not have; the description does."""
    connector = crm.connect()
    asked = [Pull("contact", ("email", "no_such_thing"))]
    found, _ = pull_all(connector, asked)
    assert ["email"] == list(found["contact"]["1"].fields)
    connector.describe(["contact"])
    with pytest.raises(FieldMissing, match="contact has no property no_such_thing"):
        pull_all(connector, asked)


def test_links_of_a_thousand_records_cost_one_call_per_object():
    """Association reads take a thousand ids, and records without links are no failure."""
    at = time.time() - MONTH_S
    seed = {
        "contacts": rows(3, at=at, email="p{n}@x.example"),
        "meetings": rows(1500, first=10_000, at=at, hs_timestamp="2026-10-01T08:00:00Z"),
        "links": [("meetings", str(10_000 + n), "contacts", str(1 + n % 3)) for n in range(700)],
    }
    with account(**seed) as crm:
        connector = crm.connect()
        found = connector.links("meeting", [str(10_000 + n) for n in range(1500)])
        assert (2, 700, {"contact": ("2",)}) == (connector.calls, len(found), found["10001"])


def test_links_beyond_one_answer_are_paged():
    """A meeting with more people than one association answer carries gives all of them."""
    at = time.time() - MONTH_S
    seed = {
        "contacts": rows(1200, at=at, email="p{n}@x.example"),
        "meetings": rows(1, first=10_000, at=at, hs_timestamp="2026-10-01T08:00:00Z"),
        "links": [("meetings", "10000", "contacts", str(n)) for n in range(1, 1201)],
    }
    with account(**seed) as crm:
        connector = crm.connect()
        found, _ = pull_all(connector, [Pull("meeting", ("hs_timestamp",))])
        links = connector.links("meeting", ["10000"])
        assert (None, 1200) == (found["meeting"]["10000"].links, len(links["10000"]["contact"]))


def test_twelve_thousand_changes_on_one_millisecond_all_come():
    """More results than a search can be paged through, all with one stamp, come once each."""
    at = time.time() - MONTH_S
    seed = {"contacts": rows(12_000, at=at, email="p{n}@x.example")}
    with account(**seed) as crm:
        off = ("second_pass_after", "sweep_every", "recalculate_every")
        connector = crm.connect(**dict.fromkeys(off, "never"))
        old = Cursor(since_ms=int(at * 1000)).to_text()
        before = connector.calls
        pages = pages_of(connector, Pull("contact", ("email",), old))
        ids = [one.id for page in pages for one in page.records]
        assert (12_000, 12_000, 60) == (len(ids), len(set(ids)), connector.calls - before)


def test_read_gives_the_record_and_its_alias_after_a_merge(crm):
    """A merged id is answered under the new one, and said to be part of it; the gone are left out."""
    new = crm.sim.merge({"object": "contact", "primary_id": "1", "merged_id": "2"})["id"]
    crm.sim.delete({"object": "contact", "id": "3"})
    found = crm.connect().read("contact", ["1", "3", "4"], ("email",))
    got = {one.id: (one.merged_into, one.fields["email"]) for one in found}
    assert {
        new: ("", "p1@x.example"),
        "1": (new, "p1@x.example"),
        "4": ("", "p4@x.example"),
    } == got
