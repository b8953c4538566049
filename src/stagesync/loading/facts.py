"""Facts from JSON Lines: one person a line, strictly typed.

A line that breaks the contract is refused with everything that is wrong in it, and the next one is
read. Null and blank text mean missing everywhere. A top-level key that looks like a typing error of a
known one is refused, because a lost `activities` would move a person in silence; any other unknown key
is a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import orjson

from stagesync.domain.facts import Facts, Kind
from stagesync.domain.policy import Policy
from stagesync.errors import Problem
from stagesync.loading.names import closest, unknown
from stagesync.loading.policy import known_facts
from stagesync.loading.values import (
    Findings,
    as_list,
    as_mapping,
    as_text,
    instant_or_missing,
    is_missing,
    read_activity,
    read_deal,
    read_value,
)

_KEYS = ("id", "person", "account", "activities", "deals", "previous", "previous_at")


@dataclass(frozen=True, slots=True)
class FactsLine:
    """One person as a line tells it.

    Attributes:
        previous: axis -> level before; axes not named had their lowest level.
        previous_at_s: when that position was found; None means not told.
        warnings: what was ignored, such as an unknown fact; without the line number.
    """

    facts: Facts
    previous: Mapping[str, str]
    previous_at_s: float | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """What a policy lets a line say."""

    person: Mapping[str, Kind]
    account: Mapping[str, Kind]
    levels: Mapping[str, tuple[str, ...]]


def read_facts(
    lines: Iterable[str | bytes], policy: Policy, *, file: str
) -> Iterator[tuple[int, FactsLine | Problem]]:
    """Every line that is not blank, with its number from 1: what it says, or what is wrong with it."""
    known = _known(policy)
    for number, line in enumerate(lines, start=1):
        text = line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line
        text = text.removeprefix(b"\xef\xbb\xbf") if number == 1 else text
        if not text.strip():
            continue
        findings = Findings()
        read = _read_line(text, known, findings)
        if findings.wrong or read is None:
            path, message = findings.wrong[0]
            more = [f"{place}: {what}" if place else what for place, what in findings.wrong[1:]]
            yield number, Problem(file, number, path, "; ".join([message, *more]))
        else:
            yield number, read


def _known(policy: Policy) -> _Known:
    facts = known_facts(policy.facts)

    def of(side: str) -> dict[str, Kind]:
        return {
            name.removeprefix(side): kind for name, kind in facts.items() if name.startswith(side)
        }

    return _Known(
        person=of("person."),
        account=of("account."),
        levels={axis.name: axis.level_names for axis in policy.axes},
    )


def _read_line(text: bytes, known: _Known, findings: Findings) -> FactsLine | None:
    try:
        raw = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        findings.refuse("", f"is not JSON: {error.msg} (column {error.colno})")
        return None
    if not isinstance(raw, dict):
        findings.refuse("", "must be a JSON object, one person a line")
        return None
    _check_keys(raw, findings)
    facts = Facts(
        id=as_text(raw.get("id"), "id", findings) or "",
        person=_read_side(raw.get("person"), "person", known.person, findings=findings),
        account=_read_side(raw.get("account"), "account", known.account, findings=findings),
        activities=tuple(
            read_activity(item, f"activities[{index}]", findings)
            for index, item in enumerate(as_list(raw.get("activities"), "activities", findings))
        ),
        deals=tuple(
            read_deal(item, f"deals[{index}]", findings)
            for index, item in enumerate(as_list(raw.get("deals"), "deals", findings))
        ),
    )
    return FactsLine(
        facts=facts,
        previous=_read_previous(raw.get("previous"), known.levels, findings),
        previous_at_s=instant_or_missing(raw.get("previous_at"), "previous_at", findings),
        warnings=tuple(findings.warnings),
    )


def _check_keys(raw: Mapping[str, object], findings: Findings) -> None:
    if is_missing(raw.get("id")):
        findings.refuse("id", "is missing")
    for key in raw.keys() - set(_KEYS):
        if closest(key, _KEYS, likeness=0.75):
            findings.refuse(key, unknown("key", key, _KEYS))
        else:
            findings.warn(unknown("key", key, _KEYS))


def _read_side(
    raw: object, side: str, known: Mapping[str, Kind], *, findings: Findings
) -> dict[str, str | float | int | bool]:
    found = {}
    for name, given in as_mapping(raw, side, findings).items():
        kind = known.get(name)
        if kind is None:
            findings.warn(unknown(f"fact of {side}", name, known))
            continue
        value = read_value(given, kind, f"{side}.{name}", findings)
        if value is not None:
            found[name] = value
    return found


def _read_previous(
    raw: object, levels: Mapping[str, tuple[str, ...]], findings: Findings
) -> dict[str, str]:
    found = {}
    for axis, given in as_mapping(raw, "previous", findings).items():
        level = as_text(given, f"previous.{axis}", findings)
        if axis not in levels:
            findings.refuse(f"previous.{axis}", unknown("axis", axis, levels))
        elif level is not None and level not in levels[axis]:
            findings.refuse(f"previous.{axis}", unknown(f"level of {axis}", level, levels[axis]))
        elif level is not None:
            found[axis] = level
    return found
