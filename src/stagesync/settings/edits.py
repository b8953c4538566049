"""The keys of `edits`."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from stagesync.settings.values import Duration, Strict

EditRule = Literal["respect", "adopt", "overwrite"]


class EditSettings(Strict):
    """What is done about a stage that somebody else set in a field that stagesync writes.

    Attributes:
        person, bulk, automation, integration: by whose edit it is; `bulk` is an import or an edit of
            many records at once. Who is not known counts as a person.
        span: how long an edit is respected or adopted; written `for`.
        adopt_axes: axes that an adopted stage may change, in order of preference.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True
    )

    person: EditRule = "respect"
    bulk: EditRule = "respect"
    automation: EditRule = "overwrite"
    integration: EditRule = "overwrite"
    span: Duration = Field(default=30 * 86_400.0, alias="for", validate_default=False)
    adopt_axes: tuple[str, ...] = ()
