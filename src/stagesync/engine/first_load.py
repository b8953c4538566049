"""Holds everything back until every object of every connection was read to its end once.

A stage from half the facts is worse than none: somebody whose deals are not read yet is no client, and what
is known of people later must not look like a move of theirs. So while a first load is incomplete nobody is
evaluated, nothing is planned and nothing is written, in any connection; records are pulled and joined into
people, and whoever changed stays noted. The run that completes the last load does the rest, as if it had
been the first one.

An object counts as not read when it, its connection, or a field that the mapping asks of it is new. One that is
pulled anew for another reason (a count that does not add up, a field that came back) was read, and stays so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from stagesync.domain.said import Said
from stagesync.engine.alerts import Kind, settle
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.describe import widened
from stagesync.store import connections, first_loads, state

LOST = "lost_in_first_load"
"""Name under which the store keeps that a source shrank while nobody looked at a plan."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A connection of which something was not read to its end yet.

    Attributes:
        objects: object -> records that came so far; None when it was not begun.
        waited_for: nothing at all is written until it is; otherwise nothing is written to itself.
        paused: somebody wants it left alone.
    """

    connection: str
    objects: Mapping[str, int | None]
    waited_for: bool
    paused: bool = False

    @property
    def what(self) -> str:
        """How far it is, and what waits for it, in one line."""
        if self.waited_for:
            return Said(
                "{how_far}; until then nobody is evaluated and nothing is written to any connection",
                how_far=how_far(self.objects),
            )
        return Said("{how_far}; until then nothing is written to it", how_far=how_far(self.objects))

    @property
    def fix(self) -> str:
        """What goes on by itself, and what a person can do."""
        goes_on = (
            Said("stagesync resume {connection} ends its pause", connection=self.connection)
            if self.paused
            else Said(
                "the next run goes on where this one stopped; stagesync doctor {connection} looks at it",
                connection=self.connection,
            )
        )
        if not self.waited_for:
            return goes_on
        return Said(
            "{goes_on}; `wait_for_first_load: false` in its settings goes on without it",
            goes_on=goes_on,
        )


def how_far(objects: Mapping[str, int | None]) -> str:
    """What is not read of a connection, and how much came of it."""
    told = [
        Said("{object} ({records} records so far)", object=name, records=n)
        for name, n in objects.items()
        if n is not None
    ]
    begun_none = [name for name, n in objects.items() if n is None]
    told += [Said("{objects} (not begun)", objects=begun_none)] if begun_none else []
    return Said("not read to the end yet: {objects}", objects=told)


def unread_objects(tx: Connection, connected: Connected) -> dict[str, int | None]:
    """Mapped objects that were never read to their end -> records that came so far; None when none was begun."""
    known = first_loads.first_loads_of(tx, connected.name)
    new = {name for name in connected.roles if name not in known} | widened(tx, connected)
    return {
        name: None if name in new else known[name].records
        for name in connected.roles
        if name in new or known[name].ended_at_s is None
    }


def find_unread(tx: Connection, deployment: Deployment) -> list[Unread]:
    """The connections whose first load is not complete, in the order of the settings."""
    paused = connections.paused(tx)
    return [
        Unread(name, objects, connected.wait_for_first_load, name in paused)
        for name, connected in deployment.connections.items()
        if (objects := unread_objects(tx, connected))
    ]


def must_wait(unread: Iterable[Unread]) -> bool:
    """Whether nobody may be evaluated yet."""
    return any(each.waited_for for each in unread)


def tell(tx: Connection, deployment: Deployment, unread: Sequence[Unread], *, now_s: float) -> None:
    """Raise an alert per connection that is not read; end it when it is."""
    found = {each.connection: {each.connection: (each.what, each.fix)} for each in unread}
    for name in deployment.connections:
        settle(tx, name, Kind.FIRST_LOAD, found.get(name, {}), now_s=now_s)


def remember_loss(tx: Connection, *, lost: bool, waits: bool) -> bool:
    """Whether a source shrank in this run, or in one that looked at no plan.

    Args:
        waits: this run looks at none: it is remembered for the one that does.
    """
    known = state.get_meta(tx, LOST) == "yes"
    kept = waits and (lost or known)
    if kept is not known:
        state.set_meta(tx, LOST, "yes" if kept else "no")
    return lost or known
