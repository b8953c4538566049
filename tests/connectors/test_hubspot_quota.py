"""The pace of calls and the day's budget, against the limits that the simulator keeps."""

import threading
import time

import pytest

from sandbox_clock import SandboxClock
from stagesync.connector import Limit, Pacer, Pull, QuotaExhausted, Secret
from stagesync.sandbox.clock import SimClock
from stagesync_hubspot import api
from stagesync_hubspot.search import total

from .hubspot_account import account, pull_all, small_account

CONTACTS = [Pull("contact", ("email",))]
HOUR_S = 3600.0


@pytest.fixture
def crm():
    with account(**small_account(time.time())) as opened:
        yield opened


class RealClock:
    """Real time."""

    now_s = staticmethod(time.time)
    monotonic_s = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


def refused(crm):
    return sum(1 for one in crm.sim.log.entries() if one["status"] == 429)


def many_checks(connector):
    for _ in range(40):
        connector.check()


def test_no_search_is_ever_refused_however_unevenly_calls_travel(crm):
    """Forty searches by four threads in real time, every third answered late, meet no 429."""
    crm.clock = RealClock()
    crm.sim.switches.update({"slow_s": 0.4})
    crm.sim.faults.add("slow", 12, "/search")
    connector = crm.connect()

    def count():
        for _ in range(10):
            connector.count("contact")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (0, 40) == (refused(crm), connector.calls)
    assert connector.waited_s > 1.0, "40 searches, 5 a second"


def test_connections_to_one_account_share_its_searches(crm):
    """Two connections with tokens of their own together keep to five searches per second."""
    other = Secret(crm.control("tokens", kind="service_key")["token"])
    first, second = crm.connect(), crm.connect(token=other)
    first.check()
    second.check()
    for _ in range(30):
        first.count("contact")
        second.count("company")
    assert 0 == refused(crm)


def test_connections_with_one_token_share_its_calls(crm):
    """Two connections with the same token together keep to the calls of ten seconds."""
    crm.sim.switches.update({"burst_limit": 30})
    first, second = crm.connect(calls_per_10s=30), crm.connect(calls_per_10s=30)
    for _ in range(50):
        first.check()
        second.check()
    assert (0, 100) == (refused(crm), len(crm.paths()))


def test_place_of_a_call_is_free_a_window_after_its_answer():
    """A call under way holds its place; the next one waits from the answer on."""
    clock = SandboxClock(SimClock())
    pacer = Pacer(clock, {"one": Limit(1, 10.0)})
    with pacer.turn("one"):
        clock.sleep(7.0)
    with pacer.turn("one"):
        pass
    assert [7.0, 10.0] == [round(each, 1) for each in clock.slept_s]


def test_call_waits_for_an_answer_when_all_places_are_under_way():
    """With every place taken by calls under way, the next one starts only after an answer."""
    clock, order = RealClock(), []
    pacer = Pacer(clock, {"one": Limit(1, 0.01)})

    def late():
        with pacer.turn("one"):
            order.append("second")

    with pacer.turn("one"):
        thread = threading.Thread(target=late)
        thread.start()
        time.sleep(0.1)
        order.append("first")
    thread.join()
    assert ["first", "second"] == order


def test_quota_tells_what_all_and_what_we_have_used(crm):
    """The header's count of all programs, the limit, our own calls and our share stand in the quota."""
    connector = crm.connect()
    before = connector.quota()
    crm.control("usage", calls=1000)
    connector.check()
    connector.count("contact")
    told = connector.quota()
    assert (None, 1002, 625_000, 156_250) == (before, told.used_by_all, told.limit, told.budget)


def test_our_share_of_the_day_is_never_exceeded(crm):
    """With a quarter of a hundred calls the twenty-sixth is not sent, and a day later it is."""
    crm.sim.switches.update({"daily_limit": 100})
    connector = crm.connect()
    connector.check()
    with pytest.raises(QuotaExhausted) as stopped:
        many_checks(connector)
    sent = connector.calls
    crm.clock.sleep((stopped.value.retry_after_s or 0) + 1)
    connector.check()
    assert (25, True) == (sent, 23 * HOUR_S < (stopped.value.retry_after_s or 0) <= 25 * HOUR_S)


def test_we_stop_when_others_have_nearly_used_up_the_day(crm):
    """At eighty per cent of the account's calls nothing more is sent before its midnight."""
    connector = crm.connect()
    connector.check()
    crm.control("usage", calls=510_000)
    connector.check()
    with pytest.raises(QuotaExhausted) as stopped:
        connector.check()
    wait_s = stopped.value.retry_after_s or 0
    resets_in_s = crm.sim.limits.day_ends(crm.clock.now_s()) - crm.clock.now_s()
    crm.clock.sleep(wait_s + 1)
    connector.check()
    assert (3, True) == (connector.calls, abs(wait_s - resets_in_s) < 5)


def test_stop_of_the_day_is_asked_about_again_after_an_hour(crm):
    """What a header said is believed for an hour: then one call looks whether it still holds."""
    connector = crm.connect()
    crm.control("usage", calls=510_000)
    connector.check()
    crm.clock.sleep(HOUR_S + 1)
    connector.check()
    assert 2 == connector.calls


def test_slow_work_yields_when_others_need_the_calls(crm):
    """With more than half of the day used by others the sweep waits, and the pull goes on."""
    connector = crm.connect()
    _, cursors = pull_all(connector, CONTACTS)
    crm.clock.sleep(7 * HOUR_S)
    crm.control("usage", calls=400_000)
    before = connector.calls
    pull_all(connector, [Pull("contact", ("email",), cursors["contact"])])
    assert 1 == connector.calls - before


def test_renewal_of_calculated_values_yields_as_well(crm):
    """What is listed daily for values that move no stamp waits for a day with room, too."""
    fields = ("email", "hs_calculated_form_submissions")
    connector = crm.connect(second_pass_after="never", sweep_every="never")
    connector.describe(["contact"])
    _, cursors = pull_all(connector, [Pull("contact", fields)])
    sent = []
    for wait_s, others in ((25 * HOUR_S, 400_000), (24 * HOUR_S, 0)):
        crm.clock.sleep(wait_s)
        crm.control("usage", calls=others)
        before = connector.calls
        _, cursors = pull_all(connector, [Pull("contact", fields, cursors["contact"])])
        sent.append(connector.calls - before)
    # The search alone; then the search, and three pages of the list.
    assert [1, 4] == sent


def test_slow_work_under_way_gives_way_and_goes_on(crm):
    """A sweep stops at the page that tells of others' need, and goes on from there another day."""
    connector = crm.connect(second_pass_after="never")
    _, cursors = pull_all(connector, CONTACTS)
    for n in range(1, 221):
        crm.sim.delete({"object": "contact", "id": str(n)})
    crm.clock.sleep(7 * HOUR_S)
    gone, pages = [], connector.pull([Pull("contact", ("email",), cursors["contact"])])
    for page in pages:
        gone += [one.id for one in page.records if one.gone]
        if len(gone) == 100:
            crm.control("usage", calls=400_000)
    stopped = len(gone), page.last
    crm.clock.sleep(24 * HOUR_S)
    for rest in connector.pull([Pull("contact", ("email",), page.cursor)]):
        gone += [one.id for one in rest.records if one.gone]
    assert ((200, True), {str(n) for n in range(1, 221)}) == (stopped, set(gone))


def test_count_is_that_of_the_live_records(crm):
    """One search tells how many live records an object has."""
    connector = crm.connect()
    crm.sim.delete({"object": "contact", "id": "1"})
    assert (229, 7, 20, 3) == (
        connector.count("contact"),
        connector.count("company"),
        total(connector._transport, api.OBJECTS["meeting"]),
        connector.calls,
    )
