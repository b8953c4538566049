"""What the treatment asks for somebody who was just placed, as it is kept of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from stagesync.domain.classify import is_accepted
from stagesync.domain.facts import Facts
from stagesync.domain.state import DAY_S
from stagesync.domain.treatment import NO_CONTENT, Asked, asked_of
from stagesync.engine.deployment import Deployment
from stagesync.store.people import Placed

LONGEST = 255
"""Characters of a text field that every CRM takes."""


def spelled(never: Sequence[Mapping[str, str]], language: str) -> str:
    """What not to do, in words; what does not fit a field is left out whole."""
    found = ""
    for labels in never:
        more = f"{found}; {labels[language]}" if found else labels[language]
        found = more if len(more) <= LONGEST else found
    return found


def asked_now(
    deployment: Deployment,
    stage: str,
    position: Mapping[str, str],
    *,
    facts: Facts,
    before: Placed,
    now_s: float,
) -> Asked:
    """Content, next contact, and until when sales is to take them on.

    The wait for sales begins with the stage; while that stays, its end stays too.

    Args:
        stage: of the vocabulary whose treatment counts.
    """
    name = deployment.treating
    treatment = deployment.treatment_of(stage, facts, position)
    asked = asked_of(treatment, facts, now_s=now_s)
    days = cast("float | None", treatment.get("accept_within_days"))
    if days is None or asked.content == NO_CONTENT:
        return asked
    if is_accepted(deployment.vocabularies[name].stage(stage), position):
        return asked
    stays = (before.stages or {}).get(name) == stage
    kept_s = before.accept_by_s if stays else None
    return replace(asked, accept_by_s=now_s + days * DAY_S if kept_s is None else kept_s)
