"""What a stage set by hand says about a position."""

import pytest

from stagesync.domain.adopt import overrides_for
from stagesync.domain.condition import Anything
from stagesync.domain.policy import Axis, Level

FIT = Axis("fit", tuple(Level(name, Anything()) for name in ("unknown", "outside", "inside")))
SALES = Axis(
    "sales", tuple(Level(name, Anything()) for name in ("none", "contacted", "won", "again"))
)
WISH = Axis("wish", tuple(Level(name, Anything()) for name in ("nurture", "active")))
HERE = {"fit": "unknown", "sales": "none", "wish": "active"}


def stage_of(position):
    """Clients have bought; the fit ones who were called are prospects; nurture hides all."""
    if position["wish"] == "nurture":
        return "sleeper"
    if position["sales"] in ("won", "again"):
        return "client"
    if (position["fit"], position["sales"]) == ("inside", "contacted"):
        return "prospect"
    return "lead"


@pytest.mark.parametrize(
    ("wanted", "axes", "expected"),
    [
        ("lead", [FIT, SALES, WISH], {}),
        ("client", [FIT, SALES, WISH], {"sales": "won"}),
        ("sleeper", [FIT, SALES, WISH], {"wish": "nurture"}),
        ("prospect", [FIT, SALES], {"fit": "inside", "sales": "contacted"}),
        ("prospect", [SALES], None),
        ("unheard", [FIT, SALES, WISH], None),
        ("lead", [], {}),
        ("client", [], None),
    ],
)
def test_the_fewest_levels_that_make_the_word_true(wanted, axes, expected):
    """As few axes as can be, of the named ones only, the lowest level that does it."""
    found = overrides_for(wanted, HERE, axes, stage_of=stage_of)
    assert expected == found


def test_too_many_positions_are_not_searched():
    """A policy of very many axes is told that nothing was found, not waited for."""
    axes = [Axis(f"a{n}", tuple(Level(f"l{m}", Anything()) for m in range(10))) for n in range(6)]
    position = {axis.name: "l0" for axis in axes}
    assert overrides_for("x", position, axes, stage_of=lambda _: "y") is None
