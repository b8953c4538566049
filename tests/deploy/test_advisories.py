"""The check of the lock files against advisories: silence is not taken for good news."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SOUND = {"name": "urllib3", "version": "2.7.0", "vulns": []}
UNKNOWN = {"name": "urllib3", "skip_reason": "Dependency not found on PyPI"}
BROKEN = {"name": "jinja2", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}


def check(folder: Path, *answers: Any) -> tuple[int, str]:
    """Exit code and output, with a pip-audit that answers so: first to the probe, then to the lock file."""
    for place, answer in enumerate(answers):
        (folder / f"{place}.json").write_text(json.dumps(answer))
    tool = folder / "pip-audit"
    tool.write_text(
        "#!/bin/sh\n"
        f"cd {folder}; n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) > n; cat $n.json || true\n"
    )
    tool.chmod(0o755)
    lock = folder / "run.lock"
    lock.write_text("urllib3==2.7.0 \\\n    --hash=sha256:aa\njinja2==1.0 ; python_version < '4'\n")
    command = [sys.executable, str(ROOT / ".ci" / "advisories.py"), str(tool), str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def told(*found: Any) -> dict[str, Any]:
    return {"dependencies": list(found), "fixes": []}


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ((told(SOUND), told(SOUND)), 0, "advisories: 0; not checked: 0"),
        ((told(SOUND), told(SOUND, BROKEN)), 1, "jinja2 1.0: PYSEC-1, mended in 1.1"),
        ((told(SOUND), told(SOUND, UNKNOWN)), 3, "NOT CHECKED: urllib3"),
        ((told(UNKNOWN),), 3, "NOT CHECKED: no advisory service answers here; 2 packages"),
        (("broken",), 3, "NOT CHECKED: no advisory service"),
        ((told(SOUND), "broken"), 3, "no answer"),
    ],
    ids=["sound", "known advisory", "one unknown", "nothing known", "no service", "service lost"],
)
def test_what_was_not_checked_is_not_called_sound(
    tmp_path: Path, answers: Any, code: int, words: str
) -> None:
    """An advisory is exit 1; a package or a service that said nothing is exit 3, in capitals; 0 means checked."""
    found, out = check(tmp_path, *answers)
    assert (code, True) == (found, words in out), out
