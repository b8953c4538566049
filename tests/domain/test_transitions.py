"""Moves between stages and their direction."""

import pytest

from stagesync.domain.condition import Anything
from stagesync.domain.transitions import (
    implied_stages,
    is_backward,
    is_forward,
    rank,
)
from stagesync.domain.vocabulary import Stage, Vocabulary

LADDER = ["visitor", "lead", "prospect", "client"]
WORDS = Vocabulary(
    "words",
    {},
    "",
    tuple(
        Stage(name, {}, Anything(), rank=LADDER.index(name) if name in LADDER else None)
        for name in ["client", "former", "prospect", "lead", "visitor", "none"]
    ),
)


@pytest.mark.parametrize(
    ("stage_from", "stage_to", "forward", "backward", "implied"),
    [
        ("visitor", "lead", True, False, ()),
        ("visitor", "client", True, False, ("lead", "prospect")),
        ("client", "lead", False, True, ()),
        ("lead", "lead", False, False, ()),
        (None, "prospect", True, False, ()),
        ("none", "visitor", True, False, ()),
        ("former", "client", False, False, ()),
        ("client", "former", False, False, ()),
        ("unheard", "client", False, False, ()),
        (None, "former", False, False, ()),
    ],
)
def test_direction(stage_from, stage_to, forward, backward, implied):
    """A move is judged by ranks; off the ladder there is no ahead and no behind."""
    found = (
        is_forward(WORDS, stage_from, stage_to),
        is_backward(WORDS, stage_from, stage_to),
        implied_stages(WORDS, stage_from, stage_to),
    )
    assert (forward, backward, implied) == found


def test_rank():
    """Ranks count from the bottom of the ladder."""
    assert [0, 3, None, None] == [rank(WORDS, s) for s in ("visitor", "client", "former", None)]
