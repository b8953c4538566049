"""What a CRM names by webhook is read at once; the pull goes on as if nobody had called."""

import threading
from collections.abc import Callable

from stagesync.connector import Hears, Named, Unavailable
from stagesync.engine.daemon import run_daemon
from stagesync.engine.inbox import may_be_taken, note_heard
from stagesync.engine.live import Live
from stagesync.engine.outcome import Outcome
from stagesync.engine.run import run_once
from stagesync.engine.status import status
from stagesync.store import inbox, people, records, state

from .bench import Bench


def hear(bench: Bench, *named: Named, connection: str = "north") -> int:
    """The CRM calls, and what it names is kept."""
    bench.crms[connection].hook_secret = "hush"
    connector = bench.connectors[connection]
    assert isinstance(connector, Hears)
    told = connector.hear(bench.crms[connection].tell(*named, url="https://stagesync.example"))
    connected = bench.deployment.connections[connection]
    return note_heard(bench.deployment, connected, told, now_s=bench.clock.now_s())


def called(bench: Bench) -> Outcome:
    """The run that a call leads to."""
    return run_once(bench.deployment, only_heard=True)


def waiting(bench: Bench) -> dict[str, int]:
    with bench.store.begin() as tx:
        return inbox.count_waiting(tx)


def stored(bench: Bench, contact: str) -> records.StoredRecord:
    with bench.store.begin() as tx:
        return records.records_of(tx, "north", "contact", [contact])[contact]


def cursors(bench: Bench) -> dict[str, dict[str, state.Cursor]]:
    with bench.store.begin() as tx:
        return {name: state.cursors_of(tx, name) for name in ("north", "south")}


def settled(bench: Bench) -> tuple[str, str]:
    """Two contacts, agreed with everybody."""
    pair = bench.contact("ann@firm.example", last="Ng"), bench.contact("bo@firm.example", last="Li")
    bench.sync()
    assert 0 == bench.written(bench.sync())
    bench.clock.advance(seconds=60)
    return pair


def test_what_is_named_is_read_placed_and_written(bench: Bench) -> None:
    """A named change goes all the way; what was not named waits for the poll, and no cursor moves."""
    ann, bo = settled(bench)
    before = cursors(bench)
    bench.form(ann)
    bench.form(bo)
    hear(bench, Named("contact", ann))
    outcome = called(bench)
    assert (1, 1) == (outcome.pulled["north"].records, outcome.pulled["north"].changed)
    assert ("lead", "contact") == (bench.stage(ann), bench.stage(bo))
    assert (before, {}) == (cursors(bench), waiting(bench))
    bench.sync()
    assert "lead" == bench.stage(bo)


def test_a_poll_empties_the_inbox_too(bench: Bench) -> None:
    """What was heard before a restart is read by the first run, whatever the pull's index shows."""
    ann, _ = settled(bench)
    bench.north.rows["contact", ann].fields["last"] = "Changed"
    hear(bench, Named("contact", ann))
    bench.sync()
    assert ("Changed", {}) == (stored(bench, ann).fields["last"], waiting(bench))


def test_a_call_about_nothing_new_changes_nothing(bench: Bench) -> None:
    """A replay, an echo of our own write, a record that nobody knows and one that is not mapped."""
    ann, _ = settled(bench)
    named = [Named("contact", ann), Named("contact", "999"), Named("invoice", "1")]
    assert 2 == hear(bench, *named)
    outcome = called(bench)
    assert (1, 0, 0) == (
        outcome.pulled["north"].records,
        outcome.pulled["north"].changed,
        len(outcome.evaluated.people),
    )
    assert {} == waiting(bench)


def test_a_new_link_is_found_though_no_stamp_moved(bench: Bench) -> None:
    """Associations move no stamp: the links of a named record are asked for."""
    ann, _ = settled(bench)
    firm = bench.north.add("company", {"domain": "firm.example", "name": "Firm"})
    bench.sync()
    bench.north.rows["contact", ann].links["company"] = (firm,)
    hear(bench, Named("contact", ann))
    assert 1 == called(bench).pulled["north"].changed
    hear(bench, Named("contact", ann))
    assert 0 == called(bench).pulled["north"].changed


def test_a_deleted_record_is_gone(bench: Bench) -> None:
    """What the CRM leaves out when it is read by its id is gone, and its person with it."""
    ann, _ = settled(bench)
    person = bench.person("north", "contact", ann)
    bench.north.delete("contact", ann)
    hear(bench, Named("contact", ann))
    called(bench)
    assert (True, None) == (stored(bench, ann).gone, bench.person("north", "contact", ann))
    assert person is not None


def test_a_merge_keeps_one_person(bench: Bench) -> None:
    """Both ids of a merge lead to one person, at once and after the poll that tells it again."""
    ann, bo = settled(bench)
    person = bench.person("north", "contact", ann)
    bench.north.merge("contact", bo, into=ann)
    hear(bench, Named("contact", ann), Named("contact", bo))
    called(bench)
    at_once = {bench.person("north", "contact", each) for each in (ann, bo)}
    bench.sync()
    assert at_once == {bench.person("north", "contact", each) for each in (ann, bo)} == {person}
    assert (True, ann) == (stored(bench, bo).gone, stored(bench, bo).merged_into)


def test_a_merge_told_after_a_deletion_is_still_a_merge(bench: Bench) -> None:
    """A record that was first known as gone, and then as part of another, follows it."""
    ann, bo = settled(bench)
    bench.north.delete("contact", bo)
    hear(bench, Named("contact", bo))
    called(bench)
    bench.north.merge("contact", bo, into=ann)
    hear(bench, Named("contact", bo))
    called(bench)
    assert ann == stored(bench, bo).merged_into


def test_an_erased_person_is_forgotten_though_the_crm_is_down(bench: Bench) -> None:
    """Nothing is asked of the CRM: the row keeps its id, the person is no more, the log names neither."""
    ann, _ = settled(bench)
    bench.form(ann)
    bench.sync()
    person = bench.person("north", "contact", ann)
    hear(bench, bench.north.erase("contact", ann))
    bench.north.fail(Unavailable("no answer", retry_after_s=5.0), times=9)
    called(bench)
    with bench.store.begin() as tx:
        assert {} == records.records_of(tx, "north", "contact", [ann])
        assert [] == list(people.placed(tx, "person", [str(person)]))
    assert {} == waiting(bench)
    told = bench.audit()
    assert [] == [each for each in told if (each["connection"], each["id"]) == ("north", ann)]
    assert {"blanked": 6, "why": "erased in the CRM"} == told[-1]["result"]
    assert ("ann@firm" in repr(told), str(person) in repr(told)) == (False, False)


def test_what_an_index_still_shows_of_the_erased_is_not_stored(bench: Bench) -> None:
    """A pull that brings an erased record late brings nothing."""
    ann, _ = settled(bench)
    row = bench.north.rows["contact", ann]
    hear(bench, bench.north.erase("contact", ann))
    called(bench)
    bench.north.rows["contact", ann] = row
    row.changed_at_s = bench.clock.now_s()
    bench.sync()
    with bench.store.begin() as tx:
        assert {} == records.records_of(tx, "north", "contact", [ann])


def test_a_connection_that_is_down_keeps_its_entries(bench: Bench) -> None:
    """What could not be read waits; further calls ask nothing of who is down, the next poll does."""
    ann, _ = settled(bench)
    bench.form(ann)
    hear(bench, Named("contact", ann))
    bench.north.fail(Unavailable("no answer", retry_after_s=5.0))
    assert ["north"] == list(called(bench).troubles)
    calls = bench.north.calls
    assert (False, {"north": 1}) == (may_be_taken(bench.deployment), waiting(bench))
    told = status(bench.deployment, now_s=bench.clock.now_s())["connections"]
    assert {"north": 1, "south": 0} == {each["connection"]: each["heard"] for each in told}
    assert ({}, calls) == (called(bench).troubles, bench.north.calls)
    hear(bench, Named("contact", "1"), connection="south")
    assert may_be_taken(bench.deployment)
    bench.sync()
    assert ("lead", 0) == (bench.stage(ann), waiting(bench).get("north", 0))


def test_a_failure_between_two_objects_keeps_the_rest(bench: Bench) -> None:
    """Entries go with the records that they brought, object by object."""
    ann, _ = settled(bench)
    firm = bench.north.add("company", {"domain": "firm.example", "name": "Firm"})
    bench.form(ann)
    hear(bench, Named("contact", ann), Named("company", firm))
    bench.north.fail(Unavailable("no answer", retry_after_s=5.0), after=2)
    called(bench)
    with bench.store.begin() as tx:
        left = [(each.object, each.id) for each in inbox.waiting(tx, "north")]
    assert [("contact", ann)] == left


def test_the_daemon_answers_a_call_between_two_polls(bench: Bench) -> None:
    """A call has what it named read long before the next poll is due."""
    ann, _ = settled(bench)
    stop, call = threading.Event(), threading.Event()
    pulled: list[int] = []

    def after(outcome: Outcome) -> None:
        pulled.append(outcome.pulled["north"].records)
        if len(pulled) == 1:
            bench.form(ann)
            hear(bench, Named("contact", ann))
            call.set()
        else:
            stop.set()

    run_until(bench, stop, call=call, after=after)
    assert ("lead", 2, 1) == (bench.stage(ann), len(pulled), pulled[-1])


def test_polls_come_on_time_however_often_a_crm_calls(bench: Bench) -> None:
    """Calls without end do not put the poll off: what nobody named is found by it."""
    ann, bo = settled(bench)
    stop, call = threading.Event(), threading.Event()
    stages: list[str] = []

    def after(outcome: Outcome) -> None:
        if not stages:
            bench.form(bo)
        stages.append(bench.stage(bo))
        if bench.stage(bo) == "lead" or len(stages) > 9:
            stop.set()
        bench.clock.advance(seconds=25)
        hear(bench, Named("contact", ann))
        call.set()

    run_until(bench, stop, call=call, after=after)
    assert ["contact"] * 4 + ["lead"] == stages


def test_a_call_that_nothing_can_be_done_about_makes_no_run(bench: Bench) -> None:
    """While a connection is down its calls start nothing, so a storm of them costs nothing."""
    ann, _ = settled(bench)
    stop, call = threading.Event(), threading.Event()
    runs: list[Outcome] = []
    bench.north.fail(Unavailable("no answer", retry_after_s=5.0))

    def after(outcome: Outcome) -> None:
        runs.append(outcome)
        hear(bench, Named("contact", ann))
        call.set()

    run_until(bench, stop, call=call, after=after, seconds=2.0)
    assert (1, {"north": 1}) == (len(runs), waiting(bench))


def run_until(
    bench: Bench,
    stop: threading.Event,
    *,
    call: threading.Event,
    after: Callable[[Outcome], None],
    seconds: float = 30.0,
) -> None:
    """The daemon, stopped in any case."""
    ending = threading.Timer(seconds, stop.set)
    ending.start()
    run_daemon(Live(bench.deployment), stop=stop, called=call, after_run=after)
    ending.cancel()
