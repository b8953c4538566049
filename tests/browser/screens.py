"""Takes pictures of every page of the console, light and dark, desk and phone: `make screens`."""

from __future__ import annotations

import io
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import BrowserContext, sync_playwright

from .conftest import QUIET, chromium_path
from .desk import Demo, pages, running_demo, sign_in

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
TALLEST = 1600
"""Pixels of a picture's height."""

COLOURS = 64


def take(context: BrowserContext, name: str, path: str, *, kind: str) -> Path:
    """One picture."""
    page = context.new_page()
    answer = page.goto(path)
    if answer is None or not answer.ok:
        raise SystemExit(f"{path}: {answer and answer.status}")
    page.wait_for_load_state("networkidle")
    height = min(TALLEST, int(page.evaluate("document.documentElement.scrollHeight")))
    width = page.viewport_size["width"] if page.viewport_size else DESK["width"]
    page.set_viewport_size({"width": width, "height": max(height, 600)})
    file = FOLDER / f"{name}-{kind}.png"
    shot = Image.open(io.BytesIO(page.screenshot()))
    # A page has few colours: a palette makes a third of the file.
    shot.convert("RGB").quantize(COLOURS).save(file, optimize=True)
    page.close()
    return file


def run(demo: Demo, wanted: str) -> None:
    """Every page whose name matches, in four pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(QUIET))
        for scheme in ("light", "dark"):
            for device, size in (("desk", DESK), ("phone", PHONE)):
                context = browser.new_context(
                    base_url=demo.url,
                    viewport=size,  # type: ignore[arg-type]  # its type is a private one
                    color_scheme=scheme,  # type: ignore[arg-type]  # one of its words
                    locale="en-GB",
                    timezone_id="Europe/Paris",
                )
                page = context.new_page()
                sign_in(page, demo)
                for name, path in list(pages(page)):
                    if re.search(wanted, name):
                        print(take(context, name, path, kind=f"{scheme}-{device}"), flush=True)  # noqa: T201
                context.close()
        browser.close()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
        running_demo(Path(home), contacts=300) as demo,
    ):
        run(demo, sys.argv[1] if len(sys.argv) > 1 else "")
