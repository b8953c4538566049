"""A reader of the console: a browser's habits over real HTTP, without a browser."""

from __future__ import annotations

import html
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests
from tests.engine.bench import Bench

from stagesync.engine import logins
from stagesync.engine.live import Live
from stagesync.engine.logins import Role
from stagesync.settings import WebSettings
from stagesync.web.server import serve


@dataclass
class Reader:
    """Somebody with a browser."""

    url: str
    language: str = "en"
    http: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **more: object) -> requests.Response:
        return self.http.get(self.url + path, headers=self._headers(), timeout=30, **more)  # type: ignore[arg-type]

    def post(
        self, path: str, form: dict[str, object] | None = None, **more: object
    ) -> requests.Response:
        """Sends a form as a page of the console would."""
        data = {"token": self.token(), **(form or {})}
        return self.http.post(
            self.url + path,
            data=data,
            headers={**self._headers(), "Origin": self.url},
            timeout=30,
            **more,  # type: ignore[arg-type]
        )

    def form(self, page: str, act: str, **wanted: str | None) -> tuple[str, dict[str, object]]:
        """The one form of a page whose address ends so and whose hidden fields hold these: address and fields.

        Args:
            wanted: field -> its value; None: it has no such field.
        """
        (found,) = [
            (address, dict(fields))
            for address, fields in forms_of(self.get(page).text)
            if address.endswith(act) and all(fields.get(k) == v for k, v in wanted.items())
        ]
        return found

    def after_job(self, path: str) -> str:
        """The page of a job when it is over."""
        while "hx-trigger" in (told := self.get(path).text):
            time.sleep(0.05)
        return told

    def token(self) -> str:
        found = re.search(r'name="token" value="(\w+)"', self.get("/me").text)
        return found[1] if found else ""

    def sign_in(self, link: str) -> None:
        """By a link that was made for them."""
        answer = self.post("/enter", {"link": link})
        assert answer.ok, answer.text

    def _headers(self) -> dict[str, str]:
        return {"Accept-Language": self.language}


def forms_of(text: str) -> list[tuple[str, dict[str, object]]]:
    """The address of each form of a page, and its hidden fields."""
    hidden = r'type="hidden" name="(\w+)" value="([^"]*)"'
    forms = re.findall(r'<form method="post" action="([^"]+)"(.*?)</form>', text, re.DOTALL)
    return [
        (address, {name: html.unescape(value) for name, value in re.findall(hidden, body)})
        for address, body in forms
    ]


def words_of(text: str) -> str:
    """What a page says, without its marks."""
    main = text[text.index("<main") :]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


@dataclass
class Console:
    """A running server, and its readers."""

    bench: Bench
    url: str
    called: threading.Event

    def reader(self, role: Role | None = Role.VIEWER, *, language: str = "en") -> Reader:
        """Somebody signed in with this role; None is a stranger."""
        found = Reader(self.url, language)
        if role is not None:
            now_s = self.bench.clock.now_s()
            with self.bench.store.begin() as tx:
                name = f"{role.word}-{len(logins.logins.all_logins(tx))}"
                logins.add(tx, name, role, by="test", now_s=now_s)
                link = logins.make_link(tx, name, by="test", now_s=now_s)
            found.sign_in(link)
        return found


@contextmanager
def console_on(bench: Bench, *, live: Live | None = None, **settings: object) -> Iterator[Console]:
    """The console of a bench, while the block lasts."""
    called = threading.Event()
    told = WebSettings(listen="127.0.0.1:0", **settings)  # type: ignore[arg-type]
    with serve(told, live or Live(bench.deployment), call=called.set) as url:
        yield Console(bench, url, called)
