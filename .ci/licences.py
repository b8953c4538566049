"""The licence of every package that a run needs, from what is installed; an unknown or unwanted one fails."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

TAKEN = re.compile(
    r"\b(Apache|BSD|MIT|ISC|MPL|Mozilla Public|PSF|Python Software Foundation|Unlicense|0BSD|Zlib|CNRI|HPND"
    r"|LGPL|Lesser General)",
    re.IGNORECASE,
)
"""Licences under which the package may stand beside ours, unchanged."""


def told_by(name: str) -> str:
    """What a package says of its licence: its expression, its classifiers, or the first line of its text."""
    about = metadata(name)
    classifiers = [each for each in about.get_all("Classifier") or () if each.startswith("License")]
    said = [about.get("License-Expression") or "", *classifiers, (about.get("License") or "")[:80]]
    return "; ".join(each.splitlines()[0] for each in said if each)


def main() -> int:
    """1 when a licence is not taken."""
    lock = Path(sys.argv[1]).read_text()
    names = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", lock, re.MULTILINE)
    wrong = []
    for name in names:
        try:
            licence = told_by(name)
        except PackageNotFoundError:
            continue  # for another system or Python than this one
        if not TAKEN.search(licence):
            wrong.append(f"{name}: {licence or 'says nothing of its licence'}")
    print("\n".join(wrong) or f"licences: {len(names)} packages, all taken")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
