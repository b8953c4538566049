"""What the log tells of somebody under earlier ids is theirs; what it tells of others' records is not."""

from stagesync.domain.chain import entry_of
from stagesync.engine import audit, verdicts
from stagesync.engine.undo import undo
from stagesync.engine.whose import ids_of, log_of
from stagesync.engine.written import written_by
from stagesync.store import history

from .bench import Bench


def _two(bench: Bench) -> tuple[list[str], list[str], str]:
    """Two contacts who filled a form in, the people they are, and the run that wrote of it."""
    contacts = [bench.contact(f"{name}@firm.example", last=name) for name in ("ann", "bo")]
    bench.sync()
    for each in contacts:
        bench.form(each)
    run = bench.sync().run
    return contacts, [str(bench.person("north", "contact", each)) for each in contacts], run


def _join(bench: Bench, *people: str) -> str:
    now_s = bench.clock.now_s()
    return str(verdicts.join(bench.deployment, *people, by="bea", now_s=now_s)["verdict"])


def _fields(bench: Bench, person: str) -> set[tuple[str, str]]:
    with bench.store.begin() as tx:
        entries = [entry_of(each.sealed) for each in log_of(tx, person)]
    return {(each["id"], each["field"]) for each in entries if "written" in each["result"]}


def _undone(bench: Bench, run: str, who: str) -> set[str]:
    found = undo(bench.deployment, run=run, who=who, now_s=bench.clock.now_s())
    return {each.id for each in found.restored}


def test_what_was_told_under_an_id_that_ended_is_found(bench: Bench) -> None:
    """After a join, the log of the one who is left has the entries of both, and an undo for them takes both back."""
    contacts, (ann, bo), run = _two(bench)
    _join(bench, ann, bo)
    left = str(bench.person("north", "contact", contacts[0]))
    with bench.store.begin() as tx:
        assert {ann, bo} == ids_of(tx, left)
    assert set(contacts) == {record for record, _ in _fields(bench, left)}
    assert set(contacts) == _undone(bench, run, left)


def test_an_undo_for_a_person_leaves_a_record_that_parted(bench: Bench) -> None:
    """What was written while a record was taken for theirs stays, when the record is somebody else's now."""
    contacts, (ann, bo), _ = _two(bench)
    verdict = _join(bench, ann, bo)
    for each in contacts:
        bench.form(each, count=2)
    bench.north.edit("contact", contacts[1], {"title": "Director"})
    bench.sync()
    bench.redeploy()
    deals = {"won": "false", "closed": "false", "opened": "2026-11-20T10:00:00Z"}
    for each in contacts:
        bench.north.add("deal", deals, links={"contact": (each,)})
    run = bench.sync().run
    verdicts.undo(bench.deployment, verdict, by="bea", now_s=bench.clock.now_s())
    people = [str(bench.person("north", "contact", each)) for each in contacts]
    assert people[0] != people[1]
    assert [{contacts[0]}, {contacts[1]}] == [_undone(bench, run, each) for each in people]


def test_who_goes_back_to_an_unknown_past_has_a_true_reason(bench: Bench) -> None:
    """Where no earlier move explains the place that an undone verdict gives back, the history says just that."""
    contacts, (ann, bo), _ = _two(bench)
    verdict = _join(bench, ann, bo)
    bench.sync()
    gone = next(each for each in (ann, bo) if each != bench.person("north", "contact", contacts[0]))
    deal = {"won": "true", "closed": "true", "closed_on": "2026-11-20T10:00:00Z"}
    for each in contacts:
        bench.north.add("deal", deal, links={"contact": (each,)})
    bench.sync()
    with bench.store.begin() as tx:
        tx.exec_driver_sql("DELETE FROM transition")
    verdicts.undo(bench.deployment, verdict, by="bea", now_s=bench.clock.now_s())
    with bench.store.begin() as tx:
        told = [each for who in {ann, bo, gone} for each in history.transitions_of(tx, who)]
    assert told
    for each in told:
        assert {"stood there before a verdict that was taken back"} == {
            line["because"] for line in each.reasons
        }
        assert each.scores == {
            line["score"]: line["points"] for line in each.reasons if line["score"]
        }


def test_an_undo_for_a_policy_reads_its_runs_alone(bench: Bench) -> None:
    """The runs under a policy are known without reading the log; what another policy's runs wrote stays."""
    contacts, _, _ = _two(bench)
    label = bench.deployment.policy.label
    found = undo(bench.deployment, policy=label, now_s=bench.clock.now_s())
    assert set(contacts) == {each.id for each in found.restored}


def test_a_value_put_back_tells_no_stage(bench: Bench) -> None:
    """After a write that put somebody's value back, the stage last told is the one that was told before it."""
    own = {"connection": "north", "object": "contact", "field": "lifecycle", "person": "p_1"}
    put_back = {"stage_from": "mql", "result": {"written": True, "way": "restore"}}
    stage = {"stage_from": "lead", "stage_to": "mql", "result": {"written": True}}
    told = [
        {**own, **each, "id": record, "at": "2026-11-20T12:00:00Z", "run": "r_1"}
        for record, each in (("1", stage), ("1", put_back), ("2", put_back))
    ]
    with bench.store.begin() as tx:
        audit.append(tx, told)
        found = written_by(tx, run="r_1", policy="", person="")
    assert [("lead", "mql"), ("mql", "mql")] == [
        (each.stage_from, each.stage_to) for each in found.values()
    ]
