"""HubSpot for stagesync: contacts, companies, deals, meetings and calls."""

from stagesync_hubspot.connector import connect

__all__ = ["connect"]
