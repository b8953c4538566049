"""The SQL connector keeps the contract on PostgreSQL, writing into the table itself and beside it."""

import pytest

from stagesync.connector.contract_suite import ConnectorContract

from .sql_account import SqlAccount, ways_to_delete


@pytest.mark.xdist_group("postgres")
class TestPostgres(ConnectorContract):
    @pytest.fixture(params=[False, True], ids=["columns", "beside"])
    def account(self, request, postgres_url):
        nobody = postgres_url.replace("postgres:@", "nobody@", 1)
        opened = SqlAccount(postgres_url, beside=request.param, wrong_url=nobody)
        yield opened
        opened.close()

    def ways_to_delete(self, connector, account):
        return ways_to_delete(connector)
