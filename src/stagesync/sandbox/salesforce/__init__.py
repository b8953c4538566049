"""A Salesforce that runs on this machine, written from the vendor's public documents."""

from stagesync.sandbox.salesforce.app import create_app
from stagesync.sandbox.salesforce.simulation import SalesforceSim

__all__ = ["SalesforceSim", "create_app"]
