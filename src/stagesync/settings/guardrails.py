"""The keys of `guardrails`."""

from __future__ import annotations

from pydantic import Field

from stagesync.settings.values import Duration, Share, Strict


class GuardrailSettings(Strict):
    """How much may be written unseen; what goes beyond is held until somebody approves it.

    Attributes:
        window: over how long it is counted.
        max_people, max_share: who may make the same move, as a number and of all people and accounts
            known; the smaller one counts.
        max_total_share: who may move at all, of those known; newcomers are not counted.
        max_stage_loss: how much of a stage may leave it.
        max_source_loss: how much of an object's records may be gone from one pull to the next.
        max_writes_of_a_field: how often the same field of a record may be written.
        never_below: so few are never too many.
        approval_lasts: after which what was approved and not written is held again.
    """

    window: Duration = Field(default=86_400.0, validate_default=False)
    max_people: int = Field(default=500, ge=0)
    max_share: Share = Field(default=0.10, validate_default=False)
    max_total_share: Share = Field(default=0.25, validate_default=False)
    max_stage_loss: Share = Field(default=0.30, validate_default=False)
    max_source_loss: Share = Field(default=0.20, validate_default=False)
    max_writes_of_a_field: int = Field(default=5, ge=1)
    never_below: int = Field(default=20, ge=0)
    approval_lasts: Duration = Field(default=7 * 86_400.0, validate_default=False)
