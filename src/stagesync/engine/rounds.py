"""How a connector's slow work stands, by the cursors in the store."""

from __future__ import annotations

from collections.abc import Sequence

from stagesync.connector import Round, TellsRounds
from stagesync.engine.deployment import Connected, Deployment
from stagesync.store import state


def rounds_of(deployment: Deployment, connected: Connected) -> Sequence[Round]:
    """What the connector tells; nothing when it has no slow work. Sends nothing."""
    if not isinstance(connected.connector, TellsRounds):
        return ()
    with deployment.store.begin() as tx:
        cursors = state.cursors_of(tx, connected.name)
    places = {each: cursors[each].cursor for each in connected.roles if each in cursors}
    return connected.connector.rounds(places)
