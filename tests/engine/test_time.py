"""What happens, what fades, and when time alone moves somebody."""

from .bench import DAY_S, Bench, iso


def _fit(bench: Bench) -> str:
    """A contact inside the target: 100 points of fit."""
    company = bench.north.add(
        "company",
        {"domain": "firm.example", "employees": "200", "industry": "software", "country": "FR"},
    )
    return bench.contact(
        "ann@firm.example",
        last="Ng",
        title="Marketing Director",
        country="FR",
        links={"company": (company,)},
    )


def _interest(bench: Bench, contact: str) -> float:
    return round(
        (bench.placed(bench.person("north", "contact", contact)).scores or {})["interest"], 2
    )


def test_the_same_meeting_in_two_crms_counts_once(bench: Bench) -> None:
    """Two records of one meeting, starting within 15 minutes, give its points once."""
    contact = bench.contact("ann@firm.example", last="Ng")
    member = bench.member("ann@firm.example", LastName="Ng")
    start_s = bench.clock.at_s + 120 - 30 * DAY_S
    bench.north.add("meeting", {"starts": iso(start_s)}, links={"contact": (contact,)})
    bench.south.add("event", {"Start": iso(start_s + 600)}, links={"contact": (member,)})
    bench.sync()
    assert 12.5 == _interest(bench, contact)


def test_two_meetings_far_apart_count_twice(bench: Bench) -> None:
    """Meetings that start more than 15 minutes apart are two."""
    contact = bench.contact("ann@firm.example", last="Ng")
    start_s = bench.clock.at_s + 120 - 30 * DAY_S
    for later in (0, 901):
        bench.north.add("meeting", {"starts": iso(start_s + later)}, links={"contact": (contact,)})
    bench.sync()
    assert 25.0 == round(_interest(bench, contact), 1)


def test_a_cancelled_meeting_counts_nowhere(bench: Bench) -> None:
    """A meeting that is cancelled afterwards takes its points and its stage back."""
    contact = bench.contact("ann@firm.example", last="Ng")
    meeting = bench.north.add(
        "meeting", {"starts": iso(bench.clock.at_s - DAY_S)}, links={"contact": (contact,)}
    )
    bench.sync()
    assert "lead" == bench.stage(contact)
    bench.north.edit("meeting", meeting, {"outcome": "CANCELED"})
    bench.sync()
    assert ("contact", 0.0) == (bench.stage(contact), _interest(bench, contact))


def test_a_meeting_moved_to_somebody_else_leaves_the_first(bench: Bench) -> None:
    """An activity that names another person now counts for them, and no longer for the one before."""
    ann = bench.contact("ann@firm.example", last="Ng")
    bob = bench.contact("bob@firm.example", last="Hill")
    meeting = bench.north.add(
        "meeting", {"starts": iso(bench.clock.at_s - DAY_S)}, links={"contact": (ann,)}
    )
    bench.sync()
    bench.north.edit("meeting", meeting, {}, links={"contact": (bob,)})
    bench.sync()
    assert ("contact", "lead") == (bench.stage(ann), bench.stage(bob))


def test_each_observed_change_of_a_counter_is_one_activity(bench: Bench) -> None:
    """A last date that moves three times tells three activities; seen again unchanged it tells none."""
    contact = bench.contact("ann@firm.example", last="Ng")
    now_s = bench.clock.at_s
    for visits, days_ago in ((1, 28), (5, 14), (9, 14 - 1e-9)):
        at = iso(now_s - days_ago * DAY_S)
        bench.north.edit("contact", contact, {"last_visit": at, "visits": str(visits)})
        bench.sync()
    bench.north.edit("contact", contact, {"title": "Nurse"})
    bench.sync()
    from stagesync.engine.explain import explain

    seen = [each["at"] for each in explain(bench.deployment, "ann@firm.example")["activities"]]
    assert [iso(now_s - days * DAY_S)[:19] + "Z" for days in (14, 14, 28)] == seen


def test_decay_alone_moves_a_stage_at_recheck_and_not_before(bench: Bench) -> None:
    """A qualified person stays so until the very second that was foretold, and then falls to lead."""
    contact = _fit(bench)
    for days_ago, count in ((15, 1), (1, 2)):
        bench.form(contact, days_ago=days_ago, count=count)
        bench.sync()
    assert "qualified" == bench.stage(contact)
    recheck_s = bench.placed(bench.person("north", "contact", contact)).recheck_at_s
    assert recheck_s is not None
    bench.clock.at_s = recheck_s - 121
    before = bench.sync()
    assert ([], "qualified") == (before.evaluated.people, bench.stage(contact))
    bench.clock.at_s = recheck_s - 120
    bench.sync()
    assert "lead" == bench.stage(contact)


def test_a_score_is_never_written_for_its_own_sake(bench: Bench) -> None:
    """Points fade, yet as long as the stage stands nothing is written; with the stage the score goes too."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.form(contact, days_ago=1)
    bench.sync()
    written = bench.value("north", "contact", contact, "score")
    bench.clock.advance(days=20)
    bench.north.edit("contact", contact, {"title": "Nurse"})
    later = bench.sync()
    assert ([bench.person("north", "contact", contact)], 0) == (
        later.evaluated.people,
        bench.written(later),
    )
    assert written == bench.value("north", "contact", contact, "score") > _interest(bench, contact)
    bench.north.edit("contact", contact, {"lifecycle": "salesqualifiedlead"})
    bench.sync()
    assert ("accepted", _interest(bench, contact)) == (
        bench.stage(contact),
        bench.value("north", "contact", contact, "score"),
    )


def test_the_nurtured_return_by_a_request(bench: Bench) -> None:
    """A request made after the nurture flag was first seen ends the nurturing."""
    contact = bench.contact("ann@firm.example", last="Ng", status="BAD_TIMING")
    bench.form(contact, days_ago=10)
    bench.sync()
    assert "nurture" == bench.position(contact)["disposition"]
    bench.clock.advance(days=5)
    bench.form(contact, count=2)
    bench.sync()
    assert "active" == bench.position(contact)["disposition"]


def test_a_request_before_the_nurturing_does_not_end_it(bench: Bench) -> None:
    """What was seen late but happened before the flag was set leaves somebody nurtured."""
    contact = bench.contact("ann@firm.example", last="Ng", status="BAD_TIMING")
    bench.sync()
    bench.form(contact, days_ago=3)
    bench.sync()
    assert "nurture" == bench.position(contact)["disposition"]


def test_nurturing_that_begins_again_counts_from_then(bench: Bench) -> None:
    """A flag that went and came back is dated anew, so that the old request no longer ends it."""
    contact = bench.contact("ann@firm.example", last="Ng", status="BAD_TIMING")
    bench.sync()
    bench.clock.advance(days=5)
    bench.form(contact)
    bench.sync()
    bench.north.edit("contact", contact, {"status": "NEW"})
    bench.sync()
    assert "active" == bench.position(contact)["disposition"]
    bench.clock.advance(days=5)
    bench.north.edit("contact", contact, {"status": "BAD_TIMING"})
    bench.sync()
    assert "nurture" == bench.position(contact)["disposition"]


def test_other_edits_do_not_date_the_nurturing_anew(bench: Bench) -> None:
    """The date of the first sight stands while the flag stands, whatever else of the record changes."""
    contact = bench.contact("ann@firm.example", last="Ng", status="BAD_TIMING")
    first_s = bench.clock.at_s
    bench.sync()
    bench.clock.advance(days=5)
    bench.north.edit("contact", contact, {"title": "Nurse"})
    bench.sync()
    from stagesync.engine.explain import explain

    told = explain(bench.deployment, "ann@firm.example")["facts"]["person.nurture_since"]
    assert (first_s, contact) == (told["value"], told["from"]["id"])
