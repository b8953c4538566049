"""What becomes of writes: one result each, true to what the CRM holds afterwards."""

from __future__ import annotations

import pytest

from stagesync.connector import (
    Connector,
    FieldValue,
    Refusal,
    Write,
)
from stagesync.connector.contract_suite.account import Account
from stagesync.connector.contract_suite.subject import (
    Suite,
    ids_of,
    ladder_of,
    subject_of,
    text_of,
)

MOST = 250
"""Records of a large write: enough for several requests, few enough for a quick test."""


class Writing(Suite):
    """Write and read back."""

    def test_each_write_has_its_result_in_order(
        self, connector: Connector, account: Account
    ) -> None:
        """There are as many results as writes, each for the write at its place."""
        writes = self._writes(connector, account)
        # Whatever order a connector sends in, the results come in the order of the call.
        writes = [*writes[1::2], *writes[::2]]
        results = connector.write(writes)
        assert writes == [each.write for each in results]
        assert {None} == {each.refusal for each in results}

    def test_written_values_are_held(self, connector: Connector, account: Account) -> None:
        """What was answered as taken stands in the CRM, and nowhere else."""
        name, text = subject_of(connector, account).name, text_of(connector, account)
        before = self._texts(connector, account)
        writes = self._writes(connector, account)[:7]
        connector.write(writes)
        expected = {**before, **{each.id: each.values[text] for each in writes}}
        assert expected == self._texts(connector, account)
        read = connector.read(name, [each.id for each in writes], [text])
        assert {each.id: each.values[text] for each in writes} == {
            each.id: each.fields[text] for each in read
        }

    def test_writing_again_changes_nothing(self, connector: Connector, account: Account) -> None:
        """Values are absolute: a write that is sent again after a lost answer does no harm."""
        writes = self._writes(connector, account)[:3]
        connector.write(writes)
        held = self._texts(connector, account)
        again = connector.write(writes)
        assert ([None] * 3, held) == (
            [each.refusal for each in again],
            self._texts(connector, account),
        )

    def test_other_fields_stay(self, connector: Connector, account: Account) -> None:
        """A write sets the fields it names and leaves the others of the record as they were."""
        name, text = subject_of(connector, account).name, text_of(connector, account)
        target = ids_of(connector, account)[0]
        fields = connector.describe([name])[name].fields
        # What the CRM itself keeps, such as a stamp, may move.
        kept = [each for each in account.fields[name] if fields[each].writable]
        before = {each: account.held(name)[target].get(each) for each in kept}
        connector.write([Write(name, target, {text: "written"})])
        after = {each: account.held(name)[target].get(each) for each in kept}
        assert {**before, text: "written"} == after

    def test_none_empties_a_field(self, connector: Connector, account: Account) -> None:
        """None takes a value away."""
        name, text = subject_of(connector, account).name, text_of(connector, account)
        target = ids_of(connector, account)[0]
        connector.write([Write(name, target, {text: "written"})])
        (result,) = connector.write([Write(name, target, {text: None})])
        assert (None, True) == (
            result.refusal,
            account.held(name)[target][text] in (None, ""),
        )

    def test_bad_value_is_told_beside_its_record(
        self, connector: Connector, account: Account
    ) -> None:
        """One value that the CRM does not take is refused in its words; all others are written."""
        bad, value = self._refused(account)
        name, text = subject_of(connector, account).name, text_of(connector, account)
        writes = self._writes(connector, account)[:9]
        held = account.held(name)[writes[4].id].get(bad)
        writes[4] = Write(name, writes[4].id, {bad: value})
        results = connector.write(writes)
        assert [4] == [place for place, each in enumerate(results) if each.refusal is not None]
        assert (True, True) == (
            bool(results[4].code or results[4].message),
            set(results[4].fields) <= {bad},
        )
        after = account.held(name)
        assert held == after[writes[4].id].get(bad)
        del writes[4]
        assert {each.id: each.values[text] for each in writes} == {
            each.id: after[each.id][text] for each in writes
        }

    def test_bad_value_beside_a_good_one(self, connector: Connector, account: Account) -> None:
        """A result's `fields` are those that were not taken: what it does not name stands in the CRM."""
        bad, value = self._refused(account)
        name, text = subject_of(connector, account).name, text_of(connector, account)
        if bad == text:
            pytest.skip("the subject's only text is the field that refuses")
        target = ids_of(connector, account)[0]
        (result,) = connector.write([Write(name, target, {text: "beside", bad: value})])
        assert result.refusal is not None
        is_taken = "beside" == account.held(name)[target][text]
        is_told = bool(result.fields) and text not in result.fields
        assert is_taken == is_told
        if connector.capabilities.writes_partially:
            assert is_taken

    def test_gone_record_is_told_as_gone(self, connector: Connector, account: Account) -> None:
        """A record that people deleted meanwhile is refused as gone; those beside it are written."""
        name = subject_of(connector, account).name
        writes = self._writes(connector, account)[:3]
        account.delete(name, writes[1].id)
        results = connector.write(writes)
        assert [None, Refusal.GONE, None] == [each.refusal for each in results]

    def test_record_twice_in_a_call_is_refused(
        self, connector: Connector, account: Account
    ) -> None:
        """Two writes of one record are a mistake of the caller's; none of them is sent."""
        name, text = subject_of(connector, account).name, text_of(connector, account)
        first, second, *_ = ids_of(connector, account)
        before = self._texts(connector, account)
        writes = [Write(name, each, {text: "twice"}) for each in (first, second)]
        with pytest.raises(ValueError, match="twice"):
            connector.write([*writes, Write(name, first, {text: "thrice"})])
        assert before == self._texts(connector, account)

    def test_no_writes_are_no_results(self, connector: Connector) -> None:
        """Nothing to write is answered with nothing."""
        assert [] == connector.write([])

    def test_backward_move_is_told(self, connector: Connector, account: Account) -> None:
        """A value that the CRM keeps in silence is told as not forward; the rest is written."""
        if not connector.capabilities.refuses_backward_silently:
            pytest.skip("the CRM refuses nothing in silence")
        name, text = subject_of(connector, account).name, text_of(connector, account)
        low, middle, high = ladder_of(connector, account)
        field = low[0]
        target = account.create(name, dict([middle]), links={})
        account.settle()
        (taken,) = connector.write([Write(name, target, dict([high]))])
        (kept,) = connector.write([Write(name, target, {**dict([low]), text: "beside"})])
        held = account.held(name)[target]
        assert (None, high[1], "beside") == (taken.refusal, held[field], held[text])
        assert (Refusal.NOT_FORWARD, (field,)) == (kept.refusal, kept.fields)

    @staticmethod
    def _writes(connector: Connector, account: Account) -> list[Write]:
        """A different text for each record."""
        name, text = subject_of(connector, account).name, text_of(connector, account)
        return [
            Write(name, each, {text: f"written {place}"})
            for place, each in enumerate(ids_of(connector, account)[:MOST])
        ]

    @staticmethod
    def _texts(connector: Connector, account: Account) -> dict[str, FieldValue]:
        name, text = subject_of(connector, account).name, text_of(connector, account)
        return {key: each[text] for key, each in account.held(name).items()}

    @staticmethod
    def _refused(account: Account) -> tuple[str, FieldValue]:
        if not account.refused[0]:
            pytest.skip("the CRM takes every value")
        return account.refused
