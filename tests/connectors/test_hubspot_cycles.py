"""What a search by stamp cannot find: archived, restored and merged records, late index, calculated values."""

import time
from dataclasses import replace

import pytest

from stagesync.connector import Pull
from stagesync_hubspot.cursor import Cursor, read_cursor

from .hubspot_account import MONTH_S, account, pages_of, pull_all, rows, small_account

HOUR_S = 3600.0
CONTACT = ("email", "lifecyclestage")


@pytest.fixture
def crm():
    with account(**small_account(time.time())) as opened:
        yield opened


def loaded(crm, name="contact", fields=CONTACT, **options):
    """A connector and its cursor after a first load."""
    connector = crm.connect(**options)
    _, cursors = pull_all(connector, [Pull(name, fields)])
    return connector, cursors[name]


def again(connector, cursor, name="contact", fields=CONTACT):
    found, cursors = pull_all(connector, [Pull(name, fields, cursor)])
    return found[name], cursors[name]


def archive(crm, name, record_id):
    crm.sim.delete({"object": name, "id": record_id})


@pytest.mark.parametrize("name", ["contact", "company", "deal", "meeting", "call"])
def test_archived_record_comes_as_gone_with_the_next_sweep(crm, name):
    """Archiving moves no stamp: the sweep of the archive tells, once, that the record is gone."""
    ids = {"contact": "7", "company": "1001", "deal": "3000", "meeting": "4000", "call": "5000"}
    connector, cursor = loaded(crm, name, ("hs_object_id",))
    archive(crm, name, ids[name])
    told = []
    for _ in range(3):
        crm.clock.sleep(7 * HOUR_S)
        found, cursor = again(connector, cursor, name, ("hs_object_id",))
        told.append([(one.id, one.gone, one.links) for one in found.values() if one.gone])
    assert [[(ids[name], True, {})], [], []] == told


def test_sweep_costs_calls_only_when_it_is_due(crm):
    """Pulls within six hours of a sweep never ask for the archive."""
    connector, cursor = loaded(crm)
    archive(crm, "contact", "7")
    asked = []
    for _ in range(13):
        crm.clock.sleep(HOUR_S)
        before = connector.calls
        _, cursor = again(connector, cursor, fields=CONTACT)
        asked.append(connector.calls - before)
    # One search each; the hourly second pass from the second hour on, the sweep at six and twelve.
    assert [1, 2, 2, 2, 2, 3, 2, 2, 2, 2, 2, 3, 2] == asked


def test_restored_record_comes_back(crm):
    """A record that left the archive is read by its id, though its stamp has not moved."""
    connector, cursor = loaded(crm)
    archive(crm, "contact", "7")
    crm.clock.sleep(7 * HOUR_S)
    _, cursor = again(connector, cursor)
    crm.control("restore", object="contact", id="7")
    crm.clock.sleep(7 * HOUR_S)
    found, cursor = again(connector, cursor)
    crm.clock.sleep(7 * HOUR_S)
    later, _ = again(connector, cursor)
    assert (False, "p7@x.example", False) == (
        found["7"].gone,
        found["7"].fields["email"],
        "7" in later,
    )


def test_sweep_goes_on_where_it_was_broken_off(crm):
    """A sweep over several pages loses nothing when every pull stops after one page."""
    connector, cursor = loaded(crm)
    for n in range(1, 221):
        archive(crm, "contact", str(n))
    crm.clock.sleep(7 * HOUR_S)
    gone, last, pulls = set(), False, 0
    while not last:
        for page in connector.pull([Pull("contact", CONTACT, cursor)]):
            gone |= {one.id for one in page.records if one.gone}
            last, advanced = page.last, cursor != page.cursor
            cursor = page.cursor
            if advanced and page.records:
                break
        pulls += 1
    assert ({str(n) for n in range(1, 221)}, True) == (gone, pulls > 2)


def test_pull_is_complete_only_after_the_slow_work(crm):
    """Exactly the last page says that it is the last, and every object has one."""
    connector, cursor = loaded(crm)
    archive(crm, "contact", "7")
    crm.clock.sleep(7 * HOUR_S)
    pages = pages_of(connector, Pull("contact", CONTACT, cursor))
    assert [False, False, True] == [page.last for page in pages]


@pytest.mark.parametrize("name", ["contact", "company"])
def test_merged_records_are_told_by_the_winner(crm, name):
    """A merge gives a new record and says of both old ones that they are part of it."""
    one, two = {"contact": ("1", "2"), "company": ("1001", "1002")}[name]
    connector, cursor = loaded(crm, name, ("hs_object_id",))
    crm.clock.sleep(HOUR_S)
    new = crm.sim.merge({"object": name, "primary_id": one, "merged_id": two})["id"]
    crm.clock.sleep(60)
    found, _ = again(connector, cursor, name, ("hs_object_id",))
    told = {each.id: (each.gone, each.merged_into) for each in found.values()}
    assert {new: (False, ""), one: (True, new), two: (True, new)} == {
        each: told[each] for each in (new, one, two)
    }


def test_merged_records_are_told_though_the_winner_was_archived_at_once(crm):
    """What a merge ended is told as gone by the archive, when no search has ever shown the winner."""
    connector, cursor = loaded(crm)
    made = crm.sim.merge({"object": "contact", "primary_id": "7", "merged_id": "8"})["id"]
    archive(crm, "contact", made)
    crm.clock.sleep(7 * HOUR_S)
    found, _ = again(connector, cursor)
    told = {one.id: one.merged_into for one in found.values() if one.gone}
    assert {"7": made, "8": made, made: ""} == told


def test_merged_records_are_told_though_the_winner_was_archived_and_restored(crm):
    """What a merge ended is told as gone when its winner comes back from the archive."""
    connector, cursor = loaded(crm)
    made = crm.sim.merge({"object": "contact", "primary_id": "7", "merged_id": "8"})["id"]
    archive(crm, "contact", made)
    crm.clock.sleep(7 * HOUR_S)
    _, cursor = again(connector, cursor)
    crm.control("restore", object="contact", id=made)
    crm.clock.sleep(7 * HOUR_S)
    found, _ = again(connector, cursor)
    assert {"7": made, "8": made} == {k: one.merged_into for k, one in found.items() if one.gone}


def test_first_load_tells_nothing_of_merges_and_the_archive(crm):
    """Whoever starts from nothing has no use for what is gone."""
    crm.sim.merge({"object": "contact", "primary_id": "1", "merged_id": "2"})
    archive(crm, "contact", "3")
    found, _ = pull_all(crm.connect(), [Pull("contact", CONTACT)])
    assert (228, []) == (
        len(found["contact"]),
        [one.id for one in found["contact"].values() if one.gone],
    )


def test_change_that_the_index_shows_an_hour_late_comes_with_the_second_pass(crm):
    """A window is searched again when an hour has passed over it."""
    connector, cursor = loaded(crm)
    crm.clock.sleep(600)
    crm.sim.switches.update({"index_lag_update_s": 3000.0})
    crm.edit("contact", ["5"], hs_lead_status="NEW")
    told = []
    for _ in range(8):
        crm.clock.sleep(1200)
        found, cursor = again(connector, cursor)
        told.append("5" in found)
    assert (False, True) == (any(told[:5]), any(told[5:]))


def stands(connector, cursor, what):
    """When one kind of slow work was done and is due, in hours since the first load, and whether it goes on."""
    (found,) = [one for one in connector.rounds({"contact": cursor}) if one.what == what]
    times = [found.done_at_s, found.due_at_s]
    began_s = connector.began_s
    hours = [None if each is None else round((each - began_s) / HOUR_S, 1) for each in times]
    return (*hours, found.under_way)


def test_slow_work_is_told_from_the_cursor(crm):
    """When each kind was last done, when it is due, and that a sweep broken off is under way; no call is sent."""
    connector, cursor = loaded(crm)
    connector.began_s = crm.clock.now_s()
    calls, before = connector.calls, stands(connector, cursor, "archive walked")
    for n in range(1, 221):
        archive(crm, "contact", str(n))
    crm.clock.sleep(7 * HOUR_S)
    for page in connector.pull([Pull("contact", CONTACT, cursor)]):
        told = stands(connector, page.cursor, "archive walked")
        if told[2]:
            break
    _, cursor = again(connector, page.cursor)
    assert [(0.0, 6.0, False), (0.0, 6.0, True), (7.0, 13.0, False)] == [
        before,
        told,
        stands(connector, cursor, "archive walked"),
    ]
    assert (0.0, 24.0, False) == stands(connector, cursor, "calculated values read anew")
    assert (6.0, 8.0, False) == stands(connector, cursor, "changes searched again")
    assert calls < connector.calls


def test_slow_work_that_is_off_is_never_due(crm):
    """What `never` switches off has no date; an object not yet loaded, or of another form, tells nothing."""
    connector, cursor = loaded(crm, second_pass_after="never", sweep_every="never")
    connector.began_s = crm.clock.now_s()
    assert [None, None] == [
        stands(connector, cursor, what)[1] for what in ("changes searched again", "archive walked")
    ]
    unread = {"contact": '{"v":99}', "deal": Cursor().to_text(), "marketing_event": "{}"}
    assert [] == connector.rounds(unread)


def test_second_pass_can_be_switched_off(crm):
    """With `never` no window is searched twice."""
    connector, cursor = loaded(crm, second_pass_after="never", sweep_every="never")
    before = connector.calls
    for _ in range(10):
        crm.clock.sleep(2 * HOUR_S)
        _, cursor = again(connector, cursor)
    assert 10 == connector.calls - before


def test_calculated_values_are_read_anew_once_a_day(crm):
    """A calculated property that changes without moving the stamp is seen within a day."""
    fields = ("email", "hs_calculated_form_submissions")
    connector = crm.connect(second_pass_after="never")
    connector.describe(["contact"])
    _, cursors = pull_all(connector, [Pull("contact", fields)])
    crm.clock.sleep(HOUR_S)
    value = {"hs_calculated_form_submissions": "guid::1"}
    crm.control("recalculate", object="contact", ids=["9"], properties=value)
    early, cursor = again(connector, cursors["contact"], fields=fields)
    crm.clock.sleep(24 * HOUR_S)
    late, cursor = again(connector, cursor, fields=fields)
    before = connector.calls
    crm.clock.sleep(HOUR_S)
    again(connector, cursor, fields=fields)
    assert (False, "guid::1", 1) == (
        "9" in early,
        late["9"].fields["hs_calculated_form_submissions"],
        connector.calls - before,
    )


def test_properties_that_move_the_stamp_need_no_daily_list(crm):
    """Without a calculated property in the mapping nothing is listed again."""
    connector = crm.connect(sweep_every="never", second_pass_after="never")
    connector.describe(["contact"])
    _, cursors = pull_all(connector, [Pull("contact", CONTACT)])
    before = connector.calls
    crm.clock.sleep(25 * HOUR_S)
    again(connector, cursors["contact"])
    assert 1 == connector.calls - before


def test_mass_change_is_listed():
    """When more than half of the base changed, the list is walked after a single search."""
    at = time.time() - MONTH_S
    with account(contacts=rows(2500, at=at, email="p{n}@x.example")) as crm:
        connector, cursor = loaded(crm)
        crm.clock.sleep(HOUR_S)
        crm.edit("contact", range(1, 1501), hs_lead_status="NEW")
        crm.clock.sleep(120)
        crm.sim.log.clear()
        found, cursor = again(connector, cursor, fields=("hs_lead_status",))
        changed = sum(1 for one in found.values() if one.fields["hs_lead_status"] == "NEW")
        searches = sum(1 for name, _ in crm.paths() if name == "search")
        crm.clock.sleep(HOUR_S)
        idle, _ = again(connector, cursor)
        assert (1500, 2500, 1, 0) == (changed, len(found), searches, len(idle))


def test_interrupted_list_of_a_mass_change_goes_on():
    """A mass change whose list stops after each page comes whole."""
    at = time.time() - MONTH_S
    with account(contacts=rows(2500, at=at, email="p{n}@x.example")) as crm:
        connector, cursor = loaded(crm)
        crm.clock.sleep(HOUR_S)
        crm.edit("contact", range(1, 1501), hs_lead_status="NEW")
        crm.clock.sleep(60)
        seen, last = set(), False
        while not last:
            page = next(iter(connector.pull([Pull("contact", ("hs_lead_status",), cursor)])))
            seen |= {one.id for one in page.records if one.fields["hs_lead_status"] == "NEW"}
            cursor, last = page.cursor, page.last
        assert {str(n) for n in range(1, 1501)} == seen


def test_slow_work_that_a_wrong_clock_dated_ahead_is_done_again(crm):
    """After our clock was set back by years, what it had dated is due at once, tells all, and is due later once more."""
    connector, cursor = loaded(crm)
    connector.began_s = crm.clock.now_s()
    archive(crm, "contact", "3")
    crm.clock.sleep(HOUR_S)
    ahead_ms = int((crm.clock.now_s() + 1e8) * 1000)
    dated = replace(read_cursor(cursor), swept_ms=ahead_ms, again_ms=ahead_ms, renewed_ms=ahead_ms)
    found, cursor = again(connector, dated.to_text())
    assert found["3"].gone
    assert [(1.0, 7.0, False), (1.0, 25.0, False), (0.0, 2.0, False)] == [
        stands(connector, cursor, what)
        for what in ("archive walked", "calculated values read anew", "changes searched again")
    ]
