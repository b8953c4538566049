"""The keys of `audit` and `privacy`: how long is kept what tells of people."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from stagesync.settings.values import Duration, Strict


class AuditSettings(Strict):
    """What is done with the log beyond writing it.

    Attributes:
        publish_to: file that the log's head is noted in; a relative one counts from the settings file.
        sign_with: where the private Ed25519 key stands that signs each line of it, in PEM.
        keep: how long what tells of a person is kept; None means for ever.
    """

    publish_to: Path | None = None
    sign_with: dict[Literal["env", "file"], str] | None = None
    keep: Duration | None = Field(default=None, validate_default=False)

    @model_validator(mode="after")
    def _is_published(self) -> Self:
        if self.sign_with and not self.publish_to:
            raise ValueError("`sign_with` needs `publish_to`, the file whose lines are signed")
        return self


class PrivacySettings(Strict):
    """How long what tells of people is kept.

    Attributes:
        keep_gone: how long a record is kept that is gone from its CRM, and the history of somebody whose last
            record is; None means for ever.
    """

    keep_gone: Duration | None = Field(default=90 * 86_400.0, validate_default=False)
