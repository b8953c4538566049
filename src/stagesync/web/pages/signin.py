"""Signing in and out, the reader's own password and language."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from stagesync.engine import logins
from stagesync.engine.logins import Role
from stagesync.store import logins as stored
from stagesync.web.ask import Ask
from stagesync.web.guard import LANGUAGE, SESSION, local_path
from stagesync.web.rooms import act, page
from stagesync.web.words import LANGUAGES

SESSION_S = 30 * 86_400.0
"""The longest that anybody stays signed in, however busy."""

YEAR_S = 365 * 86_400.0


def sign_in(ask: Ask) -> Response:
    """The form."""
    if ask.user:
        return ask.go(local_path(ask.text("then", "/")))
    return _form(ask)


def enter(ask: Ask) -> Response:
    """Proves a name and a password."""
    name, password = ask.text("name").lower(), str(ask.form.get("password", ""))
    clock, client = ask.deployment.clock, ask.request.client
    address = client.host if client else ""
    if not ask.house.door.lets_try(name, address, now_s=clock.monotonic_s()):
        return _form(
            ask, status=429, wrong=ask.say("Too many tries. Wait a minute, then try again.")
        )
    with ask.read() as tx:
        login = stored.get_login(tx, name)
    if not logins.is_right(login, password):
        return _form(
            ask, status=403, wrong=ask.say("That name and password do not belong together.")
        )
    with ask.deployment.store.begin(fenced=False) as tx:
        secret = logins.open_session(tx, name, now_s=ask.now_s, for_s=SESSION_S)
    return _signed_in(ask, secret, then=local_path(ask.text("then", "/")))


def show_link(ask: Ask) -> Response:
    """The page that a link leads to. It is used up by a button: programs that look at links press none."""
    return ask.page("enter.html", link=ask.text("link"))


def use_link(ask: Ask) -> Response:
    """Signs in by a link."""
    address = ask.request.client.host if ask.request.client else ""
    if not ask.house.door.lets_try("", address, now_s=ask.deployment.clock.monotonic_s()):
        return _form(
            ask, status=429, wrong=ask.say("Too many tries. Wait a minute, then try again.")
        )
    now_s = ask.now_s
    with ask.deployment.store.begin(fenced=False) as tx:
        secret = logins.use_link(tx, ask.text("link"), now_s=now_s, for_s=SESSION_S)
        found = logins.login_of(tx, secret, now_s=now_s, idle_s=1) if secret else None
    if secret is None or found is None:
        wrong = ask.say("This link was used already, or is too old. Ask for a new one.")
        return _form(ask, status=403, wrong=wrong)
    has_password = bool(found[0].password) or found[0].made_by == DEMO
    return _signed_in(ask, secret, then="/" if has_password else "/me")


DEMO = "demo"
"""Who makes the login of a demo, which needs no password."""


def sign_out(ask: Ask) -> Response:
    """Ends the session."""
    with ask.deployment.store.begin(fenced=False) as tx:
        stored.end_session(tx, logins.digest_of(ask.request.cookies.get(SESSION, "")))
    answer = ask.go("/sign-in", said=ask.say("You are signed out."))
    answer.delete_cookie(SESSION, path=ask.house.base or "/")
    return answer


def me(ask: Ask) -> Response:
    """What the reader may do, and a form for a new password."""
    assert ask.user
    with ask.read() as tx:
        login = stored.get_login(tx, ask.user.name)
    return ask.page(
        "me.html",
        has_password=bool(login and login.password),
        shortest=logins.SHORTEST,
        roles=[each.word for each in Role],
    )


def change_password(ask: Ask) -> Response:
    """Takes a new password, from whoever knows the old one or has none yet."""
    assert ask.user
    with ask.read() as tx:
        login = stored.get_login(tx, ask.user.name)
    old, new = str(ask.form.get("old", "")), str(ask.form.get("new", ""))
    if login and login.password and not _is_known(ask, login, old):
        return ask.refused(ask.say("That is not your present password."))
    with ask.deployment.store.begin(fenced=False) as tx:
        logins.choose_password(tx, ask.user.name, new, by=ask.actor, now_s=ask.now_s)
        secret = logins.open_session(tx, ask.user.name, now_s=ask.now_s, for_s=SESSION_S)
    return _signed_in(ask, secret, then="/", said=ask.say("Your new password holds from now on."))


def _is_known(ask: Ask, login: stored.Login, old: str) -> bool:
    may = ask.house.door.lets_try(login.name, "", now_s=ask.deployment.clock.monotonic_s())
    return may and logins.is_right(login, old)


def speak(ask: Ask) -> Response:
    """Shows everything in another language from now on."""
    told = ask.text("language")
    answer = ask.go(local_path(ask.text("then", "/")))
    if told in LANGUAGES:
        ask.keep(answer, LANGUAGE, told, for_s=YEAR_S)
    return answer


def _form(ask: Ask, *, status: int = 200, wrong: str = "") -> Response:
    with ask.read() as tx:
        nobody = not stored.all_logins(tx)
    return ask.page(
        "sign_in.html",
        status=status,
        wrong=wrong,
        nobody=nobody,
        name=ask.text("name"),
        then=local_path(ask.text("then", "/")),
    )


def _signed_in(ask: Ask, secret: str, *, then: str, said: str = "") -> Response:
    answer = ask.go(then, said=said)
    ask.keep(answer, SESSION, quote(secret), for_s=SESSION_S)
    return answer


ROOMS = (
    page("/sign-in", sign_in, role=None),
    act("/sign-in", enter, role=None),
    page("/enter", show_link, role=None),
    act("/enter", use_link, role=None),
    act("/sign-out", sign_out, role=Role.VIEWER),
    page("/me", me),
    act("/me/password", change_password, role=Role.VIEWER),
    act("/language", speak, role=None),
)
