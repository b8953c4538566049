"""The process that atheris fuzzes in; `tests.fuzz.long` starts it.

python -m tests.fuzz.guided FOLDER NAMES [arguments of libFuzzer]

What breaks a promise is written to FOLDER/findings, once per place, and the search goes on.
"""

from __future__ import annotations

import sys
import time
import traceback
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["stagesync", "stagesync_hubspot", "stagesync_salesforce", "stagesync_sql"],
    exclude=["stagesync.sandbox"],
):
    from tests.fuzz import targets

SLOW_S = 5.0
"""What takes longer, of its own time, is a finding: nobody's file or answer of a kilobyte may."""


class Search:
    """Runs the target that an input's first byte names."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        self._findings = folder / "findings"
        self._findings.mkdir(exist_ok=True)
        self._targets = [targets.TARGETS[name] for name in names]
        self._names = names
        self._seen: set[str] = set()

    def one(self, data: bytes) -> None:
        """Try one input; what is found is written down."""
        if not data:
            return
        place = data[0] % len(self._targets)
        began = time.process_time()
        try:
            self._targets[place](data[1:])
        except Exception as error:  # noqa: BLE001  whatever a target raises is what is looked for
            self._note(self._names[place], data[1:], _where(error), traceback.format_exc())
        if (took_s := time.process_time() - began) > SLOW_S:
            self._note(self._names[place], data[1:], "slow", f"took {took_s:.1f} s")

    def _note(self, name: str, data: bytes, where: str, told: str) -> None:
        title = f"{name} {where}"
        if title in self._seen:
            return
        self._seen.add(title)
        file = self._findings / f"{len(list(self._findings.iterdir())):03d}-{name}.txt"
        file.write_text(f"{title}\n{data.hex()}\n{told}", errors="replace")
        print(f"FINDING {title}", file=sys.stderr, flush=True)


def _where(error: Exception) -> str:
    """The kind of error and the innermost line of ours: what tells one finding from another."""
    ours = [
        f"{Path(each.filename).name}:{each.lineno}"
        for each in traceback.extract_tb(error.__traceback__)
        if "stagesync" in each.filename or "fuzz" in each.filename
    ]
    return f"{type(error).__name__} {ours[-1] if ours else ''}"


def main() -> None:
    """Never comes back: libFuzzer ends the process."""
    folder, names, *more = sys.argv[1:]
    warnings.simplefilter("ignore")
    targets.quiet()
    search = Search(Path(folder), names.split(","))
    # libFuzzer starts itself again by this name when it looks for the inputs worth keeping.
    again = Path(folder) / "again"
    again.write_text(
        f'#!/bin/sh\nexec {sys.executable} -m tests.fuzz.guided {folder} {names} "$@"\n'
    )
    again.chmod(0o755)
    atheris.Setup([str(again), *more], search.one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
