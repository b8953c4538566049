"""The parts both simulators share, without a server."""

import pytest

from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.faults import Faults
from stagesync.sandbox.hubspot.switches import HubSpotSwitches
from stagesync.sandbox.journal import LogEntry, RequestLog
from stagesync.sandbox.settings import Switches


def test_clock_adds_what_it_was_advanced_by():
    """The simulated time is the source's time plus every advance."""
    clock = SimClock(lambda: 100.0)
    clock.advance(20)
    clock.advance(0.5)
    assert clock.now() == 120.5


@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan")])
def test_clock_never_goes_back(seconds):
    """An advance that is negative or no number is refused and changes nothing."""
    clock = SimClock(lambda: 100.0)
    with pytest.raises(ValueError, match="advance_s"):
        clock.advance(seconds)
    assert clock.now() == 100.0


def test_fault_strikes_as_often_as_ordered():
    """A fault is used up by the requests it strikes."""
    faults = Faults()
    faults.add("502", 2)
    assert [faults.take("GET", "/a") for _ in range(3)] == ["502", "502", None]


def test_fault_waits_for_a_matching_request():
    """A request that does not contain the match passes and leaves the fault waiting."""
    faults = Faults()
    faults.add("503", 1, "post /crm")
    assert faults.take("GET", "/crm/x") is None
    assert faults.take("POST", "/crm/x") == "503"


def test_fault_waits_for_what_a_request_carries():
    """Of two requests to one path the one whose body contains the fault's `body` meets it."""
    faults = Faults()
    faults.add("503", 1, "composite", body="FROM Lead")
    assert faults.ask_for_bodies()
    assert faults.take("POST", "/composite", "select Id from Account") is None
    assert faults.take("POST", "/composite", "select Id from Lead") == "503"
    assert not faults.ask_for_bodies()


def test_fault_lets_requests_pass_before_it_strikes():
    """A fault may strike after some matching requests; others do not count."""
    faults = Faults()
    faults.add("503", 1, "/crm", after=1)
    asked = ["/crm/x", "/other", "/crm/x", "/crm/x"]
    assert [faults.take("GET", path) for path in asked] == [None, None, "503", None]
    with pytest.raises(ValueError, match="after must be at least 0"):
        faults.add("503", after=-1)


def test_unknown_fault_names_the_known_ones():
    """A fault nobody knows is refused with the list of kinds."""
    with pytest.raises(ValueError, match=r"unknown fault '504x'; known: .*cut_after"):
        Faults().add("504x")


def test_profile_is_the_same_for_a_seed():
    """Random faults follow from the seed."""

    def drawn(seed):
        faults = Faults(seed=seed)
        faults.use_profile("heavy")
        return [faults.take("GET", "/") for _ in range(300)]

    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)
    assert any(drawn(7))


def test_log_forgets():
    """A cleared log is empty, an uncleared one keeps the order."""
    log = RequestLog()
    log.add(LogEntry(1.0, "GET", "/a", 200, 3))
    log.add(LogEntry(2.0, "GET", "/b", 404, 0))
    assert [row["path"] for row in log.entries()] == ["/a", "/b"]
    log.clear()
    assert log.entries() == []


def test_switches_change_all_or_nothing():
    """An update with one bad value leaves every switch as it was."""
    switches = HubSpotSwitches()
    with pytest.raises(ValueError, match="burst_limit takes int, given 'many'"):
        switches.update({"search_limit": 9, "burst_limit": "many"})
    assert switches.search_limit == 5


def test_unknown_switch_is_named():
    """A switch nobody knows is refused by name, with the known ones."""
    with pytest.raises(ValueError, match=r"unknown settings \['lag'\]; known: slow_s, timeout_s"):
        Switches().update({"lag": 1})


def test_every_switch_has_a_sentence():
    """No switch is without the sentence that says what it does."""
    texts = HubSpotSwitches().describe()
    assert [] == [name for name, text in texts.items() if not text.endswith(".")]
    assert set(HubSpotSwitches().as_dict()) == set(texts)
