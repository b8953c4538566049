"""The sentence that says why somebody bears a stage."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from stagesync.domain.condition import AllOf, AnyOf, Condition, LevelIn, StageIn, Unless
from stagesync.domain.policy import Axis, Level
from stagesync.domain.reason_text import LONGEST, Line, reason_text
from stagesync.domain.vocabulary import Stage, Vocabulary
from stagesync.loading.definitions import load_definitions, shipped_mappings

SHIPPED = load_definitions(shipped_mappings())
LOWEST = {axis.name: axis.level_names[0] for axis in SHIPPED.policy.axes}
READY = {"interest": "request", "fit": "inside", "qualification": "ready"}
LINES: Sequence[Line] = (
    ("fit", "company size", 30.0),
    ("fit", "industry", 25.0),
    ("interest", "email open", 1.0),
    ("interest", "meeting", 20.0),
    ("interest", "content download", 15.0),
    ("interest", "content download", 12.0),
    ("interest", "unsubscribe", -25.0),
    ("interest", "webinar", 2.0),
    ("interest", "lower bound", 90.0),
)


def told(stage: str, language: str = "en", *, vocabulary: str = "standard", **levels: str) -> str:
    """The sentence about a shipped stage."""
    position = LOWEST | levels
    return reason_text(
        SHIPPED.vocabularies[vocabulary].stage(stage),
        position,
        LINES,
        axes=SHIPPED.policy.axes,
        vocabularies=SHIPPED.vocabularies,
        stages={"standard": "qualified"},
        language=language,
    )


@pytest.mark.parametrize(
    ("stage", "levels", "language", "sentence"),
    [
        ("lead", {"interest": "request"}, "en", "interest: request (content download, meeting, webinar)"),
        (
            "qualified",
            READY,
            "en",
            (
                "interest: request (content download, meeting, webinar);"
                " fit: inside the target (company size, industry); qualification: ready for sales"
            ),
        ),
        (
            "qualified",
            READY,
            "fr",
            (
                "intérêt\u00a0: demande (content download, meeting, webinar)\u00a0;"
                " adéquation\u00a0: dans la cible (company size, industry)\u00a0;"
                " qualification\u00a0: prêt pour les commerciaux"
            ),
        ),
        ("client", {"sales": "won", **READY}, "en", "sales: won deal"),
        ("client", {"sales": "won"}, "fr", "ventes\u00a0: affaire gagnée"),
        ("former_client", {"sales": "won", "disposition": "churned"}, "en", "sales: won deal; disposition: gone"),
        ("contact", {"fit": "outside"}, "en", "nothing known that would take them further"),
        ("contact", {}, "fr", "rien de connu qui les ferait avancer"),
    ],
)  # fmt: skip
def test_the_axes_that_decided_are_told_with_their_strongest_rules(
    stage, levels, language, sentence
):
    """Told is what the stage's definition names, in its order, with the rules that gave most; in both languages."""
    assert sentence == told(stage, language, **levels)


def test_a_definition_by_another_vocabularys_stage_is_followed():
    """A CRM's word that stands for a stage of `standard` has that stage's reasons."""
    expected = told("qualified", **READY)
    assert expected == told("marketingqualifiedlead", vocabulary="hubspot", **READY)


def _axis(name: str, level: str) -> Axis:
    return Axis(
        name, (Level("low", LevelIn(name, frozenset())), Level(level, LevelIn(name, frozenset())))
    )


def _about(condition: Condition, axes: Sequence[Axis], lines: Sequence[Line] = ()) -> str:
    position = {axis.name: axis.level_names[1] for axis in axes}
    stage = Stage("s", {}, condition)
    vocabulary = Vocabulary("v", {}, "", (stage,))
    return reason_text(stage, position, lines, axes=axes, vocabularies={"v": vocabulary}, stages={})


HEAT, NEED = _axis("heat", "very_hot"), _axis("need", "known")
HOT, KNOWN = LevelIn("heat", frozenset({"very_hot"})), LevelIn("need", frozenset({"known"}))


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        # Without labels the names stand in, made readable.
        (HOT, "heat: very hot"),
        # Of several that would do, the first that holds is told.
        (AnyOf((LevelIn("heat", frozenset({"low"})), KNOWN, HOT)), "need: known"),
        (AllOf((KNOWN, HOT, KNOWN)), "need: known; heat: very hot"),
        # What somebody is not, says nothing; nor does a stage that does not hold.
        (Unless(HOT), "nothing known that would take them further"),
        (StageIn("v", frozenset({"s"})), "nothing known that would take them further"),
    ],
)
def test_conditions_of_every_kind(condition, sentence):
    """A definition is read through its alternatives and exceptions."""
    assert sentence == _about(condition, (HEAT, NEED))


@pytest.mark.parametrize("length", [10, 60, 100, 200, 300])
def test_the_sentence_fits_the_field(length):
    """Long names cost rules first, then the end of the sentence; never more than 255 characters."""
    lines = [("heat", f"{number}{'r' * length}", 9.0 - number) for number in range(5)]
    told = _about(HOT, (HEAT,), lines)
    assert len(told) <= LONGEST
    assert told.startswith("heat: very hot")
    named = min(3, (LONGEST - len("heat: very hot ()")) // (length + 3))
    assert named == told.count("r" * length)


def test_a_name_too_long_by_itself_is_cut():
    """Even axes with endless names give a sentence that fits."""
    axis = _axis("a" * 300, "b")
    told = _about(LevelIn(axis.name, frozenset({"b"})), (axis,))
    assert (LONGEST, "…") == (len(told), told[-1])
