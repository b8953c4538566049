"""The keys of `stagesync.yaml`.

Every key can also come by environment: `STAGESYNC_STORE__URL` is `store: {url: ...}`, and wins.
A secret is never written here: it is named, `{env: HUBSPOT_TOKEN}` or `{file: /run/secrets/hubspot}`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from stagesync.settings.alerts import AlertSettings
from stagesync.settings.connections import ConnectionSettings
from stagesync.settings.edits import EditSettings
from stagesync.settings.guardrails import GuardrailSettings
from stagesync.settings.keeping import AuditSettings, PrivacySettings
from stagesync.settings.values import Duration, Strict
from stagesync.settings.web import WebSettings


class StoreSettings(Strict):
    """Where the state is kept.

    Attributes:
        url: a relative SQLite path counts from the settings file.
        lease: how long a process that works on it may be silent before another one takes over.
    """

    # It may hold a password.
    url: str = Field(default="sqlite:///stagesync.db", repr=False)
    lease: Annotated[Duration, Field(ge=1)] = Field(default=60.0, validate_default=False)


class LogSettings(Strict):
    """How events are written to stderr."""

    format: Literal["json", "console"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(BaseSettings):
    """A deployment.

    Attributes:
        mappings: folder of policy.yaml, vocabularies/ and the CRM mappings; default: the folder
            `mappings` beside the file, else the shipped one.
        prefer: connections whose value wins where several have one, best first.
        vocabulary: the one that stages are told in.
        language: of the labels and sentences that are written to the CRMs.
        web: where webhooks are taken; None: nowhere.
        clock: `sandbox` follows the simulators' clocks; for rehearsals on this machine only.
    """

    model_config = SettingsConfigDict(
        env_prefix="STAGESYNC_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    store: StoreSettings = StoreSettings()
    log: LogSettings = LogSettings()
    guardrails: GuardrailSettings = GuardrailSettings()
    edits: EditSettings = EditSettings()
    audit: AuditSettings = AuditSettings()
    privacy: PrivacySettings = PrivacySettings()
    alerts: AlertSettings = AlertSettings()
    mappings: Path | None = None
    connections: dict[str, ConnectionSettings] = {}
    prefer: tuple[str, ...] = ()
    vocabulary: str = "standard"
    language: Literal["en", "fr"] = "en"
    web: WebSettings | None = None
    clock: Literal["real", "sandbox"] = "real"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  the hook's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the hook's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the hook's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        return env_settings, init_settings
