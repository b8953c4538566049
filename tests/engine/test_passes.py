"""A run after another: what is held, what is written, and what is left alone."""

from dataclasses import replace

import pytest

from free_hand import WRITE_OVER
from stagesync.domain.life import State
from stagesync.engine.daemon import run_daemon
from stagesync.engine.live import Live
from stagesync.store import connections, plans

from .bench import Bench


def test_a_new_connection_is_only_observed(observed: Bench) -> None:
    """The first run plans, holds everything, writes nothing and says so by exit code 3."""
    contact = observed.contact("ann@firm.example", last="Ng")
    outcome = observed.sync()
    assert (3, 0, None) == (outcome.exit_code, observed.written(outcome), observed.stage(contact))
    assert outcome.plan.held > 0


def test_approval_lets_the_next_run_write(observed: Bench) -> None:
    """What was held is written by the run after the approval, and the connection is active from then on."""
    contact = observed.contact("ann@firm.example", last="Ng")
    first = observed.sync()
    approved = observed.decide(first, approve=True)
    second = observed.sync()
    assert (approved, 0, "contact") == (
        observed.written(second),
        second.exit_code,
        observed.stage(contact),
    )
    with observed.store.begin() as tx:
        found = connections.connection_state(tx, "north")
    assert found is not None
    assert ("active", "ann") == (found.mode, found.approved_by)


def test_a_plan_is_approved_for_its_own_connections_alone(observed: Bench) -> None:
    """A connection that had nothing in the approved plan stays observed."""
    observed.contact("ann@firm.example", last="Ng")
    observed.decide(observed.sync(), approve=True)
    member = observed.member("bob@firm.example", LastName="Hill")
    outcome = observed.sync()
    assert 3 == outcome.exit_code
    with observed.store.begin() as tx:
        held = plans.entries_of(tx, outcome.plan.id, State.HELD)
    assert {"south"} == {each.connection for each in held}
    assert None is observed.value("south", "contact", member, "Stage__c")


def test_a_dropped_plan_is_never_written(observed: Bench) -> None:
    """After a drop later runs write nothing, and nothing is held."""
    contact = observed.contact("ann@firm.example", last="Ng")
    first = observed.sync()
    observed.decide(first, approve=False)
    second = observed.sync()
    assert (0, 0) == (observed.written(second), second.plan.held)
    assert None is observed.stage(contact)
    with observed.store.begin() as tx:
        assert {State.DROPPED} == {each.state for each in plans.entries_of(tx, first.plan.id)}


def test_a_plan_is_decided_once(observed: Bench) -> None:
    """Approving what is not held is refused."""
    observed.contact("ann@firm.example", last="Ng")
    first = observed.sync()
    observed.decide(first, approve=True)
    with pytest.raises(KeyError):
        observed.decide(first, approve=True)


def test_newcomers_join_the_plan_that_is_held(observed: Bench) -> None:
    """While a plan waits, a later run adds to it and plans anew whom it held, without doubles."""
    contact = observed.contact("ann@firm.example", last="Ng")
    first = observed.sync()
    observed.form(contact)
    other = observed.contact("bob@firm.example", last="Hill")
    second = observed.sync()
    assert first.plan.id == second.plan.id
    with observed.store.begin() as tx:
        held = plans.entries_of(tx, first.plan.id, State.HELD)
    wanted = {(each.id, each.after) for each in held if each.field == "stage"}
    assert {(contact, "lead"), (other, "contact")} == wanted


def test_what_is_no_longer_wanted_is_no_longer_held(observed: Bench) -> None:
    """Somebody who disappears takes their held entries along."""
    contact = observed.contact("ann@firm.example", last="Ng")
    assert 3 == observed.sync().plan.held
    observed.north.delete("contact", contact)
    outcome = observed.sync()
    assert (0, 0) == (outcome.exit_code, outcome.plan.held)


def test_one_connection_is_written_while_another_is_held(observed: Bench) -> None:
    """An active connection takes change after change while the plan of another one waits."""
    contact = observed.contact("ann@firm.example", last="Ng")
    observed.decide(observed.sync(), approve=True)
    observed.sync()
    observed.member("bob@firm.example", LastName="Hill")
    observed.form(contact)
    observed.sync()
    assert "lead" == observed.stage(contact)
    observed.north.edit("contact", contact, {"lifecycle": "salesqualifiedlead"})
    outcome = observed.sync()
    assert (3, "accepted") == (outcome.exit_code, observed.stage(contact))


def test_a_plan_without_writing_leaves_all_to_the_next_run(bench: Bench) -> None:
    """`plan` writes nothing, and the run after it writes everything."""
    contact = bench.contact("ann@firm.example", last="Ng")
    assert 0 == bench.written(bench.sync(write=False))
    assert None is bench.stage(contact)
    bench.sync()
    assert "contact" == bench.stage(contact)


def test_a_second_pass_writes_nothing(bench: Bench) -> None:
    """Our own writes come back as an echo: it changes, evaluates, plans and writes nothing."""
    company = bench.north.add("company", {"domain": "firm.example", "name": "Firm"})
    bench.contact("ann@firm.example", last="Ng", links={"company": (company,)})
    bench.member("ann@firm.example", LastName="Ng")
    assert 0 < bench.written(bench.sync())
    second = bench.sync()
    assert sum(second.summary()["pulled"].values()) > 0
    assert {"north": 0, "south": 0} == second.summary()["changed"]
    assert ([], [], 0, 0) == (
        second.evaluated.people,
        second.evaluated.accounts,
        second.plan.go,
        bench.written(second),
    )


def test_repeated_pages_change_nothing(bench: Bench) -> None:
    """Records that an overlapping pull brings again are not taken for changes."""
    for number in range(7):
        bench.contact(f"p{number}@firm.example", last="Ng")
    bench.sync()
    bench.north.overlap_s = 10 * 86_400.0
    again = bench.sync()
    assert (7, 0, 0) == (
        again.pulled["north"].records,
        again.pulled["north"].changed,
        bench.written(again),
    )


def test_an_echo_is_looked_at_once(bench: Bench) -> None:
    """Of a record that only bears a new stamp of ours, links and history are asked for once, not at every overlap."""
    bench.contact("ann@firm.example", last="Ng")
    bench.north.overlap_s = 10 * 86_400.0
    bench.sync()
    assert [6, 4] == [bench.sync().calls["north"] for _ in range(2)]


def test_a_person_in_both_crms_has_one_stage_in_both(bench: Bench) -> None:
    """What happened in one CRM places the person in the other too."""
    contact = bench.contact("ann@firm.example", last="Ng")
    lead = bench.member("ANN@firm.example ", kind="lead", LastName="Ng")
    bench.form(contact)
    outcome = bench.sync()
    assert ("lead", "lead", 1) == (
        bench.stage(contact),
        bench.value("south", "lead", lead, "Stage__c"),
        outcome.people,
    )


def test_an_edited_own_field_is_restored(bench: Bench) -> None:
    """Where edits are not respected, whoever types over our own field finds the stage back after the next run."""
    bench.redeploy(edits=WRITE_OVER)
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    bench.north.edit("contact", contact, {"stage": "client"})
    bench.sync()
    assert "contact" == bench.stage(contact)


def test_a_change_in_links_alone_is_seen(bench: Bench) -> None:
    """A contact that is moved to another company follows it, though none of its fields changed."""
    small = bench.north.add("company", {"domain": "small.example", "employees": "5"})
    large = bench.north.add("company", {"domain": "large.example", "employees": "500"})
    contact = bench.contact("ann@mail.example", last="Ng", links={"company": (small,)})
    bench.sync()
    before = bench.placed(bench.person("north", "contact", contact)).account
    bench.north.edit("contact", contact, {}, links={"company": (large,)})
    bench.sync()
    after = bench.placed(bench.person("north", "contact", contact)).account
    assert before != after
    assert after is not None


def test_a_change_of_policy_evaluates_everybody(bench: Bench) -> None:
    """People whose facts stand still are placed again when the policy's label changes."""
    from dataclasses import replace

    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    assert [] == bench.sync().evaluated.people
    policy = replace(bench.deployment.policy, version=2)
    bench.redeploy(policy=policy)
    again = bench.sync()
    person = bench.person("north", "contact", contact)
    assert [person] == again.evaluated.people
    assert policy.label == bench.placed(person).policy


def test_the_summary_has_its_documented_keys(bench: Bench) -> None:
    """The JSON of `sync` holds exactly the keys that are promised."""
    bench.contact("ann@firm.example", last="Ng")
    summary = bench.sync().summary()
    assert [
        "run",
        "plan",
        "pulled",
        "changed",
        "people",
        "evaluated",
        "transitions",
        "written",
        "refused",
        "skipped",
        "held",
        "edited",
        "overwritten_edits",
        "ramped",
        "calls",
        "paced_s",
        "troubles",
        "unread",
        "seconds",
    ] == list(summary)


def test_the_summary_counts_fields_and_requests(bench: Bench) -> None:
    """Per connection the summary counts written fields, and requests: describing, pages, links, counts, reads before writes, writes."""
    bench.contact("ann@firm.example", last="Ng")
    summary = bench.sync().summary()
    assert {"north": 3, "south": 0} == summary["written"]
    assert {"north": 1 + 4 + 1 + 4 + 1 + 1, "south": 1 + 6 + 6} == summary["calls"]


def test_a_stop_ends_after_the_batch_in_hand(bench: Bench) -> None:
    """A stop asked for during a batch lets it end, sends no other, and the next run does the rest."""
    for number in range(6):
        bench.contact(f"p{number}@firm.example", last="Ng")
    connector = bench.connectors["north"]
    connector.capabilities = replace(connector.capabilities, largest_write=2)

    class Stopping:
        """Stops the deployment as soon as the first batch is done."""

        def phase(self, name: str, total: int | None = None) -> None:
            self.writing = name == "write"

        def advance(self, count: int) -> None:
            if self.writing:
                bench.deployment.stopping.set()

    from stagesync.engine.run import run_once

    outcome = run_once(bench.deployment, progress=Stopping())
    stages = [row.fields["stage"] for key, row in bench.north.rows.items() if key[0] == "contact"]
    assert (6, 2) == (bench.written(outcome), sum(stage == "contact" for stage in stages))
    bench.redeploy()
    assert 12 == bench.written(bench.sync())
    assert 18 == len([each for each in bench.audit() if each["field"]])


def test_the_daemon_runs_until_it_is_stopped(bench: Bench) -> None:
    """The daemon goes on from run to run and ends when it is told to."""
    import threading

    bench.contact("ann@firm.example", last="Ng")
    stop, seen = threading.Event(), []

    def after(outcome: object) -> None:
        seen.append(outcome)
        stop.set()

    run_daemon(Live(bench.deployment), stop=stop, after_run=after)
    assert 1 == len(seen)


def test_what_was_held_is_no_difference_once_it_is_written(observed: Bench) -> None:
    """A vendor's field that waited for approval and was written afterwards is told as left no more."""
    from stagesync.domain.plan import VendorStage

    north = replace(observed.deployment.connections["north"], vendor_stage=VendorStage.FORWARD)
    observed.redeploy(connections={**observed.deployment.connections, "north": north})
    contact = observed.contact("ann@firm.example", last="Ng")
    observed.form(contact)
    held = observed.sync()
    assert {"held"} == set(observed.differences().values())
    observed.decide(held, approve=True)
    observed.sync()
    assert ("lead", {}) == (
        observed.value("north", "contact", contact, "lifecycle"),
        observed.differences(),
    )
