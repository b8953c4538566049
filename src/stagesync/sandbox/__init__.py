"""A HubSpot and a Salesforce that run on this machine over real HTTP.

Written from the vendors' public documents only: nothing here imports any other part of stagesync,
so a misreading cannot hide on both sides. Where the documents leave a choice, a simulator behaves
in the way that hurts a careless client most, and the choice is a named switch.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from stagesync.sandbox.hubspot import HubSpotSim
    from stagesync.sandbox.salesforce import SalesforceSim
    from stagesync.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Both simulators, running. Use as a context manager, or call `stop`.

    Attributes:
        urls: base address by "hubspot" and "salesforce", without a slash at the end.
        world: what they were filled with.
    """

    hubspot: HubSpotSim
    salesforce: SalesforceSim
    urls: dict[str, str]
    world: World
    _open: ExitStack

    def credentials(self) -> dict[str, dict[str, Any]]:
        """Address and test credentials of each simulator."""
        return {
            "hubspot": {"url": self.urls["hubspot"], **self.hubspot.credentials()},
            "salesforce": {"url": self.urls["salesforce"], **self.salesforce.credentials()},
        }

    def stop(self) -> None:
        """Stops both servers; harmless when already stopped."""
        self._open.close()

    def __enter__(self) -> Self:
        """The running sandbox."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stops it."""
        self.stop()


def start(
    *,
    contacts: int = 500,
    seed: int = 1,
    hubspot_port: int = 0,
    salesforce_port: int = 0,
    faults: str | None = None,
) -> Sandbox:
    """Makes a world, fills both simulators with it and serves them on loopback.

    Args:
        contacts: how many HubSpot contacts, about.
        seed: the same seed makes the same world and the same credentials.
        hubspot_port: 0 takes a free port; so does salesforce_port.
        faults: a profile of `faults.PROFILES`; None for calm.

    Raises:
        PortInUse: when a port that was asked for is taken.
        ValueError: for an unknown fault profile.
    """
    # Inside, so that a simulator alone can be used without loading the other one.
    from stagesync.sandbox import hubspot, salesforce
    from stagesync.sandbox.clock import SimClock
    from stagesync.sandbox.server import serve
    from stagesync.sandbox.world import make_world

    # A clock each: two vendors' clocks never agree, and moving one must not move the other.
    hubspot_sim = hubspot.HubSpotSim(clock=SimClock(), seed=seed)
    salesforce_sim = salesforce.SalesforceSim(clock=SimClock(), seed=seed)
    world = make_world(contacts=contacts, seed=seed, now=hubspot_sim.clock.now())
    hubspot_sim.name_owners((o.hubspot_id, o.email, o.first, o.last) for o in world.owners)
    hubspot_sim.load(world.hubspot)
    users = {each.salesforce_id: (each.first, each.last) for each in world.owners}
    salesforce_sim.load(world.salesforce, users=users)
    for simulator in (hubspot_sim, salesforce_sim):
        simulator.faults.use_profile(faults or "none")
    with ExitStack() as opening:
        first = serve(hubspot.create_app(hubspot_sim), port=hubspot_port)
        opening.callback(hubspot_sim.stop)
        opening.callback(first.stop)
        second = serve(salesforce.create_app(salesforce_sim), port=salesforce_port)
        opening.callback(second.stop)
        urls = {"hubspot": first.url, "salesforce": second.url}
        return Sandbox(hubspot_sim, salesforce_sim, urls, world, opening.pop_all())
