"""What a connector must never do: delete, tell secrets, and believe whoever calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest

from stagesync.connector import (
    Connector,
    FieldType,
    Heard,
    Hears,
    OwnField,
    Remembers,
    Secret,
    Write,
)
from stagesync.connector.contract_suite.account import Account
from stagesync.connector.contract_suite.subject import (
    Suite,
    cursors_of,
    ids_of,
    pages_of,
    subject_of,
    text_of,
)
from stagesync.errors import CrmError, RequestRefused

DELETING = re.compile(
    r"delete|archive|merge|purge|erase|remove|destroy|truncate|drop", re.IGNORECASE
)
PRIVATE = "private.person@contract.example"


class Keeping(Suite):
    """Nothing is deleted, nothing is told, and everything is let go of."""

    def ways_to_delete(
        self, connector: Connector, account: Account
    ) -> Sequence[Callable[[], object]]:
        """Calls by which the connector's own transport would delete something; a subclass gives them.

        Each must raise before anything is sent.
        """
        del connector, account
        return ()

    def test_connector_offers_no_way_to_delete(self, connector: Connector) -> None:
        """No public name of the connector speaks of deleting, archiving or merging."""
        names = [name for name in dir(connector) if not name.startswith("_")]
        assert [] == [name for name in names if DELETING.search(name)]

    def test_transport_refuses_to_delete(self, connector: Connector, account: Account) -> None:
        """What would delete is refused before it is sent."""
        ways = self.ways_to_delete(connector, account)
        if not ways:
            pytest.skip("the test file names no way by which the transport could delete")
        before = {name: sorted(account.held(name)) for name in account.fields}
        calls = connector.calls
        for way in ways:
            with pytest.raises(Exception):  # noqa: B017, PT011  each transport has its own refusal
                way()
        assert (calls, before) == (
            connector.calls,
            {name: sorted(account.held(name)) for name in account.fields},
        )

    def test_nothing_is_deleted(self, connector: Connector, account: Account) -> None:
        """After everything that a connector does, each record is still there."""
        before = {name: sorted(account.held(name)) for name in account.fields}
        self._do_everything(connector, account)
        assert before == {name: sorted(account.held(name)) for name in account.fields}

    def test_secrets_never_show(
        self,
        account: Account,
        *,
        capfd: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """No log, error or repr holds what the connector logs in with, or what a person is called."""
        shown: list[str] = []
        connector = account.connect()
        connector.describe(list(account.fields))
        text = text_of(connector, account)
        name = subject_of(connector, account).name
        account.edit(name, ids_of(connector, account)[0], {text: PRIVATE})
        account.settle()
        shown.append(repr(connector))
        shown += self._do_everything(connector, account)
        if connector.capabilities.asks_for_credentials:
            wrong = account.connect(wrong=True)
            shown.append(repr(wrong))
            with pytest.raises(CrmError) as refused:
                wrong.check()
            shown += _texts_of(refused.value)
            wrong.close()
        connector.close()
        printed = capfd.readouterr()
        shown += [printed.out, printed.err, caplog.text]
        together = "\n".join(shown)
        assert [] == [
            place for place, secret in enumerate((*account.secrets, PRIVATE)) if secret in together
        ], "places among `secrets`; the last one is a person's address"

    def test_calls_are_counted(self, connector: Connector, account: Account) -> None:
        """The count of requests grows with a pull and never goes back."""
        before = connector.calls
        pages_of(connector, account)
        assert connector.calls > before

    def test_next_life_knows_what_was_kept(self, account: Account) -> None:
        """What a connector used of the vendor's allowance counts in its next life, too."""
        kept: list[Secret] = []
        first = _remembering(account.connect(), kept)
        pages_of(first, account)
        first.check()
        used = first.quota()
        first.close()
        assert kept, "nothing was kept when the connector was closed"
        second = _remembering(account.connect(), kept)
        second.check()
        told = second.quota()
        second.close()
        if used is None or told is None:
            pytest.skip("this connector tells no allowance")
        assert told.used_by_us > used.used_by_us

    def test_call_that_nobody_proved_is_refused(self, connector: Connector) -> None:
        """A webhook request without a proof is refused in a word, and asks the CRM nothing."""
        if not isinstance(connector, Hears):
            pytest.skip("the CRM does not call")
        calls = connector.calls
        with pytest.raises(RequestRefused) as refused:
            connector.hear(Heard("POST", "https://contract.example/webhooks/crm", {}, b"[]"))
        assert (calls, 1) == (connector.calls, len(refused.value.code.split()))

    def test_close_may_be_called_again(self, account: Account) -> None:
        """Closing twice does no harm, and leaves the account to other connectors."""
        first, second = account.connect(), account.connect()
        first.check()
        second.check()
        first.close()
        first.close()
        second.check()
        second.close()

    def test_what_is_kept_never_shows(
        self,
        account: Account,
        *,
        capfd: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """What a connector keeps for its next life is a secret: no log and no repr holds it."""
        kept: list[Secret] = []
        connector = _remembering(account.connect(), kept)
        pages_of(connector, account)
        shown = [repr(connector), repr(kept)]
        connector.close()
        printed = capfd.readouterr()
        together = "\n".join([*shown, printed.out, printed.err, caplog.text])
        assert [] == [place for place, each in enumerate(kept) if each.reveal() in together]

    @staticmethod
    def _do_everything(connector: Connector, account: Account) -> list[str]:
        """One call of each kind, and the texts of its errors."""
        name, text = subject_of(connector, account).name, text_of(connector, account)
        first, second, *_ = ids_of(connector, account)
        pages = pages_of(connector, account)
        pages_of(connector, account, cursors=cursors_of(pages))
        connector.links(name, [first, second])
        connector.read(name, [first, second], [text])
        writes = [Write(name, first, {text: None}), Write(name, second, {text: ""})]
        bad, value = account.refused
        if bad:
            writes[1] = Write(name, second, {bad: value})
        shown = [f"{each.code} {each.message}" for each in connector.write(writes)]
        if connector.capabilities.makes_fields:
            own = OwnField(name, account.own_field, "Own", FieldType.NUMBER)
            for step in connector.setup([own]):
                connector.make(step)
            connector.write([Write(name, first, {own.name: 1})])
        try:
            connector.read(name, [first], ["No_Such_Field_Xyz"])
        except CrmError as error:
            shown += _texts_of(error)
        return shown


def _remembering(connector: Connector, kept: list[Secret]) -> Connector:
    """The connector, having been given what was kept last."""
    if not isinstance(connector, Remembers):
        pytest.skip("this connector has nothing to remember")
    connector.remember(lambda: kept[-1] if kept else None, kept.append)
    return connector


def _texts_of(error: BaseException | None) -> list[str]:
    """An error and what it was raised from, as people may come to see them."""
    found: list[str] = []
    while error is not None:
        found += [str(error), repr(error), str(getattr(error, "hint", ""))]
        error = error.__cause__
    return found
