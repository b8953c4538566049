"""What is wrong now, what was, and where people are told."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from starlette.responses import Response

from stagesync.engine.alerts import Kind
from stagesync.engine.deployment import Deployment
from stagesync.engine.logins import Role
from stagesync.engine.messages import Speech
from stagesync.engine.status import channels_document
from stagesync.engine.telling import try_channels
from stagesync.store import alerts as stored
from stagesync.store.alerts import Alert
from stagesync.web.ask import Ask
from stagesync.web.jobs import Job
from stagesync.web.rooms import act, page
from stagesync.web.words import LANGUAGES, _, tell

ENDED = 50
"""Alerts that are over and shown all the same."""

KINDS = {
    Kind.TROUBLE: _("Connection in trouble"),
    Kind.STALLED: _("Stalled"),
    Kind.FIRST_LOAD: _("First load"),
    Kind.DRIFT: _("Field changed"),
    Kind.COUNT: _("Count differs"),
    Kind.LIST: _("List unreadable"),
    Kind.HISTORY: _("No history kept"),
    Kind.HELD: _("Plan held"),
    Kind.PARKED: _("Values refused"),
    Kind.JOIN: _("One person or two"),
    Kind.SILENCE: _("Evidence stays away"),
    Kind.SHIFT: _("Stages shifted"),
    Kind.QUOTA: _("Calls run out"),
    Kind.LOG: _("Log head not noted"),
    Kind.DEFINITIONS: _("Definitions not followed"),
    Kind.SETTINGS: _("Settings changed"),
    Kind.CHANNEL: _("Channel fails"),
}
"""Kind -> what people read."""

PAGES = {
    Kind.PARKED: "/parked",
    Kind.HELD: "/plans",
    Kind.JOIN: "/plans",
    Kind.DEFINITIONS: "/definitions",
}
"""Kind -> the page where it is put right; the others are the doctor's."""

GRAVE = frozenset({Kind.TROUBLE, Kind.STALLED, Kind.LOG, Kind.CHANNEL})


def alerts(ask: Ask) -> Response:
    """Standing alerts with their fix, ended ones, and the channels."""
    with ask.read() as tx:
        standing = stored.all_standing(tx)
        ended = stored.last_ended(tx, most=ENDED)
        channels = channels_document(tx, ask.deployment)
    return ask.page(
        "alerts.html",
        standing=_alike(standing),
        ended=ended,
        channels=channels,
        kinds=KINDS,
        grave=GRAVE,
        where=_where,
    )


def _alike(standing: Sequence[Alert]) -> list[tuple[Alert, list[str]]]:
    """Each alert once, with the connections that it stands of."""
    found: dict[tuple[str, str, str], tuple[Alert, list[str]]] = {}
    for each in standing:
        _first, connections = found.setdefault((each.key, each.what, each.fix), (each, []))
        connections += [each.connection] if each.connection else []
    return list(found.values())


def _where(alert: Alert) -> str:
    """The page where it is put right."""
    place = next((path for kind, path in PAGES.items() if kind == alert.kind), "/doctor")
    plan = alert.key.partition(":")[2]
    return f"{place}/{plan}" if alert.kind == Kind.HELD else place


def test(ask: Ask) -> Response:
    """Sends a message to each channel, in the background."""
    deployment, public_url = ask.deployment, ask.house.public_url
    job = ask.jobs.start(
        "test of the channels",
        lambda job: _try(deployment, job, link=f"{public_url}/alerts"),
        by=ask.actor,
        title=ask.say("Test of the channels"),
        shown="_channels.html",
    )
    return ask.go(f"/jobs/{job.id}")


def _try(deployment: Deployment, job: Job, *, link: str) -> dict[str, str]:
    job.phase("tell")
    (language,) = (each for each in LANGUAGES if each == deployment.language)
    return try_channels(deployment, Speech(partial(tell, language), link))


ROOMS = (
    page("/alerts", alerts),
    act("/alerts/test", test, role=Role.APPROVER),
)
