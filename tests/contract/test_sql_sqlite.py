"""The SQL connector keeps the contract on SQLite, writing into the table itself and beside it."""

import pytest

from stagesync.connector.contract_suite import ConnectorContract

from .sql_account import SqlAccount, ways_to_delete


class TestSqlite(ConnectorContract):
    @pytest.fixture(params=[False, True], ids=["columns", "beside"])
    def account(self, request, tmp_path):
        opened = SqlAccount(f"sqlite:///{tmp_path}/product.db", beside=request.param)
        yield opened
        opened.close()

    def ways_to_delete(self, connector, account):
        return ways_to_delete(connector)
