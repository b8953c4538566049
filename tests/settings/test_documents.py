"""What hostile and broken YAML comes to: a message with a line, soon, and nothing of it is run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from stagesync.documents import DEEPEST, LARGEST, Unusable, compose, read_document
from stagesync.errors import DefinitionError
from stagesync.loading.policy import load_policy
from stagesync.settings import load_settings

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
"""Nine times nine times nine: 400 bytes that stand for 31 thousand million values."""


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        (LAUGHS, "stands for more than 100,000 values by its aliases", 6),
        ("a: 1\nb: &x [*x]\n", "is nested too deep, or contains itself", 2),
        ("a: 1\n" + "- " * 100 + "x\n", "is not YAML", 2),
        ("a:\n  " + "[" * 60 + "]" * 60, "is nested too deep, or contains itself", 2),
        ("[" * 5_000, "is nested too deep, or contains itself", 0),
        ("? " * 3_000, "is nested too deep, or contains itself", 0),
        ("a: 1\nb: !!python/object/apply:os.abort []\n", "has the tag !!python/object/apply", 2),
        ("!!python/name:os.abort x\n", "has the tag !!python/name:os.abort", 1),
        ("a: 1\nb: !secret x\n", "has the tag !secret", 2),
        ("a: 1\nb: \0\n", "holds a character that no text has (#x0000)", 2),
        ("a: 1\n---\nb: 2\n", "is not YAML: but found another document", 2),
    ],
    ids=[
        "aliases of aliases", "itself", "a list in a value", "nested", "nested without end", "keys of keys",
        "a tag that runs", "a tag that imports", "a tag of ours to be", "NUL", "two documents",
    ],
)  # fmt: skip
def test_what_no_file_of_people_holds_is_refused_with_its_line(
    text: str, what: str, line: int
) -> None:
    """Bombs, tags that would make objects and characters of no text end in a sentence, within seconds."""
    began = time.process_time()
    with pytest.raises(Unusable) as refused:
        compose(text)
    assert (what, line) == (refused.value.what[: len(what)], refused.value.line)
    assert time.process_time() - began < 5.0


def test_what_people_nest_is_taken() -> None:
    """Forty levels are not too deep, and an alias that is used twice is no bomb."""
    deep = "[" * DEEPEST + "]" * DEEPEST
    assert compose(deep) is not None
    assert compose("a: &x [1, 2]\nb: *x\nc: *x\n") is not None


def test_an_endless_file_is_not_read_to_its_end() -> None:
    """A device that never ends is refused after half a megabyte."""
    with pytest.raises(Unusable, match="is larger than 512 KiB"):
        read_document(Path("/dev/zero"))


def test_a_file_of_exactly_the_limit_is_read(tmp_path: Path) -> None:
    """The limit itself is taken, one byte more is not."""
    path = tmp_path / "long.yaml"
    path.write_bytes(b"a: b #" + b"x" * (LARGEST - 6))
    assert read_document(path) is not None
    path.write_bytes(b"a: b #" + b"x" * (LARGEST - 5))
    with pytest.raises(Unusable, match="is larger"):
        read_document(path)


@pytest.mark.parametrize("text", ["a: 1\nb: \0\n", "a: 1\nb: !!python/name:os.abort x\n"])
def test_settings_and_definitions_are_read_by_the_same_rules(tmp_path: Path, text: str) -> None:
    """Whatever is refused in a policy is refused in the settings, both with file and line."""
    path = tmp_path / "x.yaml"
    path.write_text(text)
    for load in (load_settings, load_policy):
        with pytest.raises(DefinitionError) as refused:
            load(path)
        assert str(refused.value).startswith(f"{path}:2: ")
