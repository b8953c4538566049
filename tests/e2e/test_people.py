"""`people join`, `split`, `undo` and `list` on a deployment."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from .conftest import World
from .deployments import Place

pytestmark = pytest.mark.xdist_group("settled")
"""One worker makes the world that these tests share."""


@pytest.fixture
def place(settled: World, tmp_path: Path) -> Place:
    """The settled deployment with a store of its own."""
    for each in settled.place.folder.iterdir():
        if each.is_file():
            shutil.copy(each, tmp_path)
    return Place(tmp_path)


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


def test_people_are_joined_split_and_given_back(place):
    """What each command prints as JSON holds in the store, and undoing all gives back what was."""
    before = holders(place)
    one, other = alone(place)[:2]
    joined = place.run("people", "join", one, before[other], "--json").json
    assert ("together", {one, other}) == (
        joined["says"],
        {*joined["records"], *joined["others"]},
    )
    assert 1 == len({holders(place)[each] for each in (one, other)})
    parted = place.run("people", "split", other, "--json").json
    assert ("apart", [other]) == (parted["says"], parted["records"])
    assert 2 == len({holders(place)[each] for each in (one, other)})
    said = [joined["verdict"], parted["verdict"]]
    listed = place.run("people", "list", "--json").json["verdicts"]
    assert said == [each["verdict"] for each in listed]
    for verdict in said:
        assert place.run("people", "undo", verdict, "--json").json["undone_at"]
    assert before == holders(place)
    told = place.run("people", "list", "--undone", "--json").json["verdicts"]
    assert said == [each["verdict"] for each in told]


def test_people_see_what_was_said_and_how_to_take_it_back(place):
    """On a terminal: the verdict, who is who now, and the command that undoes it; explain shows it."""
    one, other = alone(place)[:2]
    out = place.run("people", "join", one, other).out
    verdict = out.split()[0]
    assert f"{verdict} together: {one} and {other}" in out.replace(
        f"{other} and {one}", f"{one} and {other}"
    )
    assert f"stagesync people undo {verdict}" in out
    assert verdict in place.run("people", "list").out
    assert verdict in place.run("explain", one).out
    assert "undone" in place.run("people", "undo", verdict).out


def test_a_mistake_is_refused_with_advice(place):
    """An unknown verdict ends with exit code 2 and names the command that lists them."""
    ran = place.run("people", "undo", "v_none")
    assert (2, True) == (ran.code, "stagesync people list" in ran.err)
