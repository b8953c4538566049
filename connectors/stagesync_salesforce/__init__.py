"""The Salesforce connector: leads, contacts, accounts, deals and activities over the REST API."""

from __future__ import annotations

from collections.abc import Mapping

from stagesync.connector import Clock, Connector

__all__ = ["connect"]


def connect(name: str, options: Mapping[str, object], *, clock: Clock) -> Connector:
    """A connector for one Salesforce org; see `stagesync.connector.Connect`."""
    # simple-salesforce takes 0.6 s to import: paid by those who connect, not by `--help`.
    from stagesync_salesforce.connector import SalesforceConnector
    from stagesync_salesforce.options import read_options

    return SalesforceConnector(name, read_options(options), clock=clock)
