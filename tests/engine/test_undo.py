"""Taking a run back: what stood before comes back, what others changed since stays, and it holds."""

from typing import Any

import pytest

from free_hand import WRITE_OVER
from stagesync.domain.guard import Limits
from stagesync.engine import holds
from stagesync.engine.decide import decide
from stagesync.engine.outcome import Outcome
from stagesync.engine.undo import Undoing, undo
from stagesync.errors import ArgumentError, Unavailable
from stagesync.store import connections

from .bench import Bench


def _undo(bench: Bench, run: str, who: str = "") -> Undoing:
    return undo(bench.deployment, run=run, who=who, now_s=bench.clock.now_s())


def _do(bench: Bench, undoing: Undoing) -> Outcome:
    decide(bench.deployment, undoing.plan, approve=True, by="ann", now_s=bench.clock.now_s())
    return bench.sync()


def _world(bench: Bench) -> dict[Any, dict[str, Any]]:
    return {
        (name, *key): dict(row.fields)
        for name, crm in bench.crms.items()
        for key, row in crm.rows.items()
    }


def test_an_undone_run_leaves_what_stood_before(bench: Bench) -> None:
    """Every value that the run wrote is back, in both CRMs, and the next run plans nothing."""
    contacts = [bench.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(3)]
    bench.member("p0@firm.example", LastName="Ng0")
    bench.sync()
    before = _world(bench)
    for contact in contacts:
        bench.form(contact)
    told = {
        ("north", "contact", c): bench.north.rows["contact", c].fields["last_form"]
        for c in contacts
    }
    run = bench.sync()
    assert "lead" == bench.stage(contacts[0])
    undoing = _undo(bench, run.run)
    assert (0, bench.written(run)) == (len(undoing.skipped), len(undoing.restored))
    assert len(undoing.restored) == bench.written(_do(bench, undoing))
    after = _world(bench)
    for key, form in told.items():
        before[key] |= {"last_form": form, "forms": "1"}
    assert before == after
    settled = bench.sync()
    assert (0, 0, 0) == (settled.exit_code, settled.plan.go, settled.plan.held)


def test_nothing_is_written_before_approval(bench: Bench) -> None:
    """An undo is a plan first; runs in between leave it waiting, whatever becomes of its people."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    bench.form(contact)
    undoing = _undo(bench, bench.sync().run)
    bench.north.edit("contact", contact, {"country": "FR"})
    bench.sync()
    assert "lead" == bench.stage(contact)
    _do(bench, undoing)
    assert "contact" == bench.stage(contact)


def test_an_undo_and_a_held_plan_wait_apart(bench: Bench) -> None:
    """What a later run holds is another plan: approving the undo approves nothing else."""
    one, *others = (bench.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(4))
    bench.sync()
    bench.form(one)
    undoing = _undo(bench, bench.sync().run)
    bench.redeploy(limits=Limits(people=2, never_below=2))
    for contact in others:
        bench.form(contact)
    held = bench.sync()
    assert (3, True) == (held.exit_code, held.plan.id != undoing.plan)
    _do(bench, undoing)
    assert ["contact"] * 4 == [bench.stage(each) for each in (one, *others)]


def test_what_others_changed_since_stays_and_is_listed(bench: Bench) -> None:
    """A value that is no longer the run's is nobody's to take back."""
    one, other = (bench.contact(f"{n}@firm.example", last=n) for n in ("ann", "bob"))
    bench.sync()
    for contact in (one, other):
        bench.form(contact)
    run = bench.sync()
    bench.north.edit("contact", one, {"score": 77.0})
    bench.sync(write=False)
    undoing = _undo(bench, run.run)
    assert [(one, "score", 77.0, "it was changed since")] == [
        (each.id, each.field, each.now, each.why) for each in undoing.skipped
    ]


def test_only_one_person_is_taken_back(bench: Bench) -> None:
    """The others of the run keep what it wrote."""
    one, other = (bench.contact(f"{n}@firm.example", last=n) for n in ("ann", "bob"))
    bench.sync()
    for contact in (one, other):
        bench.form(contact)
    _do(bench, _undo(bench, bench.sync().run, who=one))
    assert ("contact", "lead") == (bench.stage(one), bench.stage(other))


def test_it_holds_until_the_person_moves(bench: Bench) -> None:
    """Facts that change nothing leave it; facts that make another stage end it."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    bench.form(contact)
    _do(bench, _undo(bench, bench.sync().run))
    bench.north.edit("contact", contact, {"country": "FR"})
    bench.sync()
    assert ("contact", {"undone"}) == (bench.stage(contact), set(bench.differences().values()))
    bench.north.edit("contact", contact, {"lifecycle": "salesqualifiedlead"})
    bench.sync()
    assert ("accepted", {}) == (bench.stage(contact), bench.differences())


def test_it_ends_when_somebody_releases_it(bench: Bench) -> None:
    """Released, the person gets the stage that the facts say."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    bench.form(contact)
    _do(bench, _undo(bench, bench.sync().run))
    holds.release(bench.deployment, contact, by="ann", now_s=bench.clock.now_s())
    bench.sync()
    assert "lead" == bench.stage(contact)


def test_an_undo_is_undone_like_any_run(bench: Bench) -> None:
    """Taking the taking back back leaves what the first run wrote."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    bench.form(contact)
    first = bench.sync()
    written = _world(bench)
    second = _do(bench, _undo(bench, first.run))
    _do(bench, _undo(bench, second.run))
    assert written == _world(bench)
    assert 0 == bench.sync().plan.go


def test_a_whole_policy_is_taken_back(bench: Bench) -> None:
    """All runs under one policy together, from the first value to the last."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    bench.form(contact)
    bench.sync()
    label = bench.deployment.policy.label
    undoing = undo(bench.deployment, policy=label, now_s=bench.clock.now_s())
    _do(bench, undoing)
    assert None is bench.stage(contact)


def test_a_run_that_wrote_nothing_cannot_be_undone(bench: Bench) -> None:
    """The error says where to look."""
    with pytest.raises(ArgumentError):
        _undo(bench, "r_unheard")


def test_what_others_set_between_two_runs_of_a_policy_comes_back(bench: Bench) -> None:
    """Their value stood between ours: without ours it would stand there still."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.redeploy(edits=WRITE_OVER)
    bench.sync()
    bench.north.edit("contact", contact, {"stage": "client"})
    bench.sync()
    label = bench.deployment.policy.label
    _do(bench, undo(bench.deployment, policy=label, now_s=bench.clock.now_s()))
    assert "client" == bench.stage(contact)


def test_a_converted_record_is_left_and_said(bench: Bench) -> None:
    """Nothing is written to what the CRM closed, and the conversion is named as beyond an undo."""
    contact = bench.contact("ann@firm.example", last="Ng")
    lead = bench.member("ann@firm.example", kind="lead", LastName="Ng")
    bench.sync()
    bench.form(contact)
    run = bench.sync()
    bench.south.convert("lead", lead, {"IsConverted": "true"}, to="contact")
    undoing = _undo(bench, run.run)
    assert [("south", lead)] == [(each.connection, each.id) for each in undoing.skipped]
    assert "south: the conversion of a record, which is closed since" in undoing.beyond


def test_whom_somebody_holds_is_left(bench: Bench) -> None:
    """A hold by hand is over an undo, too."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    bench.form(contact)
    run = bench.sync()
    holds.hold(bench.deployment, contact, for_s=None, by="ann", now_s=bench.clock.now_s())
    undoing = _undo(bench, run.run)
    assert ("", {"somebody holds it; stagesync release ends that"}) == (
        undoing.plan,
        {each.why for each in undoing.skipped},
    )


def test_a_crm_that_does_not_answer_ends_it(bench: Bench) -> None:
    """What stands there now is not guessed, and nothing is planned."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    bench.form(contact)
    run = bench.sync()
    bench.north.fail(Unavailable("no answer", retry_after_s=5.0))
    with pytest.raises(Unavailable) as caught:
        _undo(bench, run.run)
    assert "north" == caught.value.connection


def test_who_edits_in_a_paused_crm_is_spared(bench: Bench) -> None:
    """An undo asks nothing of a CRM that is left alone; what somebody set there meanwhile stays when it goes on."""
    ann, bo = (bench.contact(f"{name}@firm.example", last=name) for name in ("ann", "bo"))
    bench.sync()
    for contact in (ann, bo):
        bench.form(contact)
    run = bench.sync().run
    with bench.store.begin() as tx:
        connections.pause(tx, "north", by="ann")
    bench.north.edit("contact", ann, {"stage": "target"})
    undoing = _undo(bench, run)
    assert undoing.plan
    _do(bench, undoing)
    with bench.store.begin() as tx:
        connections.pause(tx, "north", by="")
    bench.sync()
    assert ("target", "contact") == (bench.stage(ann), bench.stage(bo))


def test_what_workflows_did_is_said_where_it_applies(forward: Bench) -> None:
    """Each CRM whose values come back, and the dates of its own stage field where that is among them."""
    contact = forward.contact("ann@firm.example", last="Ng")
    forward.sync()
    forward.form(contact)
    assert [
        "north: what its workflows did because of these values, such as a mail that was sent",
        "north: the dates that it stamped when lifecycle changed",
    ] == _undo(forward, forward.sync().run).beyond
