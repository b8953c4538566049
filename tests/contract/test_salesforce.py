"""The Salesforce connector keeps the contract, against the simulator over HTTP."""

import pytest

from stagesync.connector.contract_suite import ConnectorContract

from .salesforce_account import salesforce_account


class TestSalesforce(ConnectorContract):
    @pytest.fixture
    def account(self):
        with salesforce_account() as opened:
            yield opened

    def ways_to_delete(self, connector, account):
        transport, person = connector._transport, min(account.held("contact"))
        return (
            lambda: transport.call("DELETE", f"sobjects/Contact/{person}"),
            lambda: transport.call("DELETE", f"composite/sobjects?ids={person}"),
        )
