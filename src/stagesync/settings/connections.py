"""The keys of a connection that are the same for every connector."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from stagesync.settings.values import Duration


class ConnectionSettings(BaseModel):
    """One CRM account; keys that stagesync does not know are its connector's options.

    Attributes:
        connector: name of an installed connector.
        mapping: file; default `<mappings>/<connector>.yaml`.
        mode: what a new connection starts with. `observe` plans and writes nothing until its first
            plan is approved.
        poll: how often the daemon pulls.
        vendor_stage: what may be done to the vendor's own stage fields.
        writes_per_hour: records that may be written within an hour; the rest waits for later runs.
            None means all at once.
        automation_users: ids of users in the CRM behind whom a program stands.
        wait_for_first_load: nothing is written to any connection until all of this one was read
            once; without it only this one waits.
    """

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    connector: str
    mapping: Path | None = None
    mode: Literal["observe", "active"] = "observe"
    poll: Duration = Field(default=60.0, validate_default=False)
    vendor_stage: Literal["off", "fill_empty", "forward"] = "off"
    writes_per_hour: int | None = Field(default=None, ge=1)
    automation_users: tuple[str, ...] = ()
    wait_for_first_load: bool = True

    @property
    def options(self) -> dict[str, Any]:
        """What the connector gets; secrets are still named."""
        return dict(self.model_extra or {})
