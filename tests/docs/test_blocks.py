"""What the pages show is what the commands print."""

from __future__ import annotations

import pytest

from .blocks import ROOT, Block, Session, blocks_of

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
VOLATILE = {"deployment", "curl", "volatile"}
ON_EVERY_BLOCK = {"README.md": {"volatile", "piped"}}
"""Page -> words that its fences leave out."""
LONG = {name: [pytest.mark.gate] for name in ("story.md", "cli.md")}
"""Pages whose commands take more than a minute."""


def shown_only(block: Block) -> bool:
    """Blocks that are no session, or one that a test cannot run."""
    return not block.file and (block.language != "console" or "shown" in block.words)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "page", [pytest.param(each, id=each.name, marks=LONG.get(each.name, ())) for each in PAGES]
)
def test_the_commands_of_a_page_print_what_it_shows(
    page, bare: Session, request: pytest.FixtureRequest
):
    """Every console block of the page, run from the top, prints the lines below its commands."""
    wrong = []
    for block in blocks_of(page):
        if shown_only(block):
            continue
        words = set(block.words) | ON_EVERY_BLOCK.get(page.name, set())
        lives = {"deployment", "curl"} & words
        session = request.getfixturevalue("deployed") if lives else bare
        wrong += session.check(block, volatile=bool(VOLATILE & words), piped="piped" in words)
    assert "" == "\n\n".join(wrong)


def test_a_block_that_shows_something_else_is_found(tmp_path, bare: Session):
    """The runner reports a wrong line, a wrong exit code, and nothing for what may differ."""
    page = ROOT / "docs" / "cli.md"

    def judged(text: str, *words: str, volatile: bool = False) -> int:
        return len(bare.check(Block(page, 1, "console", words, text), volatile=volatile))

    assert 0 == judged("$ echo one; echo two\none\ntwo\n")
    assert 0 == judged("$ echo one; echo two; echo three\n...\nthree\n")
    assert 1 == judged("$ echo one; echo two\none\n")
    assert 1 == judged("$ exit 3\n")
    assert 0 == judged("$ exit 3\n", "exit=3")
    assert 1 == judged("$ echo 12 p_0a1b2c3d4e5f\n13 p_ffffffffffff\n")
    assert 0 == judged("$ echo 12 p_0a1b2c3d4e5f\n13 p_ffffffffffff\n", volatile=True)
    assert 1 == judged("$ echo twelve\nthirteen\n", volatile=True)
    assert 0 == judged("$ echo got p_ffffffffffff | grep 0a1b2c\n...\n", volatile=True)
