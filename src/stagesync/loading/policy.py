"""A policy file as a domain value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from stagesync.domain.facts import ACCOUNT_FACTS, DEAL_STATUSES, PERSON_FACTS, Kind
from stagesync.domain.policy import CountsFor, Policy, SameEvent
from stagesync.errors import DefinitionError
from stagesync.loading.accounts import read_accounts
from stagesync.loading.axes import read_axes, read_names
from stagesync.loading.canonical import digest
from stagesync.loading.conditions import Scope, Sort, read_types
from stagesync.loading.document import Report, Spot, open_document, scalars
from stagesync.loading.names import unknown
from stagesync.loading.scores import read_scores

_SECTIONS = (
    "policy",
    "version",
    "lists",
    "activities",
    "facts",
    "same_event",
    "contactless_deals",
    "scores",
    "axes",
    "questions",
    "labels",
    "accounts",
)
_LEVELS = frozenset({Sort.FACTS, Sort.SCORES, Sort.AXES, Sort.ACTIVITIES, Sort.DEALS})


def load_policy(path: Path) -> Policy:
    """The policy of a YAML file.

    Raises:
        DefinitionError: with every problem of the file, each with its line.
    """
    report = Report(str(path))
    policy = read_policy(path, report)
    if report.problems or policy is None:
        raise DefinitionError(report.problems)
    return policy


def read_policy(path: Path, report: Report) -> Policy | None:
    """As much of the policy as can be read; None when there is nothing to go on with.

    Its problems are in the report; a policy with problems serves only to find more of them.
    """
    root = open_document(path, report)
    if root is None or not root.is_mapping:
        if root is not None:
            root.problem("must be `key: value` pairs")
        return None
    fields = root.fields(_SECTIONS, required=("policy", "version", "axes"))
    scope = _scope(fields)
    scores = read_scores(fields.get("scores"), scope)
    scope = replace(scope, scores={score.name: score for score in scores})
    axes = fields.get("axes")
    version = fields["version"].whole(at_least=1) if "version" in fields else None
    policy = Policy(
        name=(fields["policy"].text() if "policy" in fields else None) or "",
        version=version or 0,
        digest="",
        scores=scores,
        axes=read_axes(axes, scope, questions=fields.get("questions"), labels=fields.get("labels"))
        if axes
        else (),
        accounts=read_accounts(fields.get("accounts"), scope),
        same_event=_read_same_event(fields.get("same_event"), scope),
        facts=_declared(fields.get("facts")),
        activities=scope.activities,
        contactless_deals=_read_contactless(fields.get("contactless_deals")),
    )
    return replace(policy, digest=digest(policy))


def known_facts(declared: Mapping[str, Kind]) -> dict[str, Kind]:
    """Full name, such as `person.country` -> kind: the facts every policy knows and those it declares."""
    return {
        **{f"person.{name}": kind for name, kind in PERSON_FACTS.items()},
        **{f"account.{name}": kind for name, kind in ACCOUNT_FACTS.items()},
        **declared,
    }


def _scope(fields: dict[str, Spot]) -> Scope:
    lists = fields["lists"].entries() if "lists" in fields else {}
    activities = fields.get("activities")
    return Scope(
        place="a level",
        allows=_LEVELS,
        facts=known_facts(_declared(fields.get("facts"))),
        activities=frozenset(
            item.letters or "" for item in (scalars(activities, lists) if activities else ())
        ),
        axes=read_names(fields.get("axes")),
        lists=lists,
    )


def _declared(spot: Spot | None) -> dict[str, Kind]:
    declared = {}
    for name, kind in (spot.entries() if spot else {}).items():
        side, _, rest = name.partition(".")
        known = {"person": PERSON_FACTS, "account": ACCOUNT_FACTS}.get(side)
        if known is None or not rest or "|" in rest:
            kind.problem(f"`{name}` must begin with `person.` or `account.`")
        elif rest in known:
            kind.problem(
                f"every policy knows `{name}` (kind {known[rest].value}); leave the line out"
            )
        elif kind.letters not in list(Kind):
            kind.problem(unknown("kind", kind.letters or "", list(Kind)))
        else:
            declared[name] = Kind(kind.letters)
    return declared


def _read_same_event(spot: Spot | None, scope: Scope) -> SameEvent:
    if spot is None:
        return SameEvent()
    fields = spot.fields(("activity", "within"), required=("activity", "within"))
    within_s = fields["within"].duration_s() if "within" in fields else None
    types = read_types(fields["activity"], scope) if "activity" in fields else frozenset()
    return SameEvent(types, within_s or 0.0)


def _read_contactless(spot: Spot | None) -> dict[str, CountsFor]:
    found = {}
    for status, entry in (spot.fields(DEAL_STATUSES) if spot else {}).items():
        if entry.letters in list(CountsFor):
            found[status] = CountsFor(entry.letters)
        else:
            entry.problem(unknown("way to count", entry.letters or "", list(CountsFor)))
    return found
