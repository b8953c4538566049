"""Stands before every page: who asks, whether they may, and whether a form was sent by one of our own pages."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import traceback
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlsplit

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from stagesync.engine import logins
from stagesync.errors import ArgumentError, StoreError
from stagesync.store.logins import see_session
from stagesync.web.ask import Ask, House, User
from stagesync.web.look import zone_named
from stagesync.web.rooms import Room
from stagesync.web.words import LANGUAGES, best_language

log = structlog.get_logger()

SESSION, LANGUAGE, ZONE = "stagesync_session", "stagesync_language", "stagesync_zone"
"""Cookies."""

BODY_LIMIT_S = 20.0
MOST_FIELDS = 500

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


class _Refused(Exception):
    """The request is not answered as it asks."""

    def __init__(self, status: int) -> None:
        self.status = status


class Guard:
    """Answers for one address."""

    def __init__(self, house: House, room: Room) -> None:
        self._house = house
        self._room = room

    async def take(self, request: Request) -> Response:
        """The page, or why not."""
        try:
            if not is_at_home(self._house, request.headers.get("host", "")):
                return Response("this server goes by another name", status_code=421)
            body = await self._form(request) if self._room.method == "POST" else FormData()
            answer = await run_in_threadpool(self._answer, request, body)
        except (TimeoutError, ClientDisconnect):
            return Response(status_code=408)
        except _Refused as refused:
            answer = Response(status_code=refused.status)
        except Exception as error:  # noqa: BLE001  uvicorn's log would quote what broke
            log.warning("page failed", path=self._room.path, error=type(error).__name__)
            answer = Response("something broke here", status_code=500)
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        if self._house.public_url.startswith("https:"):
            answer.headers["Strict-Transport-Security"] = "max-age=31536000"
        return answer

    async def _form(self, request: Request) -> FormData:
        """What was sent, read whole before anybody is asked for: at most so large, in at most so long."""
        body = bytearray()
        async with asyncio.timeout(BODY_LIMIT_S):
            async for part in request.stream():
                body += part
                if len(body) > self._room.largest:
                    raise _Refused(413)
        request._body = bytes(body)  # noqa: SLF001  where starlette itself keeps a body that was read
        try:
            form = await request.form(
                max_files=10, max_fields=MOST_FIELDS, max_part_size=self._room.largest
            )
        except MultiPartException:
            raise _Refused(400) from None
        return form

    def _answer(self, request: Request, form: FormData) -> Response:
        ask = self._ask(request, form)
        room = self._room
        try:
            if room.role is not None and ask.user is None:
                return _to_sign_in(ask, room)
            if room.role is not None and not ask.may(room.role):
                return _problem(ask, 403)
            if room.method == "POST" and not _is_ours(ask):
                return _problem(ask, 403, forged=True)
            return room.answer(ask)
        except ArgumentError as error:
            return ask.refused(str(error), hint=error.hint or "")
        except StoreError as error:
            log.warning("page failed", path=room.path, error=str(error))
            return _problem(ask, 503)
        except Exception as error:  # noqa: BLE001  a reader learns nothing of what broke
            where = _place_of(error)
            log.warning("page failed", path=room.path, error=type(error).__name__, where=where)
            return _problem(ask, 500)

    def _ask(self, request: Request, form: FormData) -> Ask:
        deployment = self._house.live.current()
        secret = request.cookies.get(SESSION, "")
        told = request.cookies.get(LANGUAGE, "")
        accepted = request.headers.get("accept-language", "")
        ask = Ask(
            house=self._house,
            request=request,
            deployment=deployment,
            user=None,
            token=token_of(secret),
            language=told if told in LANGUAGES else best_language(accepted),
            zone=zone_named(request.cookies.get(ZONE, "").replace("%2F", "/")),
            form=form,
        )
        return replace(ask, user=_user(ask, secret)) if secret else ask


def token_of(secret: str) -> str:
    """What the forms of a session bear: nobody else can tell it, and it tells nobody the session."""
    return hashlib.sha256(b"form/" + secret.encode()).hexdigest()


def is_at_home(house: House, host: str) -> bool:
    """Whether a request is addressed to this server: another name's pages shall not reach it by this machine."""
    asked = urlsplit(f"//{host}").hostname or ""
    listens = house.settings.address[0]
    known = {urlsplit(house.public_url).hostname, listens, "localhost", "127.0.0.1", "::1"}
    anywhere = listens in {"0.0.0.0", "::"} and house.settings.public_url is None  # noqa: S104  compared, not bound
    return asked in known or anywhere


def local_path(told: str) -> str:
    """A path of ours, from what a reader's browser sent; the first page for anything else."""
    is_local = told.startswith("/") and not told.startswith(("//", "/\\"))
    plain = is_local and told.isprintable() and "\\" not in told
    return told if plain and not urlsplit(told).netloc else "/"


def _user(ask: Ask, secret: str) -> User | None:
    store, now_s = ask.deployment.store, ask.now_s
    idle_s = ask.house.settings.session
    with store.read() as tx:
        found = logins.login_of(tx, secret, now_s=now_s, idle_s=idle_s)
    if found is None:
        return None
    login, session = found
    if now_s - session.seen_at_s > logins.SEEN_EVERY_S and not ask.is_part:
        with store.begin(fenced=False) as tx:
            see_session(tx, session.digest, at_s=now_s)
    return User(login.name, logins.role_named(login.role))


def _is_ours(ask: Ask) -> bool:
    """Whether a form was sent by a page of ours, by what the browser says and by what only such a page knows."""
    headers = ask.request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site not in {None, "same-origin", "none"}:
        return False
    if origin is not None and not _is_own(ask, origin):
        return False
    if ask.user is None and origin is None and site is None:
        # Whoever is not signed in has no secret: the browser's own word is all there is.
        return False
    told = headers.get("x-token") or ask.form.get("token")
    return isinstance(told, str) and hmac.compare_digest(told.encode(), ask.token.encode())


def _is_own(ask: Ask, origin: str) -> bool:
    public, host = urlsplit(ask.house.public_url), ask.request.headers.get("host", "")
    return origin in {f"{public.scheme}://{public.netloc}", f"http://{host}"}


def _to_sign_in(ask: Ask, room: Room) -> Response:
    if ask.is_part or room.method == "POST":
        target = ask.url("/sign-in")
        return Response(status_code=401, headers={"HX-Redirect": target})
    asked = ask.request.url
    then = asked.path + (f"?{asked.query}" if asked.query else "")
    return ask.go("/sign-in" if then == "/" else f"/sign-in?then={quote(then, safe='')}")


def _problem(ask: Ask, status: int, *, forged: bool = False) -> Response:
    if forged:
        what = ask.say("This form was not sent from a page of the console, or you signed in anew.")
        hint = ask.say("Go back, load the page again, and send it once more.")
    elif status == 403:
        what = ask.say("Your role does not allow this.")
        hint = ask.say("An admin can give you another role.")
    elif status == 503:
        what = ask.say("The store does not answer.")
        hint = ask.say("Try again in a moment; stagesync status tells more.")
    else:
        what = ask.say("Something broke here. Nothing was changed.")
        hint = ask.say("The log of the daemon has more, under “page failed”.")
    title = {403: ask.say("Not allowed"), 503: ask.say("Not now")}.get(status, ask.say("Sorry"))
    return ask.page("problem.html", status=status, title=title, what=what, hint=hint)


def _place_of(error: Exception) -> str:
    """Where something broke, without a word of what it was about: traces may quote a record."""
    frames = [
        each for each in traceback.extract_tb(error.__traceback__) if "stagesync" in each.filename
    ]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
