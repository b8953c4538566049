"""A field that changed in the CRM switches itself off, is told once, and comes back whole."""

from dataclasses import replace

from stagesync.connector import FieldType, Option
from stagesync.engine.describe import stored_descriptions
from stagesync.engine.status import status
from stagesync.store import alerts, records
from stagesync.store.alerts import Alert

from .bench import DAY_S, Bench


def standing(bench: Bench, connection: str = "north") -> list[str]:
    """Keys of the alerts in the status."""
    told = status(bench.deployment, now_s=bench.clock.now_s())["connections"]
    (found,) = [each for each in told if each["connection"] == connection]
    return [each["key"] for each in found["alerts"]]


def history(bench: Bench) -> list[Alert]:
    with bench.store.begin() as tx:
        return alerts.all_alerts(tx, "north")


def facts(bench: Bench, contact: str) -> object:
    with bench.store.begin() as tx:
        return records.records_of(tx, "north", "contact", [contact])[contact].fields.get("country")


def next_day(bench: Bench) -> None:
    """Descriptions are believed for a day."""
    bench.clock.advance(seconds=DAY_S)


def test_a_field_that_vanished_is_left_out_and_the_rest_goes_on(bench: Bench) -> None:
    """The deleted field's fact is missing, the connection works on, and one alert stands."""
    ann = bench.contact("ann@firm.example", last="Ng", country="France")
    bench.sync()
    del bench.north.fields["contact"]["country"]
    next_day(bench)
    bob = bench.contact("bob@firm.example", last="Li")
    outcome = bench.sync()
    assert ({}, "contact", None, ["drift:contact.country"]) == (
        outcome.troubles,
        bench.stage(bob),
        facts(bench, ann),
        standing(bench),
    )


def test_description_is_asked_for_anew_once_a_day(bench: Bench) -> None:
    """An option that an admin adds is known at the next day's run, and nothing asks before."""
    status_field = bench.north.fields["contact"]["status"]
    bench.sync()
    added = Option("PARKED", "Parked", len(status_field.options))
    wider = replace(status_field, options=(*status_field.options, added))
    bench.north.fields["contact"]["status"] = wider
    known = []
    for advance_s in (0.0, DAY_S):
        bench.clock.advance(seconds=advance_s)
        bench.sync()
        with bench.store.begin() as tx:
            told = stored_descriptions(tx, "north")["contact"].fields["status"].options
        known.append("PARKED" in [each.value for each in told])
    assert [False, True] == known


def test_a_field_that_vanishes_between_two_descriptions_is_noticed(bench: Bench) -> None:
    """The CRM's complaint about a missing field has the fields described anew, and the run goes on."""
    bench.sync()
    del bench.north.fields["contact"]["title"]
    outcome = bench.sync()
    assert ({}, ["drift:contact.title"]) == (outcome.troubles, standing(bench))


def test_an_alert_is_raised_once_and_ended(bench: Bench) -> None:
    """While it lasts the alert is one row that counts; when the field is back it has an end."""
    bench.sync()
    gone = bench.north.fields["contact"].pop("country")
    for _ in range(3):
        next_day(bench)
        bench.sync()
    (alert,) = history(bench)
    assert (None, 3) == (alert.ended_at_s, alert.seen)
    bench.north.fields["contact"]["country"] = gone
    next_day(bench)
    bench.sync()
    (alert,) = history(bench)
    assert ([], True) == (standing(bench), alert.ended_at_s is not None)


def test_what_changed_while_a_field_was_off_is_read_when_it_is_back(bench: Bench) -> None:
    """A field that works again is pulled anew for every record, however old its change."""
    ann = bench.contact("ann@firm.example", last="Ng", country="France")
    bench.sync()
    gone = bench.north.fields["contact"].pop("country")
    next_day(bench)
    # A later record moves the cursor on: only a pull from the start reaches the old one.
    bench.contact("bob@firm.example", last="Li")
    bench.sync()
    bench.north.fields["contact"]["country"] = gone
    next_day(bench)
    bench.sync()
    assert "France" == facts(bench, ann)


def test_a_field_of_another_type_is_not_read(bench: Bench) -> None:
    """A text that became a number is left out until the mapping is looked at."""
    ann = bench.contact("ann@firm.example", last="Ng", country="France")
    bench.sync()
    known = bench.north.fields["contact"]["country"]
    bench.north.fields["contact"]["country"] = replace(known, type=FieldType.NUMBER)
    next_day(bench)
    bench.sync()
    assert (None, ["drift:contact.country"]) == (facts(bench, ann), standing(bench))
    north = bench.deployment.connections["north"]
    edited = replace(north, mapping=replace(north.mapping, digest="edited"))
    bench.redeploy(connections={**bench.deployment.connections, "north": edited})
    bench.sync()
    assert ("France", []) == (facts(bench, ann), standing(bench))


def test_a_lost_option_stops_writing_and_not_reading(forward: Bench) -> None:
    """A stage field without one of our values is not written, and what people set there still counts."""
    ann = forward.contact("ann@firm.example", last="Ng")
    forward.sync()
    known = forward.north.fields["contact"]["lifecycle"]
    kept = tuple(o for o in known.options if o.value != "marketingqualifiedlead")
    forward.north.fields["contact"]["lifecycle"] = replace(known, options=kept)
    next_day(forward)
    forward.north.edit("contact", ann, {"lifecycle": "salesqualifiedlead"})
    bob = forward.contact("bob@firm.example", last="Li")
    forward.form(bob)
    forward.sync()
    assert (["drift:contact.lifecycle"], None, "accepted") == (
        standing(forward),
        forward.value("north", "contact", bob, "lifecycle"),
        forward.position(ann)["sales"],
    )


def test_an_option_that_is_never_written_may_go(forward: Bench) -> None:
    """An option that we never write may go."""
    forward.sync()
    known = forward.north.fields["contact"]["lifecycle"]
    kept = tuple(o for o in known.options if o.value != "subscriber")
    forward.north.fields["contact"]["lifecycle"] = replace(known, options=kept)
    next_day(forward)
    forward.sync()
    assert [] == standing(forward)


def test_the_address_of_people_is_never_switched_off(bench: Bench) -> None:
    """Without the field by which people are known again the connection fails, and nobody falls apart."""
    ann = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    person = bench.person("north", "contact", ann)
    del bench.north.fields["contact"]["email"]
    next_day(bench)
    outcome = bench.sync()
    assert (["north"], person) == ([*outcome.troubles], bench.person("north", "contact", ann))


def test_a_refused_value_has_the_fields_described_anew(bench: Bench) -> None:
    """When the CRM calls a value invalid, the next run looks at the fields again."""
    ann = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    del bench.north.fields["contact"]["stage"]
    bench.form(ann)
    # The stage is asked for, too: the pull notices before anything is written.
    bench.sync()
    assert ["drift:contact.stage"] == standing(bench)
    known = bench.south.fields["contact"]["Stage__c"]
    member = bench.member("cal@firm.example", LastName="Ox")
    bench.south.fields["contact"]["Stage__c"] = replace(known, options=known.options[-1:])
    assert 6 == bench.sync().exit_code
    bench.sync()
    assert (["parked:contact", "drift:contact.Stage__c"], None) == (
        standing(bench, "south"),
        bench.value("south", "contact", member, "Stage__c"),
    )
