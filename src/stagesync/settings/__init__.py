"""What an operator sets: `stagesync.yaml`, with every key also by environment."""

from stagesync.settings.alerts import AlertSettings, EmailSettings, WebhookSettings
from stagesync.settings.connections import ConnectionSettings
from stagesync.settings.edits import EditSettings
from stagesync.settings.guardrails import GuardrailSettings
from stagesync.settings.keeping import AuditSettings, PrivacySettings
from stagesync.settings.model import LogSettings, Settings, StoreSettings
from stagesync.settings.reading import line_of, load_settings
from stagesync.settings.web import WebSettings

__all__ = [
    "AlertSettings",
    "AuditSettings",
    "ConnectionSettings",
    "EditSettings",
    "EmailSettings",
    "GuardrailSettings",
    "LogSettings",
    "PrivacySettings",
    "Settings",
    "StoreSettings",
    "WebSettings",
    "WebhookSettings",
    "line_of",
    "load_settings",
]
