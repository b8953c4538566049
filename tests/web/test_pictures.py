"""The overview's pictures: shapes that say what the numbers say, and words that are only words."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from stagesync.web.draw.funnel import LEAST, WIDTH, Bar, funnel
from stagesync.web.draw.lines import Line, lines
from stagesync.web.draw.used import used

SVG = "{http://www.w3.org/2000/svg}"


def parsed(picture: str) -> ET.Element:
    """The picture, as a reader of XML sees it."""
    return ET.fromstring(
        str(picture).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    )


def test_bars_are_as_wide_as_their_stages_are_large() -> None:
    """The largest fills the width, half as many half of it, and nobody leaves a tick of another colour."""
    bars = [Bar("A", "40", 40), Bar("B", "20", 20, leaks=True), Bar("C", "0", 0)]
    found = parsed(funnel(bars, title="People")).iter(f"{SVG}rect")
    assert [("c1", WIDTH), ("fill-warn", WIDTH / 2), ("fill-line", LEAST)] == [
        (each.get("class"), float(each.get("width", "0"))) for each in found
    ]


def test_a_funnel_of_nobody_is_drawn_all_the_same() -> None:
    """Nothing is divided by nought."""
    assert "nan" not in funnel([Bar("A", "0", 0)], title="People")
    assert parsed(funnel([], title="People")).get("role") == "img"


def test_labels_are_text() -> None:
    """A stage that is called like markup is shown by its name; a long one is cut."""
    picture = parsed(funnel([Bar("<b>" + "x" * 60, "1", 1)], title="<i>"))
    texts = [each.text or "" for each in picture.iter(f"{SVG}text")]
    assert texts[0].startswith("<b>xxx")
    assert texts[0].endswith("…")
    assert "<i>" == picture.get("aria-label")


def test_a_line_goes_through_its_numbers() -> None:
    """The highest stands on top, nought at the bottom, and what is unknown breaks the line."""
    told = lines(
        [Line("MQL", [0, 10, None, 5])], ends=("a", "b"), title="t", write=lambda v: f"{v:.0f}"
    )
    (path,) = [each.get("d", "") for each in parsed(told).iter(f"{SVG}path")]
    points = [(pen, float(y)) for pen, y in re.findall(r"([ML])[\d.]+ ([\d.]+)", path)]
    (_, low), (_, high), (after, middle) = points
    assert (["M", "L", "M"], middle) == ([pen for pen, _ in points], (low + high) / 2)
    assert (after, high < middle < low) == ("M", True)


@pytest.mark.parametrize(("most", "top"), [(0, 1), (1, 1), (3, 5), (10, 10), (11, 20), (480, 500)])
def test_the_scale_ends_at_a_round_number(most: int, top: int) -> None:
    """The first of one, two or five and noughts that no number exceeds."""
    told = lines([Line("x", [most])], ends=("a", "b"), title="t", write=lambda v: f"{v:g}")
    assert f">{top}<" in told


def test_nothing_known_is_an_empty_picture() -> None:
    """No number, no line, no fault."""
    told = lines([Line("x", [None])], ends=("a", "b"), title="t", write=str)
    assert "<path" not in told
    assert parsed(lines([], ends=("a", "b"), title="t", write=str)).get("role") == "img"


def test_an_allowance_never_overflows() -> None:
    """Ours and others' fill the bar at most, also when more was used than is allowed."""
    widths = [
        float(each.get("width", "0"))
        for each in parsed(used(900, 300, 1_000, title="t")).iter(f"{SVG}rect")
    ]
    assert [120.0, 108.0, 12.0] == widths
