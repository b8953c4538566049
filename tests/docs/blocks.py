"""Runs what the documentation shows, and compares.

A fenced block's first word is its language, further words say what is to be done with it:

    ```console                 commands (`$ `, continued by `> `) and what they print, run one by one
    ```console deployment      the same, in a folder with a deployment on the simulators
    ```console exit=2          the last command ends with this exit code
    ```console shown           only shown: it needs what a test has not got
    ```jsonl facts.jsonl       a word with a point: the text is put into a file of that name first

Commands see a terminal, as a reader does. What they print on stderr is compared when they fail or print
nothing else. A line `...` in a block stands for any lines. All blocks of one page run in one scratch
folder, from the top.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^( *)```(\S*) *(.*)$")
SCREEN = {"TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "100"}
STYLES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
LIMIT_S = 100

# What differs from run to run, and what stands for it.
VOLATILE = (
    (re.compile(r"/\S*stagesync-demo-\w+"), "FOLDER"),
    (re.compile(r"\b(?:p|a|r|pl)_[0-9a-f]{6,16}\b"), "ID"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "HASH"),
    (re.compile(r"\b(?:00Q|003|001)[A-Za-z0-9]{15}\b"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)"), "INSTANT"),
    (re.compile(r"127\.0\.0\.1:\d+"), "ADDRESS"),
    (re.compile(r"[█▏▎▍▌▋▊▉]+"), "BAR"),
    (re.compile(r"[-+]?\d+(?:[.,]\d+)*"), "N"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Attributes:
        line: of its first line of text, starting at 1.
        words: what stands behind the language.
    """

    page: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    @property
    def place(self) -> str:
        """`docs/cli.md:12`."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def file(self) -> str:
        """The file that the text is put into; empty when it is none."""
        return next((word for word in self.words if "." in word), "")

    @property
    def exit_code(self) -> int:
        """Of the last command."""
        found = [word.removeprefix("exit=") for word in self.words if word.startswith("exit=")]
        return int(found[0]) if found else 0


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a console block, and the lines that are shown below it."""

    command: str
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """A folder in which blocks run, one after the other.

    Attributes:
        programs: folders that come first on PATH.
    """

    folder: Path
    programs: tuple[Path, ...] = (Path(sys.executable).parent,)
    env: Mapping[str, str] = field(default_factory=dict)

    def run(self, command: str) -> tuple[int, list[str]]:
        """Exit code, and the lines that a reader would see."""
        path = os.pathsep.join([*map(str, self.programs), os.environ["PATH"]])
        reader, writer = pty.openpty()
        try:
            with (
                os.fdopen(reader, "rb", buffering=0, closefd=False) as screen,
                subprocess.Popen(
                    ["/bin/sh", "-c", command],
                    cwd=self.folder,
                    env={**os.environ, **SCREEN, "PATH": path, **self.env},
                    stdin=writer,
                    stdout=writer,
                    stderr=subprocess.PIPE,
                ) as running,
            ):
                os.close(writer)
                out = b"".join(_read(screen.fileno()))
                _, err = running.communicate(timeout=LIMIT_S)
        finally:
            os.close(reader)
        code = running.returncode
        printed = _lines(out) if out.strip() else []
        return code, printed + (_lines(err) if code or not printed else [])

    def check(self, block: Block, *, volatile: bool = False) -> list[str]:
        """Runs a block; what differs from what it shows, in words; empty when nothing does.

        Args:
            block: a console block, or one that is a file.
            volatile: ids, instants, addresses and numbers may differ.
        """
        if block.file:
            target = self.folder / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
            return []
        found = []
        steps = list(steps_of(block))
        for step in steps:
            code, printed = self.run(step.command)
            wanted = block.exit_code if step is steps[-1] else 0
            if code != wanted:
                found.append(f"{block.place}: `{step.command}` ended with {code}: {printed}")
            elif not _fits(step.shown, tuple(printed), volatile=volatile):
                shown, now = "\n".join(step.shown), "\n".join(printed)
                found.append(f"{block.place}: `{step.command}` shows\n{shown}\nbut prints\n{now}")
        return found


def blocks_of(page: Path, language: str = "") -> list[Block]:
    """The fenced blocks of a page, or those of one language."""
    found: list[Block] = []
    lines = page.read_text(encoding="utf-8").splitlines()
    start, head, indent = 0, None, ""
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if head is None and fence:
            start, head, indent = number + 1, fence, fence[1]
        elif head is not None and line == f"{indent}```":
            text = "".join(
                f"{each.removeprefix(indent)}\n" for each in lines[start - 1 : number - 1]
            )
            found.append(Block(page, start, head[2], tuple(head[3].split()), text))
            head = None
    return [each for each in found if not language or each.language == language]


def steps_of(block: Block) -> Iterator[Step]:
    """The commands of a console block."""
    command: list[str] = []
    shown: list[str] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            if command:
                yield Step("\n".join(command), tuple(shown))
            command, shown = [line[2:]], []
        elif line.startswith("> ") and not shown:
            command.append(line[2:])
        else:
            shown.append(line.rstrip())
    if command:
        yield Step("\n".join(command), tuple(shown))


def normalised(line: str) -> str:
    """A line without what differs from run to run."""
    for pattern, word in VOLATILE:
        line = pattern.sub(word, line)
    # Columns are as wide as what they hold, so blanks and rules differ too.
    return " ".join(re.sub(r"─+", "─", line).split())


def _fits(shown: tuple[str, ...], printed: tuple[str, ...], *, volatile: bool) -> bool:
    """Whether the lines are those that are shown, blank ones aside, `...` standing for any."""
    shown, printed = tuple(filter(None, shown)), tuple(filter(None, printed))
    if volatile:
        shown, printed = tuple(map(normalised, shown)), tuple(map(normalised, printed))
    pattern = "".join("(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in shown)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def _read(screen: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(screen, 65536)
        except OSError:  # Linux answers so when the last writer is gone
            return
        if not chunk:
            return
        yield chunk


def _lines(printed: bytes) -> list[str]:
    """Without blank lines at either end, and without blanks at the end of a line."""
    text = STYLES.sub("", printed.decode()).replace("\r\n", "\n").strip("\n")
    return [line.rstrip() for line in text.split("\n")]
