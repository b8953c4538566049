"""Kinds of values that several settings share."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from stagesync.domain.duration import seconds_of


def _seconds(value: object) -> object:
    found = seconds_of(str(value))
    if found is None:
        raise ValueError("must be a duration such as 60s, 5m or 1h")
    return found


Duration = Annotated[float, BeforeValidator(_seconds)]
"""Seconds, written as `60s`, `5m`, `1h`."""


def _share(value: object) -> object:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", str(value))
    if found is None:
        raise ValueError("must be a share such as 10%")
    return float(found[1]) / 100


Share = Annotated[float, BeforeValidator(_share), Field(ge=0, le=1)]
"""A part of a whole, written as `10%`; at most 100%."""


class Strict(BaseModel):
    """A part of the settings: no key beside its own, never changed, and values stay out of errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
