"""What a page is given: who asks, for what, in which language; and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from sqlalchemy import Connection
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from stagesync.engine.deployment import Deployment
from stagesync.engine.live import Live
from stagesync.engine.logins import Role
from stagesync.settings import WebSettings
from stagesync.web.door import Door
from stagesync.web.jobs import Jobs
from stagesync.web.look import look
from stagesync.web.words import Language, say, say_many


@dataclass(frozen=True, slots=True)
class Link:
    """A line of the menu.

    Attributes:
        label: in English, marked for translation.
    """

    path: str
    label: str
    role: Role = Role.VIEWER


SAID = "stagesync_said"
"""The cookie that carries a sentence from an act to the page that follows."""

SAID_S = 60


@dataclass(frozen=True, slots=True)
class User:
    """Who is signed in."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class House:
    """What all pages share.

    Attributes:
        live: the deployment as it is now; its definitions may be other ones than a minute ago.
        public_url: how browsers reach this server, without a slash at the end.
        wake: calls the daemon.
        jobs: work that takes longer than a page may.
        badges: what stands beside the links of the menu: path -> number.
        door: counts who tries to sign in.
        nav: the menu, as groups of links.
    """

    settings: WebSettings
    live: Live
    public_url: str
    wake: Callable[[], None]
    badges: Callable[[Connection, Deployment], Mapping[str, int]]
    jobs: Jobs
    nav: Sequence[Sequence[Link]] = ()
    door: Door = field(default_factory=Door)

    @property
    def base(self) -> str:
        """The path that stands before every one of ours: what a proxy takes away."""
        rest = self.public_url.split("://", 1)[1]
        return rest[rest.index("/") :] if "/" in rest else ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, of somebody who may make it.

    Attributes:
        deployment: one for the whole request.
        user: None on the few pages that need no sign-in.
        token: what a form must bear.
        zone: name of the reader's time zone.
    """

    house: House
    request: Request
    deployment: Deployment
    user: User | None
    token: str
    language: Language
    zone: str
    form: FormData = field(default_factory=FormData)

    @property
    def path(self) -> Mapping[str, str]:
        """The parts of the path that vary."""
        found: Mapping[str, str] = self.request.path_params
        return found

    @property
    def query(self) -> QueryParams:
        """What stands after the question mark."""
        return self.request.query_params

    @property
    def is_part(self) -> bool:
        """Whether htmx asks for a part of a page."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def jobs(self) -> Jobs:
        """Work that takes longer than a page may; it is watched at `/jobs/ID`."""
        return self.house.jobs

    @property
    def now_s(self) -> float:
        """The present instant; Unix seconds."""
        return self.deployment.clock.now_s()

    @property
    def actor(self) -> str:
        """Who acts, as the log names them."""
        return f"{self.user.name} (console)" if self.user else "console"

    def may(self, role: Role | str) -> bool:
        """Whether whoever asks may do what takes this role."""
        needed = Role[role.upper()] if isinstance(role, str) else role
        return self.user is not None and self.user.role >= needed

    def text(self, name: str, default: str = "") -> str:
        """A field of the form, or of the query, as text without blanks around it."""
        found = self.form.get(name, self.query.get(name, default))
        return found.strip() if isinstance(found, str) else default

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self.deployment.store.read() as tx:
            yield tx

    def wake(self) -> None:
        """Have the daemon look at once, and follow what was decided."""
        self.house.live.stir()
        self.house.wake()

    def say(self, text: str, **values: object) -> str:
        """A sentence in the reader's language."""
        return say(self.language, text, **values)

    def say_many(self, one: str, many: str, n: int, **values: object) -> str:
        """A sentence whose wording depends on a number."""
        return say_many(self.language, one, many, n, **values)

    def url(self, path: str) -> str:
        """A path of ours as the browser must ask for it."""
        return self.house.base + path

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page, or the part of one that `template` makes."""
        made = look(self.language).get_template(template).render(**self._around(template), **values)
        answer = HTMLResponse(made, status_code=status)
        if SAID in self.request.cookies and not self.is_part:
            answer.delete_cookie(SAID, path=self.house.base or "/")
        return answer

    def go(self, path: str, *, said: str = "") -> Response:
        """Send the browser to a page of ours, which begins with a sentence."""
        if self.is_part:
            answer = Response(status_code=204, headers={"HX-Redirect": self.url(path)})
        else:
            answer = RedirectResponse(self.url(path), status_code=303)
        if said:
            self.keep(answer, SAID, quote(said), for_s=SAID_S)
        return answer

    def missing(self, what: str) -> Response:
        """There is no such thing."""
        return self.page(
            "problem.html", status=404, title=self.say("Not found"), what=what, hint=""
        )

    def refused(self, what: str, *, hint: str = "") -> Response:
        """It cannot be done as asked."""
        title = self.say("That cannot be done")
        return self.page("problem.html", status=422, title=title, what=what, hint=hint)

    def keep(self, answer: Response, name: str, value: str, *, for_s: float) -> None:
        """Have the browser keep something for our pages alone."""
        answer.set_cookie(
            name,
            value,
            max_age=int(for_s),
            path=self.house.base or "/",
            secure=self.house.public_url.startswith("https:"),
            httponly=True,
            samesite="lax",
        )

    def _around(self, template: str) -> dict[str, Any]:
        found: dict[str, Any] = {
            "ask": self,
            "deployment": self.deployment,
            "user": self.user,
            "token": self.token,
            "zone": self.zone,
            "now_s": self.now_s,
            "url": self.url,
            "may": self.may,
            "is_part": self.is_part,
        }
        if template.startswith("_") or self.is_part:
            return found
        found["said"] = unquote(self.request.cookies.get(SAID, ""))
        found["nav"] = self.house.nav
        found["here"] = self.request.url.path
        found["badges"] = {}
        if self.user:
            with self.read() as tx:
                found["badges"] = self.house.badges(tx, self.deployment)
        return found
