"""A HubSpot account over HTTP, in memory, as the public documents describe it."""

from stagesync.sandbox.hubspot.app import create_app
from stagesync.sandbox.hubspot.sim import HubSpotSim

__all__ = ["HubSpotSim", "create_app"]
