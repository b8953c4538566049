"""Unix seconds as the text that people, CRMs and the audit read."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(at_s: float) -> str:
    """`2026-10-01T10:00:00Z`; fractions are cut off: CRMs keep whole seconds."""
    return datetime.fromtimestamp(int(at_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
