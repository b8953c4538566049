"""What stands on a reader's desk: a demo that runs, and ways into its console."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from playwright.sync_api import Page
from tests.e2e.deployments import COMMAND, environment

STARTS_WITHIN_S = 240.0


@dataclass
class Demo:
    """`stagesync demo`, running.

    Attributes:
        url: the console's address.
        config: its settings file.
        crms: simulator -> address.
    """

    url: str
    link: str
    config: Path
    crms: dict[str, str]
    home: Path

    def run(self, *args: str) -> str:
        """What a command prints about this deployment."""
        done = subprocess.run(
            [COMMAND, *args, "--config", str(self.config)],
            env=environment(self.home),
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout

    def new_link(self, name: str) -> str:
        """A link that signs somebody in once."""
        return re.search(r"link=(\S+)", self.run("user", "link", name))[1]

    def state(self, crm: str) -> dict[str, object]:
        """What the simulator knows of itself."""
        found: dict[str, object] = requests.get(
            f"{self.crms[crm]}/_sandbox/state", timeout=20
        ).json()
        return found


@contextmanager
def running_demo(home: Path, *, contacts: int, seed: int = 1) -> Iterator[Demo]:
    """The demo of so many contacts, from an empty home, until the block ends."""
    told = home / "told"
    with told.open("w") as out:
        process = subprocess.Popen(
            [COMMAND, "demo", "--contacts", str(contacts), "--seed", str(seed)],
            env=environment(home),
            cwd=home,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            yield _opened(process, told, home)
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _opened(process: subprocess.Popen[bytes], told: Path, home: Path) -> Demo:
    give_up = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < give_up and process.poll() is None:
        text = told.read_text(encoding="utf-8")
        found = re.search(r"(http://\S+)/enter\?link=(\S+)", text)
        if found:
            crms = dict(re.findall(r"^(hubspot|salesforce)\s+(http://\S+)", text, re.MULTILINE))
            config = next(home.glob("stagesync-demo-*/stagesync.yaml"))
            return Demo(found[1], found[2], config, crms, home)
        time.sleep(0.2)
    raise AssertionError(f"the demo did not start:\n{told.read_text(encoding='utf-8')}")


def sign_in(page: Page, demo: Demo, *, language: str = "en", name: str = "demo") -> None:
    """By a link, as whoever it was made for."""
    if name == "demo" and demo.link:
        link, demo.link = demo.link, ""
    else:
        link = demo.new_link(name)
    page.goto(f"/enter?link={link}")
    page.get_by_role("button", name="Sign in" if language == "en" else "Se connecter").click()
    page.wait_for_url(re.compile(r"/(me)?$"))


INNER = {
    "/people": ("person", "/people", "main a[href*='/people/p_']"),
    "/accounts": ("account", "/accounts", "main a[href*='/accounts/a_']"),
    "/runs": ("run", "/audit?kind=written", "main a[href*='/runs/r_']"),
    "/plans": ("plan", "/plans", "main a[href*='/plans/pl_']"),
    "/audit": ("entry", "/audit?kind=written", "main a[href*='/audit/']"),
}
"""Page -> of what it lists, one has a page of its own: its name, where it is found, and the link to it."""


BESIDE = {
    "/definitions": ("mappings", "text", "history", "preview"),
    "/vocabularies": ("translate", "explore"),
}
"""Page -> those that stand beside it, under its tabs."""


def pages(page: Page) -> list[tuple[str, str]]:
    """Name and address of every page: what the menu leads to, and one of each thing that has a page of its own."""
    page.goto("/")
    menu = [link.get_attribute("href") or "" for link in page.locator(".side nav li a").all()]
    found = [(path.strip("/").replace("/", "-") or "overview", path) for path in menu]
    for path, tabs in BESIDE.items():
        found += [(f"{path[1:]}-{each}", f"{path}/{each}") for each in tabs if path in menu]
    for path, (name, where, link) in INNER.items():
        if path in menu:
            page.goto(where)
            inner = page.locator(link)
            if inner.count():
                found.append((name, inner.first.get_attribute("href") or ""))
    return [*found, ("me", "/me")]


if __name__ == "__main__":
    # A demo to look at: python -m tests.browser.desk FOLDER CONTACTS
    with running_demo(Path(sys.argv[1]), contacts=int(sys.argv[2])) as found:
        print(f"{found.url}/enter?link={found.link}", flush=True)  # noqa: T201  for whoever started it
        time.sleep(1e6)
