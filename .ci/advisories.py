"""Runs pip-audit over lock files, and does not take silence for good news.

pip-audit says "no known vulnerabilities found" also of packages that its service knows nothing of, as behind a
mirror that has files and no advisories. So one package that everybody has is asked for first, and every skipped
package counts as not checked.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FOUND, NOT_CHECKED = 1, 3
PROBE = "urllib3"
"""A package of every lock file; a service that does not know it knows nothing."""


def audited(tool: str, lock: Path) -> list[dict[str, Any]] | None:
    """What the service says of each package; None when it could not be asked."""
    command = [tool, "--requirement", str(lock), "--no-deps", "--disable-pip", "--format", "json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, OSError, ValueError, KeyError, TypeError):
        return None
    return found


def pins(lock: Path) -> list[str]:
    """The lines `name==version` of a lock file."""
    lines = (line.split(" ;")[0].rstrip(" \\") for line in lock.read_text().splitlines())
    return [line for line in lines if "==" in line and not line.startswith((" ", "#"))]


def is_reachable(tool: str, lock: Path) -> bool:
    """Whether the service knows the package that it must know."""
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder) / "probe.txt"
        alone.write_text("".join(f"{pin}\n" for pin in pins(lock) if pin.startswith(f"{PROBE}==")))
        told = audited(tool, alone)
    return bool(told) and all("skip_reason" not in each for each in told or ())


def main() -> int:
    """The exit code."""
    tool, *files = sys.argv[1:]
    locks = [Path(each) for each in files]
    if not is_reachable(tool, locks[0]):
        count = len({pin for lock in locks for pin in pins(lock)})
        print(f"NOT CHECKED: no advisory service answers here; {count} packages were not looked up")
        return NOT_CHECKED
    known, unchecked = 0, 0
    for lock in locks:
        for each in audited(tool, lock) or [{"name": str(lock), "skip_reason": "no answer"}]:
            if "skip_reason" in each:
                unchecked += 1
                print(f"NOT CHECKED: {each['name']}: {each['skip_reason']}")
            for advisory in each.get("vulns", ()):
                known += 1
                fixed = ", ".join(advisory.get("fix_versions") or ["no version yet"])
                print(f"{each['name']} {each['version']}: {advisory['id']}, mended in {fixed}")
    print(f"advisories: {known}; not checked: {unchecked}")
    return FOUND if known else NOT_CHECKED if unchecked else 0


if __name__ == "__main__":
    sys.exit(main())
