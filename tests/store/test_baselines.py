"""The last value that a CRM and stagesync both held."""

from stagesync.store import Store, baselines


def test_baselines_are_replaced_and_dropped(store: Store) -> None:
    """One value per record and field, the last one; a dropped one is unknown."""
    with store.begin() as tx:
        baselines.save_baselines(
            tx, [(1, "stage", "lead"), (1, "score", 12.5)], run="r_1", at_s=1.0
        )
        baselines.save_baselines(tx, [(1, "stage", None)], run="r_2", at_s=2.0)
        assert {1: {"stage": None, "score": 12.5}} == baselines.baselines_of(tx, [1])
        baselines.drop_baselines(tx, [(1, "score")])
        assert {1: {"stage": None}} == baselines.baselines_of(tx, [1])
