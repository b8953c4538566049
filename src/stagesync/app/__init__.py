"""The composition root: settings, store, definitions and connectors put together; the only clock."""

from stagesync.app.clocks import SandboxClock, SystemClock, now_s
from stagesync.app.connections import CONNECTORS, installed_connectors
from stagesync.app.definitions import definition_files, mapping_file, mappings_of
from stagesync.app.opening import Opened, actor, find_config, open_deployment, store_url

__all__ = [
    "CONNECTORS",
    "Opened",
    "SandboxClock",
    "SystemClock",
    "actor",
    "definition_files",
    "find_config",
    "installed_connectors",
    "mapping_file",
    "mappings_of",
    "now_s",
    "open_deployment",
    "store_url",
]
