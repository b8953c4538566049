"""How people and accounts moved, and where they stood from when on."""

from dataclasses import replace

from stagesync.domain.path import Step
from stagesync.store import Store, history, people
from stagesync.store.history import Transition


def _transition(at_s: float, stage_to: str) -> Transition:
    return Transition(
        subject="p_1",
        at_s=at_s,
        run="r_1",
        stage_from="",
        stage_to=stage_to,
        position_from={},
        position_to={"fit": "inside"},
        policy="standard 1 (abc)",
        scores={"fit": 60.0},
        reasons=[{"rule": "industry"}],
    )


def test_history_is_kept_in_order(store: Store) -> None:
    """Transitions come back as they were, oldest first; the last is the newest; none is None."""
    earlier, later = _transition(1.0, "contact"), _transition(2.0, "lead")
    with store.begin() as tx:
        assert {} == history.last_transitions(tx, ["p_1"])
        history.save_transitions(tx, [later, earlier])
        assert [earlier, later] == history.transitions_of(tx, "p_1")
        assert {"p_1": later} == history.last_transitions(tx, ["p_1", "p_2"])


def test_the_last_change_of_stage_may_be_older_than_the_last_move(store: Store) -> None:
    """A move that left the stage as it was is passed over when the last change of stage is asked for."""
    moved = replace(_transition(1.0, "lead"), stage_from="contact")
    stayed = replace(_transition(2.0, "lead"), stage_from="lead")
    with store.begin() as tx:
        history.save_transitions(tx, [moved, stayed])
        assert {"p_1": stayed} == history.last_transitions(tx, ["p_1"])
        assert {"p_1": moved} == history.last_transitions(tx, ["p_1"], of_stage=True)


def test_a_path_comes_back_whole(store: Store) -> None:
    """Each step in order, over all moves; where no path was kept, the position from when it was found."""
    low, high, unknown = {"fit": "outside"}, {"fit": "inside"}, {"fit": "unknown"}
    first = _transition(10.0, "lead")
    path = (Step(12.5, low), Step(17.0, high), Step(18.0, unknown))
    second = replace(first, at_s=20.0, position_from=high, position_to=unknown, path=path)
    third = replace(first, at_s=30.0, position_from=unknown, position_to=low)
    implied = replace(second, subject="p_2", implied={"standard": ("lead", "qualified")})
    with store.begin() as tx:
        history.save_transitions(tx, [third, second, first, implied])
        assert [first, second, third] == history.transitions_of(tx, "p_1")
        assert {
            "p_1": [Step(10.0, high), *path, Step(30.0, low)],
            "p_2": [Step(float("-inf"), high), *path],
        } == history.paths_of(tx, ["p_1", "p_2", "p_3"])
        (kept,) = history.transitions_of(tx, "p_2")
        assert {"standard": ["lead", "qualified"]} == kept.implied


def test_an_account_moves_with_the_last_of_its_people(store: Store) -> None:
    """Of the moves that one run found, the newest instant counts, be it that of a path or of the run."""
    found = _transition(20.0, "lead")
    walked = replace(found, subject="p_2", path=(Step(12.0, {}), Step(14.0, {"fit": "inside"})))
    other = replace(walked, subject="p_3")
    earlier = replace(found, subject="p_3", at_s=19.0)
    with store.begin() as tx:
        people.ensure(tx, "person", ["p_1", "p_2", "p_3"])
        people.set_accounts(tx, [("p_1", "a_1"), ("p_2", "a_1"), ("p_3", "a_2")])
        history.save_transitions(tx, [found, walked, other, earlier])
        assert {"a_1": 20.0, "a_2": 14.0} == history.last_moves(
            tx, ["a_1", "a_2", "a_3"], found_at_s=20.0
        )
