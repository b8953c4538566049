"""The `accounts` section of a policy: how an account is placed on the axes of its people."""

from __future__ import annotations

from dataclasses import replace

from stagesync.domain.condition import Anything
from stagesync.domain.policy import AccountAxis, AccountPolicy, Follows, Level
from stagesync.loading.conditions import Scope, Sort, read_condition
from stagesync.loading.document import Spot
from stagesync.loading.names import unknown
from stagesync.loading.scores import read_scores

_COUNTED = frozenset({Sort.FACTS, Sort.AXES})
_OWN = frozenset({Sort.FACTS, Sort.SCORES, Sort.DEALS})


def read_accounts(spot: Spot | None, scope: Scope) -> AccountPolicy:
    """How an account is placed; without the section, and on axes it does not name, by its people."""
    fields = spot.fields(("counted_people", "scores", "axes")) if spot else {}
    own_facts = {name: kind for name, kind in scope.facts.items() if name.startswith("account.")}
    own = replace(scope, place="an account's own levels", allows=_OWN, facts=own_facts)
    scores = read_scores(fields.get("scores"), own)
    own = replace(own, scores={score.name: score for score in scores})
    counted = replace(scope, place="`counted_people`", allows=_COUNTED)
    return AccountPolicy(
        counted=read_condition(fields["counted_people"], counted)
        if "counted_people" in fields
        else Anything(),
        scores=scores,
        axes=_read_axes(fields.get("axes"), own),
    )


def _read_axes(spot: Spot | None, scope: Scope) -> tuple[AccountAxis, ...]:
    entries = spot.entries() if spot else {}
    for name in [name for name in entries if name not in scope.axes]:
        entries.pop(name).problem(unknown("axis", name, scope.axes))
    return tuple(
        _read_axis(name, entries[name], scope)
        if name in entries
        else AccountAxis(name, Follows.PEOPLE)
        for name in scope.axes
    )


def _read_axis(name: str, spot: Spot, scope: Scope) -> AccountAxis:
    fields = spot.fields(("follows", "levels"), required=("follows",))
    follows = _read_follows(fields.get("follows"))
    levels = _read_levels(name, fields.get("levels"), scope)
    if follows is Follows.PEOPLE and "levels" in fields:
        fields["levels"].problem("an axis that follows people has no levels of its own")
    elif follows is not Follows.PEOPLE and not levels:
        spot.problem("needs `levels`, because it follows the account's own facts")
    return AccountAxis(name, follows, levels)


def _read_follows(spot: Spot | None) -> Follows:
    given = spot.text() if spot else None
    if spot is None or given is None:
        return Follows.PEOPLE
    if given not in list(Follows):
        spot.problem(unknown("way", given, list(Follows)))
        return Follows.PEOPLE
    return Follows(given)


def _read_levels(axis: str, spot: Spot | None, scope: Scope) -> tuple[Level, ...]:
    """In the order of the axis, whatever their order here; the lowest one holds anyway."""
    known = scope.axes[axis]
    entries = spot.entries() if spot else {}
    for name in [name for name in entries if name not in known]:
        entries.pop(name).problem(unknown(f"level of {axis}", name, known))
    lowest = entries.pop(known[0], None) if known else None
    if lowest is not None and not lowest.is_blank:
        lowest.problem("the lowest level holds for everybody else; it takes no condition")
    return tuple(
        Level(name, read_condition(entries[name], scope)) for name in known if name in entries
    )
