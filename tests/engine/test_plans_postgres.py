"""Plans on a real Postgres: held, shown, dropped, approved and ended as on SQLite."""

from free_hand import WRITE_OVER
from stagesync.domain.guard import Cause, Rule
from stagesync.engine.forget import forget_records
from stagesync.engine.run import decide
from stagesync.engine.shown import diff_document, keep_shown, plan_document, saved_document
from stagesync.engine.status import status

from .bench import FEW, Bench, make_bench


def test_a_plans_life_on_postgres(postgres_store_url: str) -> None:
    """Saved plans, dropped values, repairs and the end of an approval are kept and told alike."""
    bench = make_bench(store_url=postgres_store_url)
    contacts = [bench.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(16)]
    bench.sync()
    bench.clock.advance(days=2)
    bench.redeploy(limits=FEW, edits=WRITE_OVER)
    dropped = _held(bench, contacts[:8])
    then = saved_document(bench.deployment, dropped)
    assert (24, {"facts": 8}) == (len(then["writes"]), then["causes"])
    _decide(bench, dropped, approve=False)
    assert "dropped" == bench.differences()["north", contacts[0], "stage"]

    approved = _held(bench, contacts[8:16])
    keep_shown(bench.deployment, approved)
    found = diff_document(then, plan_document(bench.deployment, approved))
    assert (24, 24, 0) == (len(found["added"]), len(found["gone"]), len(found["changed"]))
    _decide(bench, approved, approve=True)
    assert [24] == [each["waiting"] for each in _approvals(bench)]
    bench.clock.advance(days=7)
    outcome = bench.sync()
    assert ([Rule.ENDED], []) == ([each.rule for each in outcome.plan.trips], _approvals(bench))
    _decide(bench, outcome.plan.id, approve=True)
    bench.sync()

    for contact in contacts[8:16]:
        bench.north.edit("contact", contact, {"stage": None})
    assert [Cause.REPAIR] == [each.group.cause for each in bench.sync().plan.trips]
    with bench.store.begin() as tx:
        ref = ("north", "contact", contacts[0])
        forget_records(tx, bench.deployment, [ref], actor="north", why="erased", now_s=0.0)
    left = saved_document(bench.deployment, dropped)["writes"]
    assert set(contacts[1:8]) == {each["id"] for each in left}
    bench.store.close()


def _held(bench: Bench, contacts: list[str]) -> str:
    """These move alike, and their plan is held."""
    for contact in contacts:
        bench.form(contact)
    return bench.sync().plan.id


def _decide(bench: Bench, plan_id: str, *, approve: bool) -> None:
    decide(bench.deployment, plan_id, approve=approve, by="ann", now_s=bench.clock.now_s())


def _approvals(bench: Bench) -> list[dict[str, object]]:
    found: list[dict[str, object]] = status(bench.deployment, now_s=bench.clock.now_s())["approved"]
    return found
