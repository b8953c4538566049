"""Values that CRMs refused, by what they said, and a second try."""

from __future__ import annotations

from starlette.responses import Response

from stagesync.engine.holds import retry
from stagesync.engine.logins import Role
from stagesync.engine.parked import grouped, retry_group
from stagesync.web.ask import Ask
from stagesync.web.rooms import act, page

MOST = 40
"""Groups of one page; the rest is counted."""


def parked(ask: Ask) -> Response:
    """Groups with examples, those of most values first."""
    with ask.read() as tx:
        groups = grouped(tx)
    connections = ask.deployment.connections

    def url(connection: str, object_name: str, record_id: str) -> str:
        known = connections.get(connection)
        return known.connector.record_url(object_name, record_id) if known else ""

    return ask.page(
        "parked.html",
        shown=groups[:MOST],
        more=len(groups) - MOST,
        values=sum(each.count for each in groups),
        record_url=url,
    )


def again(ask: Ask) -> Response:
    """One person's values, or those of a group, are planned anew by the next run."""
    if subject := ask.text("subject"):
        count = retry(ask.deployment, subject, by=ask.actor)
    else:
        place = ask.text("connection"), ask.text("object")
        complaint = str(ask.form.get("complaint", "")).replace("\r\n", "\n")
        count = retry_group(ask.deployment, place, complaint, by=ask.actor)
    if not count:
        return ask.go("/parked", said=ask.say("Nothing of it waits any more."))
    said = ask.say_many(
        "The next run sends the values of {n} person or account again.",
        "The next run sends the values of {n} people and accounts again.",
        count,
    )
    return ask.go("/parked", said=said)


ROOMS = (
    page("/parked", parked),
    act("/parked/retry", again, role=Role.EDITOR),
)
