"""Values that no mapping understands, and stages that a CRM has no value for."""

from __future__ import annotations

import json

from starlette.responses import Response

from stagesync.engine.unmapped import gaps
from stagesync.store import unmapped as stored
from stagesync.web.ask import Ask
from stagesync.web.rooms import page

MOST = 100
"""Values of one page."""


def unmapped(ask: Ask) -> Response:
    """Both, those of most records first, with what to add to the mapping."""
    with ask.read() as tx:
        found = gaps(tx, ask.deployment, most=MOST)
        unsaid = [
            (each, str(json.loads(each.wanted)))
            for each in stored.unsaid(tx, most=MOST)
            if each.connection in ask.deployment.connections
        ]
    return ask.page("unmapped.html", gaps=found, unsaid=unsaid, most=MOST)


ROOMS = (page("/unmapped", unmapped),)
