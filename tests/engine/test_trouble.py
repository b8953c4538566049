"""One CRM that fails does not stop the other, and nothing is lost meanwhile."""

from copy import copy

import pytest

from stagesync.connector import (
    CredentialsRefused,
    CrmError,
    QuotaExhausted,
    RequestRefused,
    Throttled,
    Unavailable,
)
from stagesync.engine.instants import iso
from stagesync.engine.status import status
from stagesync.engine.trouble import GOES_ON, LOOK

from .bench import DAY_S, Bench
from .test_first_load import unwaited


@pytest.mark.parametrize(
    "error",
    [
        CredentialsRefused("the token is refused"),
        Unavailable("no answer", retry_after_s=5.0),
        Throttled("too fast", retry_after_s=90.0),
    ],
)
def test_one_connection_down_lets_the_other_go_on(bench: Bench, error: CrmError) -> None:
    """The failing connection is named with code 4 and in the status, the other one is written."""
    bench.sync()
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.south.fail(error)
    outcome = bench.sync()
    assert (4, ["south"], "contact") == (
        outcome.exit_code,
        list(outcome.troubles),
        bench.stage(contact),
    )
    told = {
        each["connection"]: each["trouble"]
        for each in status(bench.deployment, now_s=bench.clock.now_s())["connections"]
    }
    assert {"north": "", "south": str(error)} == told


def test_trouble_ends_with_the_next_good_run(bench: Bench) -> None:
    """A connection that works again is no longer in trouble, and is complete."""
    bench.south.fail(Unavailable("no answer", retry_after_s=5.0))
    bench.sync()
    outcome = bench.sync()
    told = status(bench.deployment, now_s=bench.clock.now_s())["connections"]
    assert (0, ["", ""], [True, True]) == (
        outcome.exit_code,
        [each["trouble"] for each in told],
        [each["complete"] for each in told],
    )


def test_a_broken_pull_goes_on_where_it_stopped(bench: Bench) -> None:
    """Pages that came before a failure stay, and the next run brings the rest."""
    contacts = [bench.contact(f"p{n}@firm.example", last="Ng") for n in range(8)]
    bench.north.fail(Unavailable("no answer", retry_after_s=5.0), after=4)
    first = bench.sync()
    assert (4, 3) == (first.exit_code, first.people)
    second = bench.sync()
    assert (0, 8) == (second.exit_code, second.people)
    assert {"contact"} == {bench.stage(each) for each in contacts}


def test_a_missing_mapped_field_is_named(bench: Bench) -> None:
    """A field of the mapping that the CRM does not have ends this connection by name; the other goes on."""
    unwaited(bench, "south")
    del bench.south.fields["contact"]["Title"]
    contact = bench.contact("ann@firm.example", last="Ng")
    outcome = bench.sync()
    assert (
        "south: the mapping names fields that the CRM does not have: contact.Title",
        "contact",
        0,
    ) == (str(outcome.troubles["south"]), bench.stage(contact), outcome.pulled["south"].records)


def test_an_optional_field_may_be_missing(bench: Bench) -> None:
    """A field that the mapping calls optional is not asked for where it does not exist."""
    assert "churned" not in bench.north.fields["company"]
    bench.north.add("company", {"domain": "firm.example"})
    assert 0 == bench.sync().exit_code


def test_who_changed_while_a_crm_was_away_is_written_when_it_is_back(bench: Bench) -> None:
    """A stage that moved while the other CRM could not even be described reaches it afterwards."""
    contact = bench.contact("ann@firm.example", last="Ng")
    member = bench.member("ann@firm.example", LastName="Ng")
    bench.sync()
    bench.clock.advance(seconds=DAY_S)
    bench.form(contact)
    bench.south.fail(Unavailable("no answer", retry_after_s=5.0))
    bench.sync()
    assert ("lead", "contact") == (
        bench.stage(contact),
        bench.value("south", "contact", member, "Stage__c"),
    )
    bench.sync()
    assert "lead" == bench.value("south", "contact", member, "Stage__c")
    assert 0 == bench.backlog()


def test_work_between_evaluation_and_plan_is_not_lost(bench: Bench) -> None:
    """When a run dies after placing people and before planning them, the next run plans them."""
    from stagesync.engine.run import run_once

    class Dying:
        """Fails when the plan begins."""

        def phase(self, name: str, total: int | None = None) -> None:
            if name == "plan":
                raise KeyboardInterrupt

        def advance(self, count: int) -> None:
            """Nothing to do."""

    contact = bench.contact("ann@firm.example", last="Ng")
    with pytest.raises(KeyboardInterrupt):
        run_once(bench.deployment, progress=Dying())
    again = bench.sync()
    assert ([], "contact") == (again.evaluated.people, bench.stage(contact))


def test_status_counts_people_and_stages(bench: Bench) -> None:
    """The status says how many people stand where, and that nothing waits after a good run."""
    bench.form(bench.contact("ann@firm.example", last="Ng"))
    bench.contact("bob@firm.example", last="Hill")
    outcome = bench.sync()
    told = status(bench.deployment, now_s=bench.clock.now_s())
    assert (2, {"lead": 1, "contact": 1}, 0, 0, outcome.run) == (
        told["people"],
        told["stages"],
        told["backlog"],
        told["waiting"],
        told["last_run"]["run"],
    )


@pytest.mark.parametrize(
    ("error", "wait_s", "hint"),
    [
        (QuotaExhausted("the day's calls are used up", retry_after_s=40.0), 40, GOES_ON),
        (QuotaExhausted("our share is used up", retry_after_s=7200.0, hint="wait"), 7200, "wait"),
        (Throttled("too fast", retry_after_s=90.0), 90, GOES_ON),
        (Throttled("too fast", retry_after_s=9.0), None, GOES_ON),
        (Unavailable("no answer", retry_after_s=5.0), None, GOES_ON),
        (RequestRefused("it is refused"), None, LOOK),
        (CredentialsRefused("the token is refused", hint="make one"), None, "make one"),
    ],
)
def test_trouble_says_when_it_ends_and_what_to_do(
    bench: Bench, error: CrmError, wait_s: float | None, hint: str
) -> None:
    """A long wait is told with its end and as incomplete, and each failure with its next step, in `status` too."""
    words = str(error)
    bench.south.fail(copy(error))
    outcome = bench.sync()
    if wait_s is not None:
        words += f"; incomplete, resumes at {iso(bench.clock.at_s + wait_s)}"
    (told,) = [
        each
        for each in status(bench.deployment, now_s=bench.clock.now_s())["connections"]
        if each["connection"] == "south"
    ]
    assert (4, words, hint, words) == (
        outcome.exit_code,
        told["trouble"],
        told["hint"],
        outcome.summary()["troubles"]["south"],
    )


def test_no_trouble_has_no_hint(bench: Bench) -> None:
    """A connection that is well says nothing of what to do."""
    bench.sync()
    told = status(bench.deployment, now_s=bench.clock.now_s())["connections"]
    assert [("", ""), ("", "")] == [(each["trouble"], each["hint"]) for each in told]
