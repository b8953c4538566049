"""Definitions in the console: read, tried, proposed, adopted, and put back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.bench import make_bench
from tests.engine.deployed import Deployed, deployed

import stores
from console import Console, console_on
from stagesync.engine.logins import Role
from stores import from_pool


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployed]:
    """A base of one lead and one contact, under definitions in files."""
    with from_pool(stores.MEMORY):
        bench = make_bench()
        found = deployed(bench, tmp_path / "mappings")
        contact = bench.contact("ann@gmail.com", last="Ng")
        bench.form(contact)
        found.run()
        yield found
        bench.store.close()


@pytest.fixture
def console(place: Deployed) -> Iterator[Console]:
    with console_on(place.bench, live=place.live) as found:
        yield found


PAGES = (
    "/definitions",
    "/definitions/mappings",
    "/definitions/mappings?connection=south",
    "/definitions/text",
    "/definitions/text?file=vocabularies/standard.yaml",
    "/definitions/history",
    "/definitions/diff?to=1",
    "/definitions/preview",
    "/vocabularies",
    "/vocabularies/translate",
    "/vocabularies/translate?from=inbound-funnel&to=target-first",
    "/vocabularies/explore?interest=request&fit=inside",
)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_is_read_by_viewers(console: Console, language: str) -> None:
    """In both languages."""
    reader = console.reader(Role.VIEWER, language=language)
    for path in PAGES:
        answer = reader.get(path)
        assert 200 == answer.status_code, path
        assert f'lang="{language}"' in answer.text
