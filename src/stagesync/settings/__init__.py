"""What an operator sets: `stagesync.yaml`, with every key also by environment."""

from stagesync.settings.model import (
    ConnectionSettings,
    GuardrailSettings,
    LogSettings,
    Settings,
    StoreSettings,
    line_of,
    load_settings,
)

__all__ = [
    "ConnectionSettings",
    "GuardrailSettings",
    "LogSettings",
    "Settings",
    "StoreSettings",
    "line_of",
    "load_settings",
]
