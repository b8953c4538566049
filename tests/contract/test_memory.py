"""The in-memory reference keeps the contract, with links that come along and links to be asked for."""

import pytest

from stagesync.connector.contract_suite import ConnectorContract

from .memory_account import MemoryAccount


class TestMemory(ConnectorContract):
    @pytest.fixture(params=[True, False], ids=["inline", "asked"])
    def account(self, request):
        return MemoryAccount(links_inline=request.param)
