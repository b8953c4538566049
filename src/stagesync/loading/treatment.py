"""The `treatment` section of a vocabulary: what each stage asks for, one line per group of stages."""

from __future__ import annotations

from dataclasses import dataclass, field

from stagesync.domain.vocabulary import Override
from stagesync.loading.axes import read_labels
from stagesync.loading.conditions import Scope, read_condition, read_types
from stagesync.loading.document import Spot
from stagesync.loading.instants import DAY_S
from stagesync.loading.names import unknown

_KEYS = (
    "stages",
    "when",
    "content",
    "labels",
    "advice",
    "contact_again_after",
    "contact_seen_as",
    "accept_within",
    "review_on",
    "never",
)


@dataclass(frozen=True, slots=True)
class Treatments:
    """What the section says.

    Attributes:
        by_stage: stage id -> its treatment.
        overrides: the lines with `when`, in order.
    """

    by_stage: dict[str, dict[str, object]] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()


def read_treatments(spot: Spot | None, scope: Scope, *, stages: tuple[str, ...]) -> Treatments:
    """All lines; empty when the section is absent."""
    by_stage: dict[str, dict[str, object]] = {}
    overrides = []
    for line in spot.items() if spot else ():
        fields = line.fields(_KEYS, required=("content",))
        treatment = _read_line(fields, scope)
        if ("when" in fields) == ("stages" in fields):
            line.problem("a treatment has either `stages` or `when`")
        elif "when" in fields:
            overrides.append(Override(read_condition(fields["when"], scope), treatment))
        else:
            for stage in _stages(fields["stages"], stages, taken=by_stage):
                by_stage[stage] = treatment
    return Treatments(by_stage, tuple(overrides))


def _stages(
    spot: Spot, known: tuple[str, ...], *, taken: dict[str, dict[str, object]]
) -> list[str]:
    found: list[str] = []
    for item in spot.items() if spot.is_list else [spot]:
        stage = item.text() or ""
        if stage not in known:
            item.problem(unknown("stage", stage, known))
        elif stage in taken or stage in found:
            item.problem(f"`{stage}` has a treatment already")
        else:
            found.append(stage)
    return found


def _read_line(fields: dict[str, Spot], scope: Scope) -> dict[str, object]:
    treatment: dict[str, object] = {}
    if "content" in fields:
        treatment["content"] = fields["content"].text() or ""
    if "labels" in fields:
        treatment["labels"] = read_labels(fields["labels"])
    if "advice" in fields:
        treatment["advice"] = read_labels(fields["advice"])
    if "never" in fields:
        treatment["never"] = [
            _read_never(name, entry, scope) for name, entry in fields["never"].entries().items()
        ]
    for key in ("contact_again_after", "accept_within"):
        if key in fields:
            treatment[f"{key}_days"] = (fields[key].duration_s() or 0.0) / DAY_S
    for key in ("contact_seen_as", "review_on"):
        if key in fields:
            treatment[key] = sorted(read_types(fields[key], scope))
    return treatment


def _read_never(name: str, spot: Spot, scope: Scope) -> dict[str, object]:
    fields = spot.fields(("en", "fr", "seen_as", "more_than", "within"), required=("en", "fr"))
    never: dict[str, object] = {
        "id": name,
        "labels": {key: fields[key].text() or "" for key in ("en", "fr") if key in fields},
    }
    if "seen_as" in fields:
        never["seen_as"] = sorted(read_types(fields["seen_as"], scope))
    if len({"more_than", "within"} & fields.keys()) == 1 or (
        "more_than" in fields and "seen_as" not in fields
    ):
        spot.problem("`more_than` and `within` stand beside each other and `seen_as`")
    elif "more_than" in fields:
        never["more_than"] = fields["more_than"].whole(at_least=1) or 1
        never["within_days"] = (fields["within"].duration_s() or 0.0) / DAY_S
    return never
