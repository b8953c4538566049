"""`people join`, `split`, `undo` and `list` on a deployment."""

from __future__ import annotations

import sqlite3

import pytest

from .deployments import Place

pytestmark = pytest.mark.xdist_group("settled")
"""One worker makes the world that these tests share."""


def holders(place: Place) -> dict[str, str]:
    """`connection/object/id` -> person."""
    with sqlite3.connect(place.folder / "stagesync.db") as store:
        rows = store.execute(
            "SELECT connection || '/' || object || '/' || id, person FROM record"
            " WHERE person IS NOT NULL AND gone = 0"
        )
        return dict(rows.fetchall())


def alone(place: Place) -> list[str]:
    """Records whose person has no other."""
    found = holders(place)
    return [record for record, who in found.items() if [*found.values()].count(who) == 1]


def test_people_are_joined_split_and_given_back(copied):
    """What each command prints as JSON holds in the store, and undoing all gives back what was."""
    before = holders(copied)
    one, other = alone(copied)[:2]
    joined = copied.run("people", "join", one, before[other], "--json").json
    assert ("together", {one, other}) == (
        joined["says"],
        {*joined["records"], *joined["others"]},
    )
    assert 1 == len({holders(copied)[each] for each in (one, other)})
    parted = copied.run("people", "split", other, "--json").json
    assert ("apart", [other]) == (parted["says"], parted["records"])
    assert 2 == len({holders(copied)[each] for each in (one, other)})
    said = [joined["verdict"], parted["verdict"]]
    listed = copied.run("people", "list", "--json").json["verdicts"]
    assert said == [each["verdict"] for each in listed]
    for verdict in said:
        assert copied.run("people", "undo", verdict, "--json").json["undone_at"]
    assert before == holders(copied)
    told = copied.run("people", "list", "--undone", "--json").json["verdicts"]
    assert said == [each["verdict"] for each in told]


def test_people_see_what_was_said_and_how_to_take_it_back(copied):
    """On a terminal: the verdict, who is who now, and the command that undoes it; explain shows it."""
    one, other = alone(copied)[:2]
    out = copied.run("people", "join", one, other).out
    verdict = out.split()[0]
    assert f"{verdict} together: {one} and {other}" in out.replace(
        f"{other} and {one}", f"{one} and {other}"
    )
    assert f"stagesync people undo {verdict}" in out
    assert verdict in copied.run("people", "list").out
    assert verdict in copied.run("explain", one).out
    assert "undone" in copied.run("people", "undo", verdict).out


def test_a_mistake_is_refused_with_advice(copied):
    """An unknown verdict ends with exit code 2 and names the command that lists them."""
    ran = copied.run("people", "undo", "v_none")
    assert (2, True) == (ran.code, "stagesync people list" in ran.err)
