"""Single JSON values of a facts line, by the kind of fact they stand for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stagesync.domain.facts import DEAL_STATUSES, Activity, Deal, Kind, Value
from stagesync.loading.instants import parse_instant
from stagesync.loading.names import unknown

_OUTCOMES = ("took_place", "cancelled", "no_show")
_ACTIVITY_KEYS = frozenset(
    {"type", "at", "id", "connection", "outcome", "phase", "topic", "source"}
)
_TEXTS = ("type", "id", "connection", "phase", "topic", "source")
_DEAL_KEYS = frozenset({"status", "at", "amount", "id", "connection"})


@dataclass(frozen=True, slots=True)
class Findings:
    """What a line has wrong, and what of it is ignored.

    Attributes:
        wrong: path and message; any of these refuses the line.
    """

    wrong: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def refuse(self, path: str, message: str) -> None:
        """Notes what refuses the line."""
        self.wrong.append((path, message))

    def warn(self, message: str) -> None:
        """Notes what is ignored."""
        self.warnings.append(message)


def as_mapping(raw: object, path: str, findings: Findings) -> Mapping[str, object]:
    """A JSON object; empty when missing, or when it is something else, which is refused."""
    if isinstance(raw, dict):
        return raw
    if not is_missing(raw):
        findings.refuse(path, f"must be a JSON object, not {_shown(raw)}")
    return {}


def as_list(raw: object, path: str, findings: Findings) -> Sequence[object]:
    """A JSON array; empty when missing, or when it is something else, which is refused."""
    if isinstance(raw, list):
        return raw
    if not is_missing(raw):
        findings.refuse(path, f"must be a JSON array, not {_shown(raw)}")
    return []


def as_text(raw: object, path: str, findings: Findings) -> str | None:
    """A text; None when missing, or when it is something else, which is refused."""
    if isinstance(raw, str):
        return raw if raw.strip() else None
    if raw is not None:
        findings.refuse(path, f"must be a text, not {_shown(raw)}")
    return None


def instant_or_missing(raw: object, path: str, findings: Findings) -> float | None:
    """Unix seconds; None when missing, or when it is no instant with a zone, which is refused."""
    text = as_text(raw, path, findings)
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        findings.refuse(path, str(error))
        return None


def read_value(raw: object, kind: Kind, path: str, findings: Findings) -> Value | None:
    """The value of a fact; None when missing or refused."""
    if is_missing(raw):
        return None
    match kind:
        case Kind.TEXT:
            return as_text(raw, path, findings)
        case Kind.INSTANT:
            return instant_or_missing(raw, path, findings)
        case Kind.NUMBER:
            return _number(raw, path, findings)
        case Kind.FLAG:
            if isinstance(raw, bool):
                return raw
            findings.refuse(path, f"must be true or false, not {_shown(raw)}")
            return None


def read_activity(raw: object, path: str, findings: Findings) -> Activity:
    """An activity; what is wrong with it is refused."""
    given = _record(raw, path, _ACTIVITY_KEYS, findings=findings)
    texts = {
        key: as_text(given[key], f"{path}.{key}", findings) or "" for key in _TEXTS if key in given
    }
    at_s = instant_or_missing(given.get("at"), f"{path}.at", findings)
    for key in ("type", "at"):
        if is_missing(given.get(key)):
            findings.refuse(f"{path}.{key}", "is missing")
    outcome = as_text(given.get("outcome"), f"{path}.outcome", findings)
    if outcome is not None and outcome not in _OUTCOMES:
        findings.refuse(f"{path}.outcome", unknown("outcome", outcome, _OUTCOMES))
    return Activity(
        type=texts.pop("type", ""),
        at_s=at_s or 0.0,
        took_place=outcome not in ("cancelled", "no_show"),
        **texts,
    )


def read_deal(raw: object, path: str, findings: Findings) -> Deal:
    """A deal; what is wrong with it is refused. Without `at` it is known to be past."""
    given = _record(raw, path, _DEAL_KEYS, findings=findings)
    status = as_text(given.get("status"), f"{path}.status", findings)
    if is_missing(given.get("status")):
        findings.refuse(f"{path}.status", f"is missing; known: {', '.join(DEAL_STATUSES)}")
    elif status is not None and status not in DEAL_STATUSES:
        findings.refuse(f"{path}.status", unknown("deal status", status, DEAL_STATUSES))
    amount = given.get("amount")
    return Deal(
        status=status or "",
        at_s=instant_or_missing(given.get("at"), f"{path}.at", findings),
        amount=None if is_missing(amount) else _number(amount, f"{path}.amount", findings),
        id=as_text(given.get("id"), f"{path}.id", findings) or "",
        connection=as_text(given.get("connection"), f"{path}.connection", findings) or "",
    )


def _record(
    raw: object, path: str, known: frozenset[str], *, findings: Findings
) -> Mapping[str, object]:
    if not isinstance(raw, dict):
        findings.refuse(path, f"must be a JSON object, not {_shown(raw)}")
        return {}
    for key in raw.keys() - known:
        findings.warn(unknown(f"key of {path.partition('[')[0]}", key, sorted(known)))
    return raw


def _number(raw: object, path: str, findings: Findings) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        findings.refuse(path, f"must be a number, not {_shown(raw)}")
        return None
    if not math.isfinite(raw) or raw < 0:
        findings.refuse(path, "must be a finite number, not below zero")
        return None
    return raw


def is_missing(raw: object) -> bool:
    """Null, or a text of blanks only."""
    return raw is None or (isinstance(raw, str) and not raw.strip())


def _shown(raw: object) -> str:
    """What was given, without its value: a line may hold personal data."""
    match raw:
        case None:
            return "null"
        case bool():
            return "true" if raw else "false"
        case str():
            return f'the text "{raw}"' if raw.lower() in _HARMLESS else "a text"
        case int() | float():
            return "a number"
        case list():
            return "an array"
        case _:
            return "an object"


_HARMLESS = frozenset({"true", "false", "yes", "no", "1", "0"})
