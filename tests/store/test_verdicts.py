"""What people said of records is kept, undone or not."""

from stagesync.store import Store, verdicts
from stagesync.store.people import Placed
from stagesync.store.verdicts import StoredVerdict

ONE = StoredVerdict(
    id="v_1",
    seq=1,
    together=True,
    one=(1, 2),
    other=(3,),
    said_by="bea",
    said_at_s=10.5,
    before={1: "p_1", 2: "p_1", 3: "p_2"},
    placed={"p_1": Placed("p_1", position={"fit": "inside"}, evaluated_at_s=9.0)},
)
TWO = StoredVerdict("v_2", 2, together=False, one=(3,), other=(1, 2), said_by="cyd", said_at_s=11.0)


def test_a_verdict_comes_back_as_it_was_said(store: Store) -> None:
    """Records, people and places of a verdict are read as they were kept, and an undone one stands no longer."""
    with store.begin() as tx:
        number = verdicts.next_seq(tx)
        for each in (ONE, TWO):
            verdicts.add(tx, each)
        assert ([ONE, TWO], 1, 3) == (verdicts.standing(tx), number, verdicts.next_seq(tx))
        verdicts.undo(tx, "v_1", by="dan", at_s=12.0)
        assert [TWO] == verdicts.standing(tx)
        undone, _ = verdicts.all_verdicts(tx)
        assert ("dan", 12.0, False) == (undone.undone_by, undone.undone_at_s, undone.stands)
        tx.rollback()
