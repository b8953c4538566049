"""The tables, defined once. Migrations bring any older store to exactly this.

Instants are Unix seconds (REAL). Structured values are JSON text: they are read whole or not at all.
"""

from stagesync.store.schema import (
    console,
    crm,
    definitions,
    forgotten,
    kept,
    log,
    people,
    writes,
)
from stagesync.store.schema.columns import metadata

__all__ = [
    "console",
    "crm",
    "definitions",
    "forgotten",
    "kept",
    "log",
    "metadata",
    "people",
    "writes",
]
