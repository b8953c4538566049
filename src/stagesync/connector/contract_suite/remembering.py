"""Who changed what, of connectors whose CRM remembers it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from stagesync.connector import Actor, Change, Connector, TellsHistory, Write
from stagesync.connector.contract_suite.account import Account
from stagesync.connector.contract_suite.subject import Suite, ids_of, subject_of, text_of


class Remembering(Suite):
    """Histories of the subject's text, as `TellsHistory` promises them."""

    def test_history_tells_who_set_a_value(self, connector: Connector, account: Account) -> None:
        """A person's change and our own are told as such, the newest first."""
        target = ids_of(connector, account)[0]
        text = text_of(connector, account)
        account.edit(subject_of(connector, account).name, target, {text: "by a person"})
        account.settle()
        connector.write([Write(subject_of(connector, account).name, target, {text: "by us"})])
        account.settle()
        told = self._told(connector, account, target)[:2]
        assert [("by us", Actor.OURS), ("by a person", Actor.PERSON)] == [
            (each.value, each.actor) for each in told
        ]

    def test_history_is_dated(self, connector: Connector, account: Account) -> None:
        """Changes bear the time at which they were made: later ones a later time."""
        target, text = ids_of(connector, account)[0], text_of(connector, account)
        for value in ("first", "second"):
            account.edit(subject_of(connector, account).name, target, {text: value})
            account.settle()
        second, first = self._told(connector, account, target)[:2]
        assert ("second", "first", True) == (second.value, first.value, second.at_s > first.at_s)

    def test_history_leaves_out_the_gone(self, connector: Connector, account: Account) -> None:
        """A record that people deleted has no history; the others of the call have theirs."""
        gone, kept, *_ = ids_of(connector, account)
        account.delete(subject_of(connector, account).name, gone)
        assert [kept] == list(self._history(connector, account, gone, kept))

    def test_history_of_nothing(self, connector: Connector, account: Account) -> None:
        """No ids have no histories."""
        assert {} == self._history(connector, account)

    def _told(self, connector: Connector, account: Account, target: str) -> tuple[Change, ...]:
        text = text_of(connector, account)
        found = self._history(connector, account, target)[target]
        if text not in found:
            pytest.skip("the CRM keeps no history of the subject's text")
        return found[text]

    @staticmethod
    def _history(
        connector: Connector, account: Account, *ids: str
    ) -> Mapping[str, Mapping[str, tuple[Change, ...]]]:
        if not isinstance(connector, TellsHistory):
            pytest.skip("the connector tells no history")
        name, text = subject_of(connector, account).name, text_of(connector, account)
        return connector.history(name, ids, [text])
