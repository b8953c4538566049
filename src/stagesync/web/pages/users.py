"""Who may sign in, for admins."""

from __future__ import annotations

from starlette.responses import Response

from stagesync.engine import logins
from stagesync.engine.logins import Role
from stagesync.store import logins as stored
from stagesync.web.ask import Ask
from stagesync.web.rooms import act, page


def users(ask: Ask) -> Response:
    """Everybody, and a form for one more."""
    return _page(ask)


def add(ask: Ask) -> Response:
    """One more, with the link to hand them."""
    name, role = ask.text("name").lower(), logins.role_named(ask.text("role", "viewer"))
    with ask.deployment.store.begin(fenced=False) as tx:
        logins.add(tx, name, role, by=ask.actor, now_s=ask.now_s)
    return _with_link(ask, name)


def link(ask: Ask) -> Response:
    """A link for somebody who lost their password."""
    return _with_link(ask, ask.path["name"])


def change(ask: Ask) -> Response:
    """Another role."""
    name, role = ask.path["name"], logins.role_named(ask.text("role"))
    with ask.deployment.store.begin(fenced=False) as tx:
        logins.change_role(tx, name, role, by=ask.actor, now_s=ask.now_s)
    return ask.go("/users", said=ask.say("{name} has another role now.", name=name))


def remove(ask: Ask) -> Response:
    """One less."""
    name = ask.path["name"]
    with ask.deployment.store.begin(fenced=False) as tx:
        logins.remove(tx, name, by=ask.actor, now_s=ask.now_s)
    return ask.go("/users", said=ask.say("{name} may not sign in any more.", name=name))


def _with_link(ask: Ask, name: str) -> Response:
    with ask.deployment.store.begin(fenced=False) as tx:
        secret = logins.make_link(tx, name, by=ask.actor, now_s=ask.now_s)
    return _page(ask, name=name, link=f"{ask.house.public_url}/enter?link={secret}")


def _page(ask: Ask, **made: str) -> Response:
    with ask.read() as tx:
        known = stored.all_logins(tx)
    return ask.page("users.html", logins=known, roles=[each.word for each in Role], made=made)


ROOMS = (
    page("/users", users, role=Role.ADMIN),
    act("/users", add, role=Role.ADMIN),
    act("/users/{name}/link", link, role=Role.ADMIN),
    act("/users/{name}/role", change, role=Role.ADMIN),
    act("/users/{name}/remove", remove, role=Role.ADMIN),
)
