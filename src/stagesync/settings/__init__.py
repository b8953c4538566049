"""What an operator sets: `stagesync.yaml`, with every key also by environment."""

from stagesync.settings.model import (
    AuditSettings,
    ConnectionSettings,
    EditSettings,
    GuardrailSettings,
    LogSettings,
    Settings,
    StoreSettings,
    WebSettings,
    line_of,
    load_settings,
)

__all__ = [
    "AuditSettings",
    "ConnectionSettings",
    "EditSettings",
    "GuardrailSettings",
    "LogSettings",
    "Settings",
    "StoreSettings",
    "WebSettings",
    "line_of",
    "load_settings",
]
