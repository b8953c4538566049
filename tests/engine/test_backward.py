"""A vendor's field that follows its stage both ways, and whatever may break off on its way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stagesync.connector import CrmError, Refusal, Unavailable
from stagesync.domain.plan import VendorStage, Way
from stagesync.engine.deployment import Connected
from stagesync.loading.mapping import load_mapping
from stagesync.store import clearings, plans

from .bench import DAY_S, DEFINITIONS, HERE, Bench, iso, make_bench

FORWARD = """\
      mode: forward
      may_replace: ["", lead, marketingqualifiedlead, salesqualifiedlead, opportunity]"""
FOLLOW = """\
      mode: follow
      may_replace: [lead, marketingqualifiedlead, salesqualifiedlead, opportunity, customer]"""
LOST = Unavailable("the answer was lost", retry_after_s=5.0)
NOWHERE = 10_000
"""A place in a batch that no record has: the request passes."""


class Died(BaseException):
    """The process ends at this instruction."""


def remap(
    bench: Bench,
    folder: Path,
    *,
    old: str = FORWARD,
    new: str = FOLLOW,
    also: tuple[str, str] = ("", ""),
) -> None:
    """The same deployment with another mapping of north."""
    text = (HERE / "north.yaml").read_text(encoding="utf-8")
    assert old in text
    assert also[0] in text
    text = text.replace(old, new)
    path = folder / "north.yaml"
    path.write_text(text.replace(*also) if also[0] else text, encoding="utf-8")
    mapping = load_mapping(path, vocabularies=DEFINITIONS.vocabularies, policy=DEFINITIONS.policy)
    north: Connected = replace(bench.deployment.connections["north"], mapping=mapping)
    bench.redeploy(connections={**bench.deployment.connections, "north": north})


@pytest.fixture
def follow(tmp_path: Path) -> Iterator[Bench]:
    """North's lifecycle follows both ways; the empty value is not among those that may be replaced."""
    made = make_bench(vendor=VendorStage.FORWARD)
    remap(made, tmp_path)
    yield made
    made.store.close()


def client(bench: Bench) -> str:
    """A contact that stands as customer, though all there is is an open deal."""
    contact = bench.contact("ann@firm.example", last="Ng", lifecycle="customer")
    deal = {"won": "false", "closed": "false", "opened": iso(bench.clock.at_s - DAY_S)}
    bench.north.add("deal", deal, links={"contact": (contact,)})
    return contact


def lifecycle(bench: Bench, contact: str) -> Any:
    return bench.value("north", "contact", contact, "lifecycle")


def told(bench: Bench) -> list[tuple[Any, Any, Any]]:
    """What the log says of the lifecycle: before, after, result."""
    return [
        (each["before"], each["after"], each["result"])
        for each in bench.audit()
        if each["field"] == "lifecycle"
    ]


def values(bench: Bench, contact: str) -> list[Any]:
    """Every value that the lifecycle was given, oldest first."""
    return [each.value for each in bench.north.rows["contact", contact].history["lifecycle"]][::-1]


def begun(bench: Bench) -> list[tuple[int, str]]:
    with bench.store.begin() as tx:
        return [each.key for each in clearings.all_clearings(tx)]


def way(bench: Bench, plan_id: str) -> dict[str, str]:
    """Field -> way, of north's entries."""
    with bench.store.begin() as tx:
        entries = plans.entries_of(tx, plan_id)
    return {each.field: each.way for each in entries if each.connection == "north"}


def die_between(bench: Bench, error: BaseException) -> None:
    """Let the next clear pass, and end what is written after it."""
    bench.north.break_write(LOST, after=NOWHERE)
    bench.north.break_write(error, after=0)  # type: ignore[arg-type]  the process itself may end


DONE = ("customer", "opportunity", {"written": True, "way": "clear"})


def test_a_field_that_follows_goes_back(follow: Bench) -> None:
    """The field is emptied and set, marked in the plan, counted, and audited as one change."""
    contact = client(follow)
    outcome = follow.sync()
    assert ([None, "opportunity"], [DONE]) == (values(follow, contact), told(follow))
    assert (Way.CLEAR, Way.PLAIN, []) == (
        way(follow, outcome.plan.id)["lifecycle"],
        way(follow, outcome.plan.id)["stage"],
        begun(follow),
    )
    assert 0 == follow.written(follow.sync())


def test_nothing_goes_back_by_default(forward: Bench) -> None:
    """Without `follow` the field stays where it is, and the difference says why."""
    contact = client(forward)
    forward.sync()
    assert ("customer", "not forward") == (
        lifecycle(forward, contact),
        forward.differences()["north", contact, "lifecycle"],
    )


def test_a_field_without_a_guard_goes_back_in_one_write(bench: Bench, tmp_path: Path) -> None:
    """Where the CRM does not refuse to go back nothing is emptied, and the move is marked all the same."""
    made = make_bench(vendor=VendorStage.FORWARD)
    known = made.north.fields["contact"]["lifecycle"]
    made.north.fields["contact"]["lifecycle"] = replace(known, forward_only=False)
    remap(made, tmp_path)
    contact = client(made)
    outcome = made.sync()
    assert (["opportunity"], Way.BACK) == (
        values(made, contact),
        way(made, outcome.plan.id)["lifecycle"],
    )
    made.store.close()


def test_a_crash_in_between_is_healed(follow: Bench) -> None:
    """The process ends between clear and set: the next run sets the value, though empty is not replaceable."""
    contact = client(follow)
    die_between(follow, Died())
    with pytest.raises(Died):
        follow.sync()
    assert (None, 1, []) == (lifecycle(follow, contact), len(begun(follow)), told(follow))
    follow.redeploy()
    outcome = follow.sync()
    assert (0, "opportunity", [DONE], []) == (
        outcome.exit_code,
        lifecycle(follow, contact),
        told(follow),
        begun(follow),
    )
    assert 0 == follow.written(follow.sync())


def test_a_plan_that_is_only_looked_at_forgets_nothing(follow: Bench) -> None:
    """`stagesync plan` between the crash and the next run shows the move, and loses nothing of it."""
    contact = client(follow)
    die_between(follow, LOST)
    follow.sync()
    ways = [way(follow, follow.sync(write=False).plan.id)["lifecycle"] for _ in range(2)]
    assert [Way.CLEAR] * 2 == ways
    follow.sync()
    assert ("opportunity", [DONE]) == (lifecycle(follow, contact), told(follow))


def test_an_answer_lost_before_a_plan_is_known_as_ours(follow: Bench) -> None:
    """The value arrived, the answer did not, and `plan` looked first: it is audited once and ours."""
    contact = client(follow)
    follow.north.lose_answer(LOST, after=1)
    follow.sync()
    assert (1, "opportunity") == (len(begun(follow)), lifecycle(follow, contact))
    follow.sync(write=False)
    follow.sync()
    assert ([DONE], "opportunity", []) == (
        told(follow),
        follow.baseline(contact, "lifecycle"),
        begun(follow),
    )


def test_a_value_that_shows_late_is_known_as_ours(follow: Bench) -> None:
    """`plan` looked before the CRM showed the value, and planned anew: the note alone tells whose it is."""
    contact = client(follow)
    follow.north.lose_answer(LOST, after=1)
    follow.sync()
    with follow.store.begin() as tx:
        plans.drop_waiting(tx, plans.subjects_waiting(tx, "sent"), "sent")
    follow.sync()
    assert ([DONE], "opportunity", []) == (
        told(follow),
        follow.baseline(contact, "lifecycle"),
        begun(follow),
    )


def test_the_empty_field_is_nobodys_word(follow: Bench, tmp_path: Path) -> None:
    """A fact that somebody's value tells stays told while the field is empty by our doing."""
    fact = "person.sales_accepted: {from: lifecycle, is: salesqualifiedlead, set_by: people}"
    need = "person.need: {from: lifecycle, as: text, set_by: people}"
    remap(follow, tmp_path, old=FORWARD, new=FOLLOW, also=(fact, need))
    contact = client(follow)
    die_between(follow, LOST)
    follow.sync()
    assert (None, "known") == (lifecycle(follow, contact), follow.position(contact)["need"])
    follow.north.edit("contact", contact, {"title": "CEO"})
    follow.sync(write=False)
    assert "known" == follow.position(contact)["need"]
    follow.sync()
    assert "opportunity" == lifecycle(follow, contact)


def test_a_wish_that_has_gone_restores_the_value(follow: Bench) -> None:
    """Nothing wants the field moved any more: it holds again what it held, and that is nobody's but theirs."""
    contact = client(follow)
    die_between(follow, LOST)
    follow.sync()
    (deal,) = [each for name, each in follow.north.rows if name == "deal"]
    follow.north.delete("deal", deal)
    outcome = follow.sync()
    assert ("customer", None, []) == (
        lifecycle(follow, contact),
        follow.baseline(contact, "lifecycle"),
        begun(follow),
    )
    assert [(None, "customer", {"written": True, "way": "restore"})] == told(follow)
    assert (0, 0) == (outcome.exit_code, follow.written(follow.sync()))


def test_a_mapping_that_forbids_it_now_restores_the_value(follow: Bench, tmp_path: Path) -> None:
    """Back to `forward` in between: the field gets its value back, and stays."""
    contact = client(follow)
    die_between(follow, LOST)
    follow.sync()
    remap(follow, tmp_path, new=FOLLOW.replace("follow", "forward"))
    follow.sync()
    assert ("customer", "not forward") == (
        lifecycle(follow, contact),
        follow.differences()["north", contact, "lifecycle"],
    )


def test_a_rule_that_was_removed_restores_the_value(follow: Bench, tmp_path: Path) -> None:
    """The mapping does not name the field any more: what we took from it is given back all the same."""
    fact = "    person.sales_accepted: {from: lifecycle, is: salesqualifiedlead, set_by: people}\n"
    rule = f"    lifecycle:\n      value: stage.hubspot\n      owner: vendor\n{FORWARD}\n"
    contact = client(follow)
    die_between(follow, LOST)
    follow.sync()
    remap(follow, tmp_path, old=rule, new="", also=(fact, ""))
    follow.north.edit("contact", contact, {"title": "CEO"})
    follow.sync()
    assert ("customer", []) == (lifecycle(follow, contact), begun(follow))


def test_a_record_out_of_scope_is_restored(follow: Bench, tmp_path: Path) -> None:
    """Out of scope by now, the record gets back what we took from it, and nothing else."""
    contact = client(follow)
    die_between(follow, LOST)
    follow.sync()
    limited = FOLLOW + "\n  scope: {where: {last: Nobody}}"
    text = (HERE / "north.yaml").read_text(encoding="utf-8")
    rest = text.partition(FORWARD)[2].partition("\ndeal:")[0]
    remap(follow, tmp_path, old=FORWARD + rest, new=FOLLOW + rest + limited[len(FOLLOW) :] + "\n")
    follow.sync()
    assert "customer" == lifecycle(follow, contact)
    assert [(None, "customer", {"written": True, "way": "restore"})] == told(follow)


def test_a_person_in_between_wins(follow: Bench) -> None:
    """Somebody fills the empty field before the next run: theirs stands, and no healing is heard of."""
    contact = client(follow)
    die_between(follow, LOST)
    follow.sync()
    follow.north.edit("contact", contact, {"lifecycle": "evangelist"})
    follow.sync()
    assert ("evangelist", [], []) == (lifecycle(follow, contact), told(follow), begun(follow))
    follow.sync()
    assert "evangelist" == lifecycle(follow, contact)


def test_a_refused_value_gives_the_field_back(follow: Bench) -> None:
    """The CRM empties the field and refuses the value: the next run restores it and tells why it differs."""
    contact = client(follow)
    follow.sync(write=False)
    known = follow.north.fields["contact"]["lifecycle"]
    left = tuple(each for each in known.options if each.value != "opportunity")
    follow.north.fields["contact"]["lifecycle"] = replace(known, options=left)
    first = follow.sync()
    assert (6, None) == (first.exit_code, lifecycle(follow, contact))
    follow.north.fields["contact"]["lifecycle"] = known
    follow.sync()
    assert ("customer", "refused", []) == (
        lifecycle(follow, contact),
        follow.differences()["north", contact, "lifecycle"],
        begun(follow),
    )
    assert 0 == follow.written(follow.sync())


def test_a_record_deleted_in_between_is_let_go(follow: Bench) -> None:
    """Of a record that was deleted meanwhile nothing is restored, and nothing waits for ever."""
    contact = client(follow)
    die_between(follow, LOST)
    follow.sync()
    follow.north.delete("contact", contact)
    assert (0, []) == (follow.sync().exit_code, begun(follow))


def test_a_locked_record_is_tried_again(follow: Bench) -> None:
    """A record that somebody else was writing goes back by the next run."""
    contact = client(follow)
    follow.north.refuse("contact", contact, Refusal.LOCKED, message="row is locked")
    follow.sync()
    assert "customer" == lifecycle(follow, contact)
    follow.north.accept("contact", contact)
    follow.sync()
    assert "opportunity" == lifecycle(follow, contact)


@pytest.mark.parametrize("error", [LOST, Died()], ids=["cut", "crash"])
@pytest.mark.parametrize("request_no", [0, 1], ids=["clear", "set"])
@pytest.mark.parametrize("arrives", [False, True], ids=["before", "after"])
def test_whatever_is_cut_ends_well(
    follow: Bench, error: BaseException, request_no: int, arrives: bool
) -> None:
    """Whichever request is cut, and wherever: two runs later the wanted value stands, told once."""
    contact = client(follow)
    follow.contact("bob@firm.example", last="Hill")
    _cut(follow, error, request_no=request_no, arrives=arrives)
    try:
        follow.sync()
    except Died:
        follow.redeploy()
    for _ in range(2):
        follow.sync()
    assert ("opportunity", [DONE], "opportunity", []) == (
        lifecycle(follow, contact),
        told(follow),
        follow.baseline(contact, "lifecycle"),
        begun(follow),
    )


def _cut(bench: Bench, error: BaseException, *, request_no: int, arrives: bool) -> None:
    """Break a request off before the CRM took it, or lose its answer afterwards."""
    if arrives:
        bench.north.lose_answer(error, after=request_no)  # type: ignore[arg-type]  the process may end
        return
    for _ in range(request_no):
        bench.north.break_write(LOST, after=NOWHERE)
    bench.north.break_write(error, after=0)  # type: ignore[arg-type]  as above


def test_cut_is_a_crm_error() -> None:
    """A lost answer is an ordinary failure, a crash is none: both ways are tried above."""
    assert (True, False) == (isinstance(LOST, CrmError), isinstance(Died(), CrmError))
