"""Where everything that a deployment knows is kept: SQLite by default."""

from stagesync.store.store import Store, open_store

__all__ = ["Store", "open_store"]
