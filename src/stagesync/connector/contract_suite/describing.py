"""Who the connector is, what it serves, and what it says about the CRM's fields."""

from __future__ import annotations

import pytest

from stagesync.connector import Connector, FieldType
from stagesync.connector.capabilities import Capabilities
from stagesync.connector.contract_suite.account import Account
from stagesync.connector.contract_suite.subject import Suite
from stagesync.errors import CredentialsRefused

CHOICES = {FieldType.CHOICE, FieldType.CHOICES}


class Describing(Suite):
    """Check and describe."""

    def test_check_passes_at_the_cost_of_one_call(self, account: Account) -> None:
        """Credentials that work are proven by one call at most."""
        connector = account.connect()
        connector.check()
        assert connector.calls <= 1
        connector.close()

    def test_wrong_credentials_are_refused(self, account: Account) -> None:
        """Credentials that do not work are told as that and as nothing else."""
        connector = account.connect()
        if not connector.capabilities.asks_for_credentials:
            pytest.skip("the CRM asks for no credentials")
        wrong = account.connect(wrong=True)
        with pytest.raises(CredentialsRefused):
            wrong.check()
        wrong.close()
        connector.close()

    def test_objects_name_each_other(self, connector: Connector, account: Account) -> None:
        """Every object has one name, links lead to objects that are served, and the account's are."""
        names = [kind.name for kind in connector.objects]
        linked = {name for kind in connector.objects for name in kind.links}
        assert (sorted(set(names)), set(), set()) == (
            sorted(names),
            linked - set(names),
            set(account.fields) - set(names),
        )

    def test_capabilities_are_declared(self, connector: Connector) -> None:
        """The connector says what it can do, and that a request takes at least one record."""
        assert isinstance(connector.capabilities, Capabilities)
        assert connector.capabilities.largest_write >= 1

    def test_describe_names_every_asked_field(self, account: Account) -> None:
        """Every object asked for is described, and each of its fields under its own name."""
        connector = account.connect()
        found = connector.describe(list(account.fields))
        for name, fields in account.fields.items():
            described = {key: each.name for key, each in found[name].fields.items()}
            assert {each: each for each in fields} == {
                each: described.get(each, "(not described)") for each in fields
            }
        connector.close()

    def test_options_stand_in_the_order_of_their_ranks(self, account: Account) -> None:
        """Only choices have options, ranked from 0 without a gap, each value once."""
        connector = account.connect()
        for name, described in connector.describe(list(account.fields)).items():
            for each in described.fields.values():
                place = f"{name}.{each.name}"
                ranks = [option.rank for option in each.options]
                values = {option.value for option in each.options}
                assert list(range(len(each.options))) == ranks, place
                assert len(each.options) == len(values), place
                assert not each.options or each.type in CHOICES, place
        connector.close()

    def test_record_url_is_an_address_or_empty(
        self, connector: Connector, account: Account
    ) -> None:
        """People can be led to a record, or are told that the way is not known."""
        for name in account.fields:
            for record_id in list(account.held(name))[:1]:
                url = connector.record_url(name, record_id)
                assert not url or ("://" in url and record_id in url)
