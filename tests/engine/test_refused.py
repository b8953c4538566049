"""What a CRM refused is parked, and tried again when something about it changed."""

from dataclasses import replace

import pytest

from stagesync.connector import Option, Refusal
from stagesync.domain.plan import Reason
from stagesync.engine.holds import retry
from stagesync.engine.status import status

from .bench import DAY_S, Bench


@pytest.fixture
def refused(bench: Bench) -> tuple[Bench, str]:
    """A contact of which the CRM takes nothing, for good."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.north.refuse("contact", contact, Refusal.INVALID, message="no such option")
    bench.sync()
    bench.sync()
    assert {Reason.REFUSED} == set(bench.differences().values())
    return bench, contact


def _add_option(bench: Bench, object_name: str = "contact", field: str = "lifecycle") -> None:
    known = bench.north.fields[object_name][field]
    added = Option("PARKED", "Parked", len(known.options))
    bench.north.fields[object_name][field] = replace(known, options=(*known.options, added))


def _set_writable(bench: Bench, field: str, *, writable: bool) -> None:
    known = bench.north.fields["contact"][field]
    bench.north.fields["contact"][field] = replace(known, writable=writable)


def test_an_option_that_was_added_sends_what_was_refused(refused: tuple[Bench, str]) -> None:
    """When the fields of the object are described otherwise, those refused there are planned anew, unasked."""
    bench, contact = refused
    bench.north.accept("contact", contact)
    _add_option(bench)
    bench.sync()
    assert None is bench.stage(contact)
    bench.clock.advance(seconds=DAY_S)
    bench.sync()
    assert ("contact", {}) == (bench.stage(contact), bench.differences())


def test_fields_that_stand_still_send_nothing(refused: tuple[Bench, str]) -> None:
    """A new description that says the same leaves what was refused where it is."""
    bench, contact = refused
    bench.north.accept("contact", contact)
    bench.clock.advance(seconds=DAY_S)
    bench.sync()
    assert (None, {Reason.REFUSED}) == (bench.stage(contact), set(bench.differences().values()))


def test_another_objects_fields_send_nothing(refused: tuple[Bench, str]) -> None:
    """What was refused in a contact does not wait for the fields of companies."""
    bench, contact = refused
    bench.north.accept("contact", contact)
    _add_option(bench, "company", "stage")
    bench.clock.advance(seconds=DAY_S)
    bench.sync()
    assert None is bench.stage(contact)


def test_a_value_without_an_option_is_written_when_there_is_one(bench: Bench) -> None:
    """A stage that the CRM had no option for is `unmapped`, and written when an admin adds the option."""
    known = bench.north.fields["contact"]["stage"]
    fewer = tuple(each for each in known.options if each.value != "contact")
    bench.north.fields["contact"]["stage"] = replace(known, options=fewer)
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    assert (None, Reason.UNMAPPED) == (
        bench.stage(contact),
        bench.differences()["north", contact, "stage"],
    )
    bench.north.fields["contact"]["stage"] = known
    bench.clock.advance(seconds=DAY_S)
    bench.sync()
    assert ("contact", {}) == (bench.stage(contact), bench.differences())


def test_a_field_that_may_be_written_again_gets_what_was_refused(bench: Bench) -> None:
    """A value refused for want of permission stays parked while the field is closed, and goes out when it opens."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    bench.form(contact)
    bench.north.refuse("contact", contact, Refusal.FORBIDDEN, message="no access to the field")
    bench.sync()
    bench.north.accept("contact", contact)
    for field in ("stage", "score", "changed_at"):
        _set_writable(bench, field, writable=False)
    bench.north.edit("contact", contact, {"title": "Director"})
    bench.sync()
    key = ("north", contact, "stage")
    assert ("contact", Reason.REFUSED) == (bench.stage(contact), bench.differences().get(key))
    for field in ("stage", "score", "changed_at"):
        _set_writable(bench, field, writable=True)
    bench.clock.advance(seconds=DAY_S)
    bench.sync()
    assert ("lead", {}) == (bench.stage(contact), bench.differences())


def test_retry_looks_at_the_fields_anew(bench: Bench) -> None:
    """After `retry` the next run asks what the fields are now, and writes by that; nothing waits for a day."""
    known = bench.north.fields["contact"]["stage"]
    fewer = tuple(each for each in known.options if each.value != "contact")
    bench.north.fields["contact"]["stage"] = replace(known, options=fewer)
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    bench.north.fields["contact"]["stage"] = known
    bench.sync()
    assert None is bench.stage(contact)
    retry(bench.deployment, None)
    bench.sync()
    assert "contact" == bench.stage(contact)


def test_status_lists_what_was_refused_with_the_vendors_words(refused: tuple[Bench, str]) -> None:
    """Each refused value is told with its record, and why in the CRM's own words."""
    bench, contact = refused
    told = status(bench.deployment, now_s=bench.clock.now_s())["parked"]
    assert {(contact, "INVALID: no such option")} == {(each["id"], each["words"]) for each in told}
