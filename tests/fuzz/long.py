"""make fuzz: searches for inputs that break a promise, until nothing new was reached for half an hour.

python -m tests.fuzz.long [--quiet-minutes 30] [--minutes N] [--folder DIR] [TARGET ...]

What reached new branches is kept in `corpus`, one line of hexadecimal an input; findings are printed, and
make the exit code 1.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).with_name("corpus")
LONGEST = 400
"""Bytes of an input; most are choices, so that few say much."""

MOST_KEPT = 120
"""Inputs of a target that the repository keeps, the shortest first."""

_REACHED = re.compile(r"#\d+\s+(NEW|RELOAD|INITED|pulse|REDUCE)\s+cov: (\d+)")


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--quiet-minutes", type=float, default=30.0)
    parser.add_argument("--minutes", type=float, default=24 * 60.0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []])
    told = parser.parse_args()
    names = list(told.targets or TARGETS)
    folder = told.folder or Path(tempfile.mkdtemp(prefix="stagesync-fuzz-"))
    inputs = _unpack(folder, names)
    branches, why = _search(folder, names, inputs, told)
    kept = _pack(folder, names, inputs)
    findings = sorted((folder / "findings").glob("*.txt"))
    print(
        f"{branches} branches reached, {kept} inputs kept; ended: {why}; findings: {len(findings)}"
    )
    for each in findings:
        print(each, each.read_text().splitlines()[0], sep=": ")
    return 1 if findings else 0


def _unpack(folder: Path, names: list[str]) -> Path:
    """The inputs as libFuzzer takes them: a file each, the target's number in front."""
    inputs = folder / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    for place, name in enumerate(names):
        for data in kept_inputs(name):
            _save(inputs, bytes([place]) + data)
    if not any(inputs.iterdir()):
        for place in range(len(names)):
            _save(inputs, bytes([place]))
    return inputs


def kept_inputs(name: str) -> list[bytes]:
    """Those that the repository keeps of a target."""
    file = CORPUS / f"{name}.txt"
    return [bytes.fromhex(line) for line in file.read_text().split()] if file.exists() else []


def _save(folder: Path, data: bytes) -> None:
    (folder / hashlib.sha256(data).hexdigest()[:24]).write_bytes(data)


def _search(
    folder: Path, names: list[str], inputs: Path, told: argparse.Namespace
) -> tuple[int, str]:
    command = [sys.executable, "-m", "tests.fuzz.guided", str(folder), ",".join(names), str(inputs)]
    command += [f"-max_len={LONGEST}", "-timeout=60", "-rss_limit_mb=3000", "-print_final_stats=0"]
    branches, began, new_at = 0, time.monotonic(), time.monotonic()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        assert process.stderr is not None
        why = "the process ended"
        for line in process.stderr:
            if found := _REACHED.search(line):
                now = int(found[2])
                if now > branches:
                    branches, new_at = now, time.monotonic()
                    print(f"{time.monotonic() - began:7.0f} s: {branches} branches", flush=True)
            elif "FINDING" in line or "ERROR" in line:
                print(line.strip(), flush=True)
            if time.monotonic() - new_at > told.quiet_minutes * 60:
                why = f"no new branch for {told.quiet_minutes:.0f} minutes"
                break
            if time.monotonic() - began > told.minutes * 60:
                why = f"{told.minutes:.0f} minutes are over"
                break
        process.kill()
    return branches, why


def _pack(folder: Path, names: list[str], inputs: Path) -> int:
    """Keep the shortest inputs that reach all that was reached."""
    least = folder / "least"
    least.mkdir(exist_ok=True)
    merge = ["-merge=1", f"-max_len={LONGEST}", "-timeout=60", str(least), str(inputs)]
    command = [sys.executable, "-m", "tests.fuzz.guided", str(folder), ",".join(names), *merge]
    subprocess.run(command, check=False, capture_output=True)
    found: dict[str, list[bytes]] = {name: [] for name in names}
    for file in least.iterdir():
        data = file.read_bytes()
        if data:
            found[names[data[0] % len(names)]].append(data[1:])
    CORPUS.mkdir(exist_ok=True)
    for name, datas in found.items():
        if datas:
            lines = sorted(datas, key=lambda each: (len(each), each))[:MOST_KEPT]
            (CORPUS / f"{name}.txt").write_text("".join(f"{each.hex()}\n" for each in lines))
    return sum(map(len, found.values()))


if __name__ == "__main__":
    sys.exit(main())
