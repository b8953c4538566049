"""What a CRM takes, what it refuses, and what is left as it is."""

from collections.abc import Sequence

import pytest

from free_hand import WRITE_OVER
from stagesync.connector import Refusal, Unavailable, Write, WriteResult
from stagesync.engine.outcome import Outcome
from stagesync.store import plans

from .bench import DAY_S, Bench, iso


def _written_fields(bench: Bench) -> list[tuple[object, object, object]]:
    """Record, field and value of every write that the log tells."""
    return [
        (each["id"], each["field"], each["after"])
        for each in bench.audit()
        if each["result"] == {"written": True}
    ]


def test_a_refused_record_is_one_difference(bench: Bench) -> None:
    """The CRM's no to one record ends with code 6, moves no baseline, and the others are written."""
    locked = bench.contact("ann@firm.example", last="Ng")
    other = bench.contact("bob@firm.example", last="Hill")
    bench.refuse("north", "contact", locked)
    outcome = bench.sync()
    assert (6, 3, 3) == (
        outcome.exit_code,
        outcome.written["north"].refused,
        outcome.written["north"].written,
    )
    assert (None, "contact") == (bench.stage(locked), bench.stage(other))
    assert (None, "contact") == (bench.baseline(locked, "stage"), bench.baseline(other, "stage"))
    assert {"refused"} == set(bench.differences().values())


def test_a_refusal_is_logged_in_the_vendors_words(bench: Bench) -> None:
    """The audit says what was refused, with code and words."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.refuse("north", "contact", contact)
    bench.sync()
    answers = {each["field"]: each["result"] for each in bench.audit()}
    assert {"refused": "locked", "code": "LOCKED", "words": "row is locked"} == answers["stage"]


def test_a_refused_record_is_written_when_it_changes_again(bench: Bench) -> None:
    """Nothing is lost by a refusal: the next time the person is planned, the write is tried again."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.refuse("north", "contact", contact)
    bench.sync()
    bench.north.accept("contact", contact)
    bench.form(contact)
    outcome = bench.sync()
    assert (0, "lead", {}) == (outcome.exit_code, bench.stage(contact), bench.differences())


def test_a_locked_record_is_tried_again(bench: Bench) -> None:
    """A record that somebody else was writing is taken by the next run, though nobody changed."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.refuse("north", "contact", contact)
    bench.sync()
    bench.north.accept("contact", contact)
    again = bench.sync()
    assert ([], "contact", 0) == (again.evaluated.people, bench.stage(contact), bench.backlog())


def test_a_lasting_refusal_is_not_repeated(bench: Bench) -> None:
    """What the CRM will not take is not sent again until the person changes."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.north.refuse("contact", contact, Refusal.INVALID, message="no")
    assert [6, 0] == [bench.sync().exit_code for _ in range(2)]
    assert {"refused"} == set(bench.differences().values())


def test_a_record_deleted_meanwhile_is_refused_as_gone(bench: Bench) -> None:
    """A record that disappears between pull and write is a refusal, no failure."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.north.refuse("contact", contact, Refusal.GONE, message="no such record")
    assert 6 == bench.sync().exit_code


def test_a_broken_write_is_finished_by_the_next_run(bench: Bench) -> None:
    """A request that broke off after two records leaves none unwritten and logs none twice."""
    contacts = [bench.contact(f"p{n}@firm.example", last="Ng") for n in range(5)]
    bench.north.break_write(Unavailable("connection reset", retry_after_s=5.0), after=2)
    first = bench.sync()
    assert (4, 6) == (first.exit_code, bench.written(first))
    second = bench.sync()
    assert (0, 9) == (second.exit_code, bench.written(second))
    assert {"contact"} == {bench.stage(each) for each in contacts}
    logged = _written_fields(bench)
    assert (15, 15) == (len(logged), len(set(logged)))


def test_a_taken_write_without_an_answer_is_known_as_ours(forward: Bench) -> None:
    """When a value arrived but the answer was lost, the next run logs it once and takes it for its own."""
    contact = forward.contact("ann@firm.example", last="Ng")
    deal = {"won": "false", "closed": "false", "opened": iso(forward.clock.at_s - DAY_S)}
    forward.north.add("deal", deal, links={"contact": (contact,)})
    forward.north.lose_answer(Unavailable("the answer was lost", retry_after_s=5.0))
    first = forward.sync()
    assert (4, "OPEN_DEAL", None) == (
        first.exit_code,
        forward.value("north", "contact", contact, "status"),
        forward.baseline(contact, "status"),
    )
    second = forward.sync()
    assert (0, 0, "OPEN_DEAL") == (
        second.exit_code,
        forward.written(second),
        forward.baseline(contact, "status"),
    )
    logged = _written_fields(forward)
    assert (5, 5) == (len(logged), len(set(logged)))


def test_no_write_is_waiting_after_a_settled_run(bench: Bench) -> None:
    """After a run that wrote everything no entry of any plan still waits."""
    bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    with bench.store.begin() as tx:
        assert [] == plans.subjects_waiting(tx, "planned", "sent", "held")


def test_vendor_fields_are_left_alone_by_default(bench: Bench) -> None:
    """Without `vendor_stage` the vendor's own stage fields stay, and are no difference."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.form(contact)
    bench.sync()
    assert (None, {}) == (
        bench.value("north", "contact", contact, "lifecycle"),
        bench.differences(),
    )


def test_vendor_fields_go_forward(forward: Bench) -> None:
    """With `forward` the vendor's field moves up with the stage, over a value that may be replaced."""
    forward.redeploy(edits=WRITE_OVER)
    contact = forward.contact("ann@firm.example", last="Ng")
    forward.form(contact)
    forward.sync()
    assert "lead" == forward.value("north", "contact", contact, "lifecycle")
    forward.north.edit("contact", contact, {"lifecycle": "salesqualifiedlead"})
    deal = {"won": "true", "closed": "true", "closed_on": iso(forward.clock.at_s - DAY_S)}
    forward.north.add("deal", deal, links={"contact": (contact,)})
    forward.sync()
    assert "customer" == forward.value("north", "contact", contact, "lifecycle")


def test_a_backward_move_is_a_difference(forward: Bench) -> None:
    """A vendor's field that stands higher stays there, counted as not forward; nothing is refused."""
    contact = forward.contact("ann@firm.example", last="Ng", lifecycle="opportunity")
    forward.form(contact)
    outcome = forward.sync()
    assert (0, "opportunity", {("north", contact, "lifecycle"): "not forward"}) == (
        outcome.exit_code,
        forward.value("north", "contact", contact, "lifecycle"),
        forward.differences(),
    )


def test_a_silent_refusal_is_a_difference(forward: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A field moved up while the request is in flight is not taken, which reading back shows: not forward."""
    contact = forward.contact("ann@firm.example", last="Ng")
    forward.form(contact)
    connector = forward.connectors["north"]
    send = connector.write

    def edited_in_flight(writes: Sequence[Write]) -> list[WriteResult]:
        forward.north.edit("contact", contact, {"lifecycle": "customer"})
        return send(writes)

    monkeypatch.setattr(connector, "write", edited_in_flight)
    outcome = forward.sync().exit_code
    assert ("customer", "lead", {("north", contact, "lifecycle"): "not forward"}) == (
        forward.value("north", "contact", contact, "lifecycle"),
        forward.stage(contact),
        forward.differences(),
    )
    assert 6 == outcome


def test_an_edit_after_the_plan_is_seen_before_the_write(forward: Bench) -> None:
    """A record changed between pull and write is left, alone of its batch; the next run plans what is then true."""
    contact = forward.contact("ann@firm.example", last="Ng")
    other = forward.contact("bob@firm.example", last="Hill")
    forward.form(contact)
    outcome = _sync_with_edit_before_write(forward, contact, {"lifecycle": "customer"})
    assert (0, 1, None, "contact") == (
        outcome.exit_code,
        outcome.written["north"].edited,
        forward.stage(contact),
        forward.stage(other),
    )
    forward.sync()
    assert ("customer", "lead") == (
        forward.value("north", "contact", contact, "lifecycle"),
        forward.stage(contact),
    )


def _sync_with_edit_before_write(bench: Bench, contact: str, values: dict[str, str]) -> Outcome:
    """A run during which somebody edits a contact after it was pulled and planned."""
    from stagesync.engine.run import run_once

    class Meanwhile:
        """Edits when writing begins."""

        def phase(self, name: str, total: int | None = None) -> None:
            if name == "write":
                bench.north.edit("contact", contact, values)

        def advance(self, count: int) -> None:
            """Nothing to do."""

    bench.clock.advance(seconds=120)
    return run_once(bench.deployment, progress=Meanwhile())


def test_a_value_outside_may_replace_stays(forward: Bench) -> None:
    """A Channel Partner never becomes a Prospect: counted as not in may_replace, or unmapped."""
    account = forward.south.add(
        "account",
        {
            "Website": "firm.example",
            "Type": "Channel Partner",
            "Employees": "200",
            "Industry": "software",
            "Country": "FR",
        },
    )
    forward.sync()
    assert ("target", "Channel Partner") == (
        forward.value("south", "account", account, "Stage__c"),
        forward.value("south", "account", account, "Type"),
    )
    assert {("south", account, "Type"): "unmapped"} == forward.differences()


def test_a_known_stage_outside_may_replace_stays(forward: Bench) -> None:
    """A status that is somebody's verdict is not overwritten, though the ladder would allow it."""
    contact = forward.contact("ann@firm.example", last="Ng", lifecycle="subscriber")
    forward.form(contact)
    forward.sync()
    assert {("north", contact, "lifecycle"): "not in may_replace"} == forward.differences()


def test_a_stage_without_an_option_is_unmapped(forward: Bench) -> None:
    """When the CRM no longer offers the value that a stage stands for, the field is left: unmapped."""
    from .bench import choice

    forward.north.fields["contact"]["lifecycle"] = choice("lifecycle", "subscriber", "customer")
    contact = forward.contact("ann@firm.example", last="Ng")
    forward.form(contact)
    forward.sync()
    assert {("north", contact, "lifecycle"): "unmapped"} == forward.differences()


def test_a_held_vendor_field_is_a_difference(observed: Bench) -> None:
    """While a connection is only observed, the vendor's fields that differ are counted as held."""
    from dataclasses import replace

    from stagesync.domain.plan import VendorStage

    connections = {
        name: replace(each, vendor_stage=VendorStage.FORWARD)
        for name, each in observed.deployment.connections.items()
    }
    observed.redeploy(connections=connections)
    contact = observed.contact("ann@firm.example", last="Ng")
    observed.form(contact)
    observed.sync()
    assert {("north", contact, "lifecycle"): "held"} == observed.differences()


def test_what_stagesync_wrote_is_no_word_of_people(forward: Bench) -> None:
    """A computed nurture that stagesync wrote does not feed itself: it ends when its reason ends."""
    contact = forward.contact("ann@firm.example", last="Ng", country="Brazil", title="Assistant")
    company = forward.north.add(
        "company", {"domain": "x.example", "employees": "5", "industry": "mining"}
    )
    forward.north.edit("contact", contact, {}, links={"company": (company,)})
    forward.form(contact)
    forward.sync()
    assert ("nurture", "BAD_TIMING") == (
        forward.position(contact)["disposition"],
        forward.value("north", "contact", contact, "status"),
    )
    forward.north.edit(
        "company", company, {"employees": "200", "industry": "software", "country": "FR"}
    )
    forward.north.edit("contact", contact, {"country": "France", "title": "Director"})
    forward.sync()
    assert "active" == forward.position(contact)["disposition"]


def test_the_same_value_set_again_by_people_counts(forward: Bench) -> None:
    """Somebody who changes our value and later sets it back has spoken: it is their word then."""
    contact = forward.contact("ann@firm.example", last="Ng", country="Brazil", title="Assistant")
    company = forward.north.add(
        "company", {"domain": "x.example", "employees": "5", "industry": "mining"}
    )
    forward.north.edit("contact", contact, {}, links={"company": (company,)})
    forward.form(contact)
    forward.sync()
    assert "BAD_TIMING" == forward.baseline(contact, "status")
    forward.north.edit(
        "company", company, {"employees": "200", "industry": "software", "country": "FR"}
    )
    forward.north.edit(
        "contact", contact, {"country": "France", "title": "Director", "status": "NEW"}
    )
    forward.sync()
    assert (None, "active") == (
        forward.baseline(contact, "status"),
        forward.position(contact)["disposition"],
    )
    forward.clock.advance(days=1)
    forward.north.edit("contact", contact, {"status": "BAD_TIMING"})
    forward.sync()
    assert "nurture" == forward.position(contact)["disposition"]
