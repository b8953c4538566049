"""Settings under which whatever differs is written."""

from __future__ import annotations

from stagesync.domain.edits import Answer, EditRules, Origin, Rule
from stagesync.domain.guard import Limits

WRITE_OVER = EditRules({each: Answer(Rule.OVERWRITE) for each in Origin})
"""Nobody's edit of a stage is respected."""

UNLIMITED = Limits(
    people=10**9, share=1.0, total_share=1.0, loss=1.0, never_below=10**9, writes_of_a_field=10**9
)
"""No guardrail but those of a changed definition and of a lost source."""
