"""A real Chromium on a running demo: its daemon, its console, its simulated CRMs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from .desk import Demo, running_demo

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""A browser that asks no host but ours."""


def chromium_path() -> str | None:
    """The machine's own browser."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's own."""
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium on this machine: Debian's is `apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A world of sixty people, brought to one vocabulary, with its daemon at work."""
    with running_demo(tmp_path_factory.mktemp("demo"), contacts=60) as found:
        yield found


@pytest.fixture
def context(chromium: Browser, demo: Demo) -> Iterator[BrowserContext]:
    """A reader's own cookies."""
    made = chromium.new_context(
        base_url=demo.url,
        locale="en-GB",
        timezone_id="Europe/Paris",
        viewport={"width": 1280, "height": 900},
    )
    made.set_default_timeout(20_000)
    yield made
    made.close()
