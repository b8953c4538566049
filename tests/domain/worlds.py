"""Made-up policies whose time runs in seconds, so that every second can be tried.

They share nothing with the standard policy: other axes, other scores, two levels that remember,
rules that take points away for good, for a while, or fading.
"""

from stagesync.domain.condition import (
    ActivitySeen,
    AllOf,
    AnyOf,
    Anything,
    DealSeen,
    FactIn,
    FactIs,
    FactRef,
    LevelIn,
    ScoreAtLeast,
    ScoreCannotReach,
    Unless,
)
from stagesync.domain.facts import Activity, Deal, Facts
from stagesync.domain.policy import (
    AccountPolicy,
    ActivityRule,
    Axis,
    FactRule,
    Level,
    Policy,
    Score,
)

START = 1_796_000_000.0
DAY = 86_400.0
TYPES = ["wave", "talk", "gift", "yawn", "quarrel"]
LONGEST = 3_000
"""Seconds after which nothing moves any more in these worlds."""


def days(seconds):
    return seconds / DAY


def made_policy(rng, *, taking):
    """A policy; `taking` is `never`, `for a while` (no fading) or `fading`."""
    scores = (_score(rng, "warmth", taking), _score(rng, "trust", taking))
    return Policy(
        name="made",
        version=1,
        digest="",
        scores=scores,
        axes=(_mood(rng), _bond(rng), _echo(rng)),
        accounts=AccountPolicy(Anything(), (), ()),
        activities=frozenset(TYPES),
    )


def made_facts(rng, *, now, ahead=True):
    """Somebody whose activities lie around `now`; with `ahead` some are still to come."""
    latest = 400 if ahead and rng.random() < 0.5 else 0
    return Facts(
        id="p",
        person={"kin": "yes"} if rng.random() < 0.5 else {},
        activities=tuple(
            Activity(rng.choice(TYPES), now + _moment(rng, -600, latest))
            for _ in range(rng.choice([0, 1, 3, 6, 12]))
        ),
        deals=tuple(
            Deal(rng.choice(["open", "won", "lost"]), now + _moment(rng, -600, latest))
            for _ in range(rng.choice([0, 0, 1, 2]))
        ),
    )


def _moment(rng, low, high):
    whole = rng.randint(low, high)
    return float(
        rng.choice([whole, whole, whole + 0.25, whole + rng.random()]) if whole < high else high
    )


def _score(rng, name, taking):
    rules = [
        ActivityRule(
            f"gives {kind}",
            rng.choice([3, 8, 20]),
            frozenset({kind}),
            within_days=rng.choice([None, days(120), days(400)]),
            half_life_days=rng.choice([days(30), days(100), days(150)]),
            cap=rng.choice([None, 10, 30]),
        )
        for kind in ("wave", "talk", "gift")
    ]
    if taking != "never":
        rules.extend(_takes(rng, kind, taking) for kind in ("yawn", "quarrel"))
    rules.append(FactRule("kin", 10, FactIn(FactRef(("person.kin",)), frozenset({"yes"}))))
    return Score(name, tuple(rules), at_least=rng.choice([None, 0, -5]))


def _takes(rng, kind, taking):
    return ActivityRule(
        f"takes {kind}",
        rng.choice([-4, -15]),
        frozenset({kind}),
        within_days=rng.choice([days(90), days(300)]),
        half_life_days=rng.choice([days(20), days(80)]) if taking == "fading" else None,
        floor=rng.choice([None, -15, -25]),
    )


def _mood(rng):
    low, high = rng.choice([(5, 9), (12, 20)]), rng.choice([(18, 30), (25, 26)])
    return Axis(
        "mood",
        (
            Level("cold", Anything()),
            Level("mild", ScoreAtLeast("warmth", low[1], keep_at=low[0])),
            Level(
                "warm",
                AllOf(
                    (
                        ScoreAtLeast("warmth", high[1], keep_at=high[0]),
                        _seen(rng, "gift", "talk", "wave"),
                    )
                ),
            ),
        ),
    )


def _bond(rng):
    return Axis(
        "bond",
        (
            Level("none", Anything()),
            Level("loose", _any_condition(rng)),
            Level(
                "tight",
                AllOf(
                    (
                        _any_condition(rng),
                        ScoreAtLeast("trust", 15, keep_at=rng.choice([6, 14])),
                    )
                ),
            ),
        ),
    )


def _echo(rng):
    return Axis(
        "echo",
        (
            Level("still", Anything()),
            Level("heard", _any_condition(rng)),
            Level("loud", AllOf((_any_condition(rng), LevelIn("bond", frozenset({"tight"}))))),
        ),
    )


def _any_condition(rng):
    return rng.choice(
        [
            lambda: _seen(rng, *rng.sample(TYPES, 2)),
            lambda: Unless(_seen(rng, rng.choice(TYPES))),
            lambda: AllOf((LevelIn("mood", frozenset({"cold", "mild"})), _score_reached(rng))),
            lambda: AnyOf((LevelIn("mood", frozenset({"warm"})), _seen(rng, "yawn"))),
            lambda: AllOf((ScoreAtLeast("warmth", 8), Unless(ScoreAtLeast("warmth", 22)))),
            lambda: ScoreCannotReach("trust", rng.choice([8, 16])),
            lambda: DealSeen(frozenset({"won", "open"}), rng.choice([1, 2])),
            lambda: AnyOf((FactIs(FactRef(("person.shy",)), False), _seen(rng, "wave"))),
            lambda: AnyOf((_seen(rng, "gift"), _seen(rng, "talk"), _score_reached(rng))),
        ]
    )()


def _score_reached(rng):
    return ScoreAtLeast(rng.choice(["warmth", "trust"]), rng.choice([5, 10, 17]))


def _seen(rng, *types):
    return ActivitySeen(frozenset(types), rng.choice([None, days(60), days(200), days(500)]))
