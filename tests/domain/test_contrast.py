"""What sets two evaluations apart."""

from stagesync.domain.contrast import Contrast, contrast
from stagesync.domain.evaluation import Evaluation, Reason


def _evaluation(fit: str, points: float, *reasons: tuple[str, float]) -> Evaluation:
    lines = tuple(Reason("interest", rule, each, "") for rule, each in reasons)
    return Evaluation({"fit": fit, "need": "known"}, {"interest": points}, reasons=lines)


def test_equal_evaluations_differ_in_nothing() -> None:
    """Two evaluations that sum in another order by a hair's breadth are the same."""
    one = _evaluation("inside", 0.3, ("form", 0.1), ("form", 0.2))
    other = _evaluation("inside", 0.1 + 0.2, ("form", 0.1 + 0.2))
    assert Contrast({}, {}, {}) == contrast(one, other)


def test_levels_scores_and_rules_that_differ_are_named() -> None:
    """An axis that moved, a score that changed, and rules that gained, lost or came anew."""
    one = _evaluation("outside", 5.0, ("form", 3.0), ("visit", 2.0))
    other = _evaluation("inside", 9.0, ("form", 3.0), ("visit", 1.0), ("call", 5.0))
    assert Contrast(
        {"fit": ("outside", "inside")},
        {"interest": (5.0, 9.0)},
        {("interest", "visit"): (2.0, 1.0), ("interest", "call"): (0.0, 5.0)},
    ) == contrast(one, other)


def test_lines_of_one_rule_are_summed_with_its_cap() -> None:
    """A rule's activities and its cap are one sum."""
    one = _evaluation("inside", 20.0, ("form", 15.0), ("form", 15.0), ("form", -10.0))
    other = _evaluation("inside", 30.0, ("form", 15.0), ("form", 15.0))
    assert {("interest", "form"): (20.0, 30.0)} == contrast(one, other).rules


def test_an_axis_that_only_one_policy_has_is_told_so() -> None:
    """What the other policy does not know stands as None."""
    one, other = Evaluation({"fit": "inside"}, {}), Evaluation({"size": "big"}, {"new": 1.0})
    found = contrast(one, other)
    assert {"fit": ("inside", None), "size": (None, "big")} == found.axes
    assert {"new": (None, 1.0)} == found.scores
