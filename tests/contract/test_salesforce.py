"""The Salesforce connector keeps the contract, against the simulator over HTTP."""

import pytest

from stagesync.connector.contract_suite import ConnectorContract

from .salesforce_account import NAMES, salesforce_account


class TestSalesforce(ConnectorContract):
    subject = "contact"

    @pytest.fixture
    def account(self):
        with salesforce_account(leads=self.subject == "lead") as opened:
            yield opened

    def ways_to_delete(self, connector, account):
        transport, person = connector._transport, min(account.held(self.subject))
        return (
            lambda: transport.call("DELETE", f"sobjects/{NAMES[self.subject]}/{person}"),
            lambda: transport.call("DELETE", f"composite/sobjects?ids={person}"),
        )


class TestSalesforceLeads(TestSalesforce):
    """The same with leads as the people written to, who become contacts."""

    subject = "lead"
