"""Fields that go back only once they are empty, of connectors that clear them first."""

from __future__ import annotations

import pytest

from stagesync.connector import Connector, Refusal, Write
from stagesync.connector.contract_suite.account import Account
from stagesync.connector.contract_suite.subject import Suite, ladder_of, subject_of, text_of


class GoingBack(Suite):
    """`Write.clear`, held against what the CRM holds afterwards."""

    def test_cleared_field_goes_back(self, connector: Connector, account: Account) -> None:
        """A field that is cleared on the way takes a lower value, and the record's others are written."""
        (field, low), target = self._low(connector, account), self._high_one(connector, account)
        name, text = subject_of(connector, account).name, text_of(connector, account)
        values = {field: low, text: "beside"}
        (result,) = connector.write([Write(name, target, values, clear=(field,))])
        held = account.held(name)[target]
        assert (None, low, "beside") == (result.refusal, held[field], held[text])

    def test_only_the_cleared_go_back(self, connector: Connector, account: Account) -> None:
        """In one call, who is not cleared stays and is told as not forward; who is goes back."""
        (field, low), name = self._low(connector, account), subject_of(connector, account).name
        one, other = (self._high_one(connector, account) for _ in range(2))
        high = account.held(name)[other][field]
        results = connector.write(
            [Write(name, other, {field: low}), Write(name, one, {field: low}, clear=(field,))]
        )
        held = account.held(name)
        assert [Refusal.NOT_FORWARD, None] == [each.refusal for each in results]
        assert (high, low) == (held[other][field], held[one][field])

    def test_cleared_field_is_set_when_sent_again(
        self, connector: Connector, account: Account
    ) -> None:
        """Of a write that broke off after the clear the field is empty: sent again it is whole."""
        (field, low), target = self._low(connector, account), self._high_one(connector, account)
        name = subject_of(connector, account).name
        (emptied,) = connector.write([Write(name, target, {field: None})])
        assert (None, True) == (emptied.refusal, account.held(name)[target][field] in (None, ""))
        (again,) = connector.write([Write(name, target, {field: low}, clear=(field,))])
        assert (None, low) == (again.refusal, account.held(name)[target][field])

    def test_refusal_after_the_clear_says_what_stands(
        self, connector: Connector, account: Account
    ) -> None:
        """When the value is refused once the field was emptied, `now` shows it empty."""
        (field, _), target = self._low(connector, account), self._high_one(connector, account)
        name = subject_of(connector, account).name
        (result,) = connector.write([Write(name, target, {field: "no-such"}, clear=(field,))])
        held = account.held(name)[target][field] or None
        told = result.now[field] or None if field in result.now else "nothing"
        assert (True, held) == (result.refusal is not None, told)

    def test_gone_record_is_not_cleared(self, connector: Connector, account: Account) -> None:
        """A record that is gone is told as gone, whatever was to be cleared."""
        (field, low), target = self._low(connector, account), self._high_one(connector, account)
        name = subject_of(connector, account).name
        account.delete(name, target)
        (result,) = connector.write([Write(name, target, {field: low}, clear=(field,))])
        assert Refusal.GONE is result.refusal

    @staticmethod
    def _low(connector: Connector, account: Account) -> tuple[str, str]:
        """The field, and its lowest value."""
        if not connector.capabilities.clears_to_go_back:
            pytest.skip("the connector has no field that goes back once it is cleared")
        return ladder_of(connector, account)[0]

    @staticmethod
    def _high_one(connector: Connector, account: Account) -> str:
        """A record whose field stands above its lowest value."""
        name, (_, _, high) = subject_of(connector, account).name, ladder_of(connector, account)
        made = account.create(name, dict([high]), links={})
        account.settle()
        return made
