"""The HubSpot connector keeps the contract, against the simulator over HTTP."""

import pytest

from stagesync.connector.contract_suite import ConnectorContract

from .hubspot_account import hubspot_account


class TestHubSpot(ConnectorContract):
    @pytest.fixture
    def account(self):
        with hubspot_account() as opened:
            yield opened

    def ways_to_delete(self, connector, account):
        transport, person = connector._transport, ("contacts", "1")
        return (
            lambda: transport.call(transport.records.archive, *person),
            lambda: transport.call(transport.batches.archive, "contacts", {"inputs": []}),
        )
