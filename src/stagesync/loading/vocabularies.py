"""Vocabulary files as domain values, ordered so that each one follows those it looks at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stagesync.domain.classify import asks_for
from stagesync.domain.condition import Anything
from stagesync.domain.policy import Policy
from stagesync.domain.vocabulary import COUNTS_AS, LOOP, Stage, Vocabulary
from stagesync.errors import DefinitionError, Problem
from stagesync.loading.axes import find_circle, read_labels
from stagesync.loading.conditions import Scope, Sort, read_condition
from stagesync.loading.document import Report, Spot, open_document
from stagesync.loading.names import unknown
from stagesync.loading.policy import known_facts
from stagesync.loading.treatment import Treatments, read_treatments

_KEYS = ("vocabulary", "labels", "source", "stages", "ladder", "off_ladder", "treatment")
_STAGE_KEYS = (
    "id",
    "labels",
    "note",
    "when",
    "accounts_also",
    "counts_as",
    "loop",
    "handover",
    "accepted_when",
)
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_AXES = frozenset({Sort.AXES})
_STAGES = frozenset({Sort.AXES, Sort.STAGES})
_OVERRIDES = frozenset({Sort.AXES, Sort.FACTS})


@dataclass(frozen=True, slots=True)
class _Opened:
    """A vocabulary file before its conditions are read."""

    name: str
    fields: dict[str, Spot]
    stages: tuple[dict[str, Spot], ...]
    report: Report

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(fields["id"].letters or "" for fields in self.stages if "id" in fields)


@dataclass(frozen=True, slots=True)
class ReadVocabulary:
    """A vocabulary and where it stands.

    Attributes:
        file: as the caller named it.
        lines: stage id -> its line; the empty id stands for the vocabulary itself.
    """

    vocabulary: Vocabulary
    file: str
    lines: Mapping[str, int]


def load_vocabularies(source: Path | Iterable[Path], policy: Policy) -> dict[str, Vocabulary]:
    """Vocabularies by name, from a directory or from files; each follows those it looks at.

    Raises:
        DefinitionError: with every problem of every file, each with its line.
    """
    problems: list[Problem] = []
    found = read_vocabularies(source, policy, problems)
    if problems:
        raise DefinitionError(problems)
    return {read.vocabulary.name: read.vocabulary for read in found}


def read_vocabularies(
    source: Path | Iterable[Path], policy: Policy, problems: list[Problem]
) -> list[ReadVocabulary]:
    """As many vocabularies as can be read; their problems are added to the list."""
    opened = _open_all(_files(source, problems), problems)
    stages = {name: file.ids for name, file in opened.items()}
    read = {name: _read(file, policy, stages) for name, file in opened.items()}
    looks_at = {name: asks_for(one.vocabulary) & set(read) for name, one in read.items()}
    circle = find_circle(looks_at)
    if circle:
        first = opened[circle[0]]
        first.fields["vocabulary"].problem(
            f"vocabularies wait for each other: {' -> '.join(circle)}"
        )
        return list(read.values())
    return [read[name] for name in _in_order(looks_at)]


def _files(source: Path | Iterable[Path], problems: list[Problem]) -> list[Path]:
    if not isinstance(source, Path):
        return list(source)
    if source.is_file():
        return [source]
    files = sorted(source.glob("*.yaml"))
    if not files:
        Report(str(source), problems).add("holds no vocabulary files (*.yaml)")
    return files


def _open_all(files: Sequence[Path], problems: list[Problem]) -> dict[str, _Opened]:
    opened: dict[str, _Opened] = {}
    for path in files:
        file = _open(path, Report(str(path), problems))
        if file is None:
            continue
        if file.name in opened:
            other = opened[file.name].report.file
            file.fields["vocabulary"].problem(f"`{file.name}` is the name of {other} too")
        opened[file.name] = file
    return opened


def _open(path: Path, report: Report) -> _Opened | None:
    root = open_document(path, report)
    if root is None:
        return None
    fields = root.fields(_KEYS, required=("vocabulary", "labels", "stages", "ladder"))
    name = fields["vocabulary"].text() if "vocabulary" in fields else None
    if name is None:
        return None
    listed = fields["stages"].items() if "stages" in fields else []
    if "stages" in fields and not listed:
        fields["stages"].problem("a vocabulary needs at least one stage")
    stages = tuple(item.fields(_STAGE_KEYS, required=("id", "labels", "when")) for item in listed)
    _check_ids(stages)
    return _Opened(name, fields, stages, report)


def _check_ids(stages: tuple[dict[str, Spot], ...]) -> None:
    seen: set[str] = set()
    for fields in stages:
        stage_id = fields["id"].text() if "id" in fields else None
        if stage_id is None:
            continue
        if not _ID.fullmatch(stage_id):
            fields["id"].problem(
                "a stage id is made of letters, digits and _, and begins with a letter"
            )
        if stage_id in seen:
            fields["id"].problem(f"stage `{stage_id}` stands here twice")
        seen.add(stage_id)


def _read(file: _Opened, policy: Policy, stages: Mapping[str, tuple[str, ...]]) -> ReadVocabulary:
    scope = Scope(
        place="a stage",
        allows=_STAGES,
        axes={axis.name: axis.level_names for axis in policy.axes},
        stages=stages,
    )
    overrides = Scope(
        place="a treatment",
        allows=_OVERRIDES,
        facts=known_facts(policy.facts),
        activities=policy.activities,
        axes=scope.axes,
    )
    ranks = _read_ranks(file)
    treatments = read_treatments(file.fields.get("treatment"), overrides, stages=file.ids)
    source = file.fields.get("source")
    vocabulary = Vocabulary(
        name=file.name,
        labels=read_labels(file.fields["labels"]) if "labels" in file.fields else {},
        source=(source.text() if source and not source.is_blank else None) or "",
        stages=tuple(
            _read_stage(fields, scope, ranks=ranks, treatments=treatments) for fields in file.stages
        ),
        overrides=treatments.overrides,
    )
    lines = {
        fields["id"].letters or "": fields["id"].line for fields in file.stages if "id" in fields
    }
    return ReadVocabulary(
        vocabulary, file.report.file, {"": file.fields["vocabulary"].line, **lines}
    )


def _read_stage(
    fields: dict[str, Spot], scope: Scope, *, ranks: dict[str, int], treatments: Treatments
) -> Stage:
    stage_id = (fields["id"].letters if "id" in fields else None) or ""
    also, accepted = fields.get("accounts_also"), fields.get("accepted_when")
    if accepted and not ("handover" in fields and fields["handover"].flag()):
        accepted.problem("only a stage with `handover: yes` says when it is accepted")
    return Stage(
        id=stage_id,
        labels=read_labels(fields["labels"]) if "labels" in fields else {},
        when=read_condition(fields["when"], scope) if "when" in fields else Anything(),
        accounts_also=read_condition(also, scope) if also else None,
        accepted_when=read_condition(accepted, replace(scope, allows=_AXES)) if accepted else None,
        rank=ranks.get(stage_id),
        note=read_labels(fields["note"]) if "note" in fields else {},
        treatment={**treatments.by_stage.get(stage_id, {}), **_read_counting(fields)},
    )


def _read_counting(fields: dict[str, Spot]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, known in (("counts_as", COUNTS_AS), ("loop", LOOP)):
        if key in fields:
            word = fields[key].letters or ""
            if word not in known:
                fields[key].problem(unknown("way to count", word, known))
            found[key] = word
    if "handover" in fields and fields["handover"].flag():
        found["handover"] = True
    return found


def _read_ranks(file: _Opened) -> dict[str, int]:
    """Stage id -> rank; every stage must be on the ladder or off it, once."""
    places: dict[str, str] = {}
    ladder: list[str] = []
    for key in ("ladder", "off_ladder"):
        for item in file.fields[key].items() if key in file.fields else ():
            stage = item.text() or ""
            if stage not in file.ids:
                item.problem(unknown("stage", stage, file.ids))
            elif stage in places:
                item.problem(f"`{stage}` stands in `{places[stage]}` already")
            else:
                places[stage] = key
                ladder += [stage] if key == "ladder" else []
    for fields in file.stages if "ladder" in file.fields else ():
        stage = (fields["id"].letters if "id" in fields else None) or ""
        if stage and stage not in places:
            fields["id"].problem(f"`{stage}` is neither in `ladder` nor in `off_ladder`")
    return {stage: rank for rank, stage in enumerate(ladder)}


def _in_order(looks_at: Mapping[str, set[str]]) -> list[str]:
    """Names so that each follows those it looks at; the looked-at first, then by file name."""
    order: list[str] = []
    seen_by_others = set().union(*looks_at.values())

    def put(name: str) -> None:
        for other in sorted(looks_at[name]):
            put(other)
        if name not in order:
            order.append(name)

    for name in sorted(looks_at, key=lambda name: name not in seen_by_others):
        put(name)
    return order
