"""What a vocabulary asks for at a stage, and for whom something else comes first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from stagesync.domain.facts import Facts
from stagesync.domain.policy import Axis
from stagesync.domain.predicate import Predicate, Scope, compile_condition
from stagesync.domain.state import DAY_S, State
from stagesync.domain.timeline import NOTHING
from stagesync.domain.vocabulary import Vocabulary

SALES_CONTACTS = frozenset({"call_logged", "sales_email_sent", "sales_email_reply", "meeting"})
"""Activity types from which a pause counts where the treatment names none of its own."""

INHERITED = "standard"
"""The vocabulary whose treatment holds where the main one has none."""

NO_CONTENT = "none"
"""The content of a treatment that asks to leave somebody in peace."""

IN_PEACE: Mapping[str, object] = {
    "content": NO_CONTENT,
    "never": [
        {
            "id": "any_mail",
            "labels": {"en": "any mail", "fr": "tout envoi"},
            "seen_as": ["quote_sent", "sales_email_sent"],
        }
    ],
}
"""For somebody who wants no contact, where a vocabulary says nothing about it."""

TreatmentOf = Callable[[str, Facts, Mapping[str, str]], Mapping[str, object]]
"""Stage id, facts and position in, treatment out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The parts of a treatment that are kept of everybody.

    Attributes:
        content: the word; empty when the vocabulary asks for nothing.
        next_contact_at_s: Unix seconds; None when nobody is to wait, or nobody is to contact at all.
        never: what not to do, each by its labels.
        accept_by_s: Unix seconds; until when sales is to take them on; None when sales did, or need not.
    """

    content: str = ""
    next_contact_at_s: float | None = None
    accept_by_s: float | None = None
    never: tuple[Mapping[str, str], ...] = ()


def treating(main: Vocabulary, vocabularies: Mapping[str, Vocabulary]) -> str:
    """The vocabulary whose treatment holds: the main one if it says anything, else `standard`.

    A position has a stage in both, so whoever is told in other words is treated as `standard` asks.
    """
    speaks = main.overrides or any("content" in stage.treatment for stage in main.stages)
    return main.name if speaks or INHERITED not in vocabularies else INHERITED


def compile_treatments(vocabulary: Vocabulary, axes: Sequence[Axis]) -> TreatmentOf:
    """The treatment of the first line with `when` that holds, else the stage's own.

    Somebody who wants no contact is left in peace whatever the vocabulary says. The function made
    takes every axis of `axes` in the position, and raises KeyError for a stage that is not there.
    """
    scope = Scope(
        axes={
            axis.name: (number, {level: n for n, level in enumerate(axis.level_names)})
            for number, axis in enumerate(axes)
        },
        scores={},
    )
    lines: list[tuple[Predicate, Mapping[str, object]]] = [
        (compile_condition(line.when, scope), line.treatment) for line in vocabulary.overrides
    ]
    numbers = {name: levels for name, (_, levels) in scope.axes.items()}
    own = {stage.id: stage.treatment for stage in vocabulary.stages}

    def treatment(stage_id: str, facts: Facts, position: Mapping[str, str]) -> Mapping[str, object]:
        levels = [known[position[name]] for name, known in numbers.items()]
        # A line looks at facts and levels alone, so the state needs nothing else.
        state = State(
            0.0, facts, NOTHING, previous=(), people=(), latest=[], raws=[], levels=levels
        )
        found = next((asked for holds, asked in lines if holds(state)), None) or own[stage_id]
        if facts.person.get("do_not_contact") and found.get("content") != NO_CONTENT:
            return IN_PEACE
        return found

    return treatment


def asked_of(treatment: Mapping[str, object], facts: Facts, *, now_s: float) -> Asked:
    """The content, and when the pause since the last contact ends."""
    content = str(treatment.get("content") or "")
    lines = cast("Collection[Mapping[str, Mapping[str, str]]]", treatment.get("never") or ())
    never = tuple(line["labels"] for line in lines)
    pause_days = cast("float | None", treatment.get("contact_again_after_days"))
    if pause_days is None or content == NO_CONTENT or facts.person.get("do_not_contact"):
        return Asked(content, never=never)
    types = cast("Collection[str]", treatment.get("contact_seen_as") or SALES_CONTACTS)
    seen = [
        each.at_s
        for each in facts.activities
        if each.type in types and each.took_place and each.at_s <= now_s
    ]
    return Asked(content, max(seen) + pause_days * DAY_S if seen else None, never=never)


def contents(vocabulary: Vocabulary) -> dict[str, Mapping[str, str]]:
    """Every word for content that the vocabulary may ask for, with its labels.

    In the order of the ladder; then those of the lines with `when`; `none`, which is always one, last.
    """
    ladder = sorted(vocabulary.stages, key=lambda stage: (stage.rank is None, stage.rank or 0))
    lines = [stage.treatment for stage in ladder]
    lines += [line.treatment for line in vocabulary.overrides]
    found = {
        str(line["content"]): cast("Mapping[str, str]", line.get("labels") or {})
        for line in lines
        if line.get("content")
    }
    none = found.pop(NO_CONTENT, {})
    return {**found, NO_CONTENT: none}
