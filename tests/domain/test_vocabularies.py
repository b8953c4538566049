"""Classifying, proving total, translating: on small vocabularies made for it."""

import pytest

from stagesync.domain.classify import classify, find_circle, named_axes
from stagesync.domain.condition import (
    AllOf,
    AnyOf,
    Anything,
    FactFilled,
    FactRef,
    LevelIn,
    StageIn,
    Unless,
)
from stagesync.domain.policy import Axis, Level
from stagesync.domain.possible import possible_levels, possible_positions
from stagesync.domain.totality import check_vocabulary
from stagesync.domain.translate import Decider, Translation, translate
from stagesync.domain.vocabulary import Stage, Vocabulary
from stagesync.errors import ArgumentError, DefinitionError

KNOWN = FactFilled(FactRef(("person.x",)))


def is_(axis, *levels):
    return LevelIn(axis, frozenset(levels))


def axis(name, **levels):
    return Axis(name, tuple(Level(level, when) for level, when in levels.items()))


def vocabulary(name, *stages):
    """Stages as (id, when) or (id, when, accounts_also)."""
    return Vocabulary(name, {}, "", tuple(Stage(s[0], {}, *s[1:2], *s[2:]) for s in stages))


def together(*vocabularies):
    return {each.name: each for each in vocabularies}


AXES = (
    axis("ripe", green=Anything(), red=AllOf((is_("big", "yes"), KNOWN)), sold=is_("paid", "yes")),
    axis("big", no=Anything(), yes=KNOWN),
    axis("paid", no=Anything(), yes=AnyOf((KNOWN, Unless(KNOWN)))),
)
FRUIT = vocabulary(
    "fruit",
    ("gone", is_("ripe", "sold")),
    ("ready", is_("ripe", "red"), is_("big", "yes")),
    ("waiting", Anything()),
)
SHOP = vocabulary(
    "shop",
    ("shelf", AllOf((StageIn("fruit", frozenset({"ready"})), Unless(is_("paid", "yes"))))),
    ("store", Anything()),
)
BOTH = together(SHOP, FRUIT)


@pytest.mark.parametrize(
    ("position", "account", "stages"),
    [
        ({"ripe": "red", "big": "no", "paid": "no"}, False, {"fruit": "ready", "shop": "shelf"}),
        ({"ripe": "red", "big": "no", "paid": "yes"}, False, {"fruit": "ready", "shop": "store"}),
        (
            {"ripe": "green", "big": "yes", "paid": "no"},
            False,
            {"fruit": "waiting", "shop": "store"},
        ),
        ({"ripe": "green", "big": "yes", "paid": "no"}, True, {"fruit": "ready", "shop": "shelf"}),
        ({"ripe": "sold", "big": "yes", "paid": "no"}, True, {"fruit": "gone", "shop": "store"}),
    ],
)
def test_first_match(position, account, stages):
    """The first stage that holds is the stage; a vocabulary may ask for another's stages."""
    classifier = classify(BOTH)
    twice = [dict(classifier.stages(position, account=account)) for _ in range(2)]
    assert [stages, stages] == twice
    assert stages["shop"] == classifier.stage("shop", position, account=account)


def test_circle():
    """Vocabularies that ask for one another are refused by name."""
    one = vocabulary("one", ("a", StageIn("two", frozenset({"b"}))))
    two = vocabulary("two", ("b", StageIn("one", frozenset({"a"}))))
    circle = find_circle(together(one, two))
    assert {"one", "two"} == set(circle)
    assert circle[0] == circle[-1]
    with pytest.raises(DefinitionError, match="ask for one another"):
        classify(together(one, two))


def test_no_circle():
    """Vocabularies that ask one way only have no circle."""
    assert () == find_circle(BOTH)


def test_no_stage():
    """A position that no stage takes is refused, not guessed."""
    with pytest.raises(DefinitionError, match="no stage"):
        classify(together(vocabulary("v", ("a", is_("big", "yes"))))).stages({"big": "no"})


def test_facts_are_no_words():
    """A vocabulary reads levels and stages only."""
    with pytest.raises(TypeError, match="levels and stages only"):
        classify(together(vocabulary("v", ("a", KNOWN)))).stages({})


def test_named_axes():
    """The axes of vocabularies asked for count, and those of conditions for accounts."""
    assert frozenset({"ripe", "big", "paid"}) == named_axes("shop", BOTH)


@pytest.mark.parametrize(
    ("levels", "possible"),
    [
        ({"big": "no", "paid": "no"}, ["green"]),
        ({"big": "yes", "paid": "no"}, ["green", "red"]),
        ({"big": "yes", "paid": "yes"}, ["sold"]),
    ],
)
def test_possible_levels(levels, possible):
    """A level is possible unless it certainly fails or a higher one certainly holds."""
    assert possible == possible_levels(AXES[0], levels)


def test_possible_positions():
    """Axes that the named ones depend on are gone through too."""
    found = [tuple(sorted(p.items())) for p in possible_positions(AXES, frozenset({"ripe"}))]
    assert 5 == len(found) == len(set(found))


def test_total():
    """Every position counts for exactly one stage."""
    found = check_vocabulary("shop", BOTH, axes=AXES)
    assert (12, {"shelf": 2, "store": 10}) == (found.positions, dict(found.stages))


def test_not_total():
    """Positions without a stage are shown by example."""
    words = together(vocabulary("v", ("a", is_("big", "yes"))))
    found = check_vocabulary("v", words, axes=AXES)
    assert ({"a": 1}, ({"big": "no"},)) == (dict(found.stages), found.uncovered)


def test_dead_stages():
    """Stages that others shadow are told apart from those that only impossible positions reach."""
    words = vocabulary(
        "v",
        ("odd", AllOf((is_("ripe", "red"), is_("big", "no")))),
        ("all", Anything()),
        ("late", is_("big", "yes")),
    )
    found = check_vocabulary("v", together(words), axes=AXES)
    assert (("late",), ("odd",)) == (found.shadowed, found.unreachable)


def test_alive_for_accounts():
    """A stage that only accounts reach is not dead."""
    never = Unless(Anything())
    words = vocabulary("v", ("firm", never, is_("big", "yes")), ("rest", Anything()))
    found = check_vocabulary("v", together(words), axes=AXES)
    assert ({"firm": 0, "rest": 2}, (), ()) == (
        dict(found.stages),
        found.shadowed,
        found.unreachable,
    )


def huge():
    axes = tuple(axis(f"x{n}", a=Anything(), b=KNOWN) for n in range(20))
    named = AllOf(tuple(is_(each.name, "b") for each in axes))
    return axes, together(vocabulary("v", ("a", named), ("b", Anything())))


def test_too_many_to_check():
    """Above a million positions nothing is gone through; the answer says what to do."""
    axes, words = huge()
    found = check_vocabulary("v", words, axes=axes)
    assert (1_048_576, {"a": 0, "b": 0}) == (found.positions, dict(found.stages))
    assert "name fewer axes" in found.refusal


def test_too_many_to_translate():
    """Above a million positions translation is refused with advice."""
    axes, words = huge()
    with pytest.raises(ArgumentError, match="name fewer axes"):
        translate("a", source="v", target="v", vocabularies=words, axes=axes)


def ask(stage, source="fruit", target="shop"):
    return translate(stage, source=source, target=target, vocabularies=BOTH, axes=AXES)


def test_exact_translation():
    """A word that leaves one stage needs no question."""
    assert Translation(("store",)) == ask("waiting")


def test_translation_over_possible_positions_only():
    """Whoever is red is unpaid, so that a word may be exact where bare levels are not."""
    assert Translation(("shelf",)) == ask("ready")


def test_translation_with_a_question():
    """Several stages come with the axes that decide and what each answer leaves open."""
    asked = "What is the level of paid? no: waiting; yes: gone"
    answers = ((("no",), ("waiting",)), (("yes",), ("gone",)))
    assert Translation(("gone", "waiting"), (Decider("paid", asked, answers),)) == ask(
        "store", "shop", "fruit"
    )


def test_only_what_decides():
    """An axis that others imply is not asked for."""
    axes = (axis("a", x=Anything(), y=KNOWN), axis("b", x=Anything(), y=is_("a", "y")))
    words = together(
        vocabulary("one", ("it", Anything())),
        vocabulary("two", ("ab", AllOf((is_("a", "y"), is_("b", "y")))), ("rest", Anything())),
    )
    found = translate("it", source="one", target="two", vocabularies=words, axes=axes)
    assert ["a"] == [decider.axis for decider in found.decided_by]


def test_word_that_nobody_bears():
    """A stage that no possible position bears has no translation."""
    words = together(
        vocabulary("v", ("odd", AllOf((is_("ripe", "red"), is_("big", "no")))), ("all", Anything()))
    )
    found = translate("odd", source="v", target="v", vocabularies=words, axes=AXES)
    assert Translation(()) == found


@pytest.mark.parametrize(
    ("stage", "source", "target", "known"),
    [
        ("ripe", "fruit", "shop", "gone"),
        ("gone", "fruit", "x", "fruit"),
        ("gone", "x", "shop", "shop"),
    ],
)
def test_unknown_names(stage, source, target, known):
    """An unknown stage or vocabulary is refused with the known ones."""
    with pytest.raises(ArgumentError) as caught:
        ask(stage, source, target)
    assert known in caught.value.hint
