"""Links between pages lead somewhere."""

from __future__ import annotations

import re

import pytest

from .blocks import ROOT

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def headings(text: str) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    found = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in found}


def broken(text: str, page) -> list[str]:
    """The relative links of a page's text that lead nowhere."""
    found = []
    for link in LINK.findall(FENCED.sub("", text)):
        name, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", name):
            continue
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (
            anchor and anchor not in headings(target.read_text(encoding="utf-8"))
        ):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_to_a_file_and_a_heading(page):
    """A page names no file and no heading that does not exist."""
    assert [] == broken(page.read_text(encoding="utf-8"), page)


def test_a_broken_link_is_found():
    """A missing file and a missing heading are told, links that lead somewhere are not."""
    text = "[a](gone.md) [b](cli.md#no-such-heading) [c](cli.md#exit-codes) [d](https://x.example)"
    assert ["gone.md", "cli.md#no-such-heading"] == broken(text, ROOT / "docs" / "cli.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_line_of_prose_holds_one_sentence(page):
    """Pages are written with one sentence a line, so that a change shows what it changed."""
    prose = FENCED.sub("", page.read_text(encoding="utf-8")).splitlines()
    several = [
        line
        for line in prose
        if not line.startswith(("|", "    ", "#", "-", " ")) and re.search(r"[a-z)`]\. [A-Z]", line)
    ]
    assert [] == several
