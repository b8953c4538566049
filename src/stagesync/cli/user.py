"""`stagesync user`: who may sign in to the console."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import print_json, print_rows
from stagesync.cli.online import opened

if TYPE_CHECKING:
    from stagesync.app import Opened

ROLES = "viewer, editor, approver or admin"


@click.group(short_help="Say who may sign in to the console.")
def user() -> None:
    """Logins of the console. A viewer reads; an editor also holds, releases and proposes definitions; an
    approver also approves, drops and undoes; an admin also manages logins and forgets people.

    \b
    Example:
      stagesync user add anna --role approver
    """


@user.command("add", short_help="Let somebody sign in.")
@click.argument("name")
@click.option("--role", default="viewer", metavar="ROLE", show_default=True, help=f"{ROLES}.")
@shared_options(json="One JSON document.")
def add_(*, name: str, role: str, config: Path | None, as_json: bool) -> None:
    """Adds a login and prints the link by which it signs in once, to choose a password.

    \b
    Example:
      stagesync user add anna --role approver
    """
    from stagesync.app import actor
    from stagesync.engine import logins

    with opened(config) as found:
        now_s = found.clock.now_s()
        with found.deployment.store.begin(fenced=False) as tx:
            logins.add(tx, name, logins.role_named(role), by=actor(), now_s=now_s)
            secret = logins.make_link(tx, name, by=actor(), now_s=now_s)
        _show_link(found, name, secret, as_json=as_json)


@user.command("link", short_help="Let somebody sign in once without a password.")
@click.argument("name")
@shared_options(json="One JSON document.")
def link(*, name: str, config: Path | None, as_json: bool) -> None:
    """Prints a link that signs somebody in once within 24 hours, as after a lost password.

    \b
    Example:
      stagesync user link anna
    """
    from stagesync.app import actor
    from stagesync.engine import logins

    with opened(config) as found:
        now_s = found.clock.now_s()
        with found.deployment.store.begin(fenced=False) as tx:
            secret = logins.make_link(tx, name, by=actor(), now_s=now_s)
        _show_link(found, name, secret, as_json=as_json)


@user.command("list", short_help="Who may sign in.")
@shared_options(json="One JSON document.")
def list_(*, config: Path | None, as_json: bool) -> None:
    """Lists the logins.

    \b
    Example:
      stagesync user list
    """
    from stagesync.engine.instants import iso
    from stagesync.store import logins

    with opened(config) as found, found.deployment.store.read() as tx:
        known = logins.all_logins(tx)
    if as_json:
        print_json(
            {
                each.name: {
                    "role": each.role,
                    "has_password": bool(each.password),
                    "made_at": iso(each.made_at_s),
                    "made_by": each.made_by,
                }
                for each in known
            }
        )
        return
    rows = [
        (
            each.name,
            each.role,
            "yes" if each.password else "not yet",
            iso(each.made_at_s),
            each.made_by,
        )
        for each in known
    ]
    print_rows("logins", ("name", "role", "password", "since", "by"), rows)


@user.command("role", short_help="Give somebody another role.")
@click.argument("name")
@click.argument("role")
@shared_options()
def role_(*, name: str, role: str, config: Path | None) -> None:
    """Changes what a login may do, at once: viewer, editor, approver or admin.

    \b
    Example:
      stagesync user role anna admin
    """
    from stagesync.app import actor
    from stagesync.engine import logins

    with opened(config) as found, found.deployment.store.begin(fenced=False) as tx:
        new, now_s = logins.role_named(role), found.clock.now_s()
        logins.change_role(tx, name, new, by=actor(), now_s=now_s)
    click.echo(f"{name} is {role} now")


@user.command("remove", short_help="Let somebody sign in no more.")
@click.argument("name")
@shared_options()
def remove(*, name: str, config: Path | None) -> None:
    """Removes a login and signs it out. What it did stays in the log.

    \b
    Example:
      stagesync user remove anna
    """
    from stagesync.app import actor
    from stagesync.engine import logins

    with opened(config) as found, found.deployment.store.begin(fenced=False) as tx:
        logins.remove(tx, name, by=actor(), now_s=found.clock.now_s())
    click.echo(f"{name} may not sign in any more")


def _show_link(found: Opened, name: str, secret: str, *, as_json: bool) -> None:
    web = found.settings.web
    base = (web.public_url or f"http://{web.listen}") if web else "http://ADDRESS"
    url = f"{base}/enter?link={secret}"
    if as_json:
        print_json({"name": name, "link": url})
        return
    click.echo(f"{name} signs in once by this link, within 24 hours:\n  {url}")
    if web is None:
        click.echo(
            "hint: the settings say no `web.listen`, so stagesync run serves no console", err=True
        )
