"""Own fields: what is missing, making it, and making it again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stagesync.connector import (
    Connector,
    FieldDescription,
    FieldType,
    OwnField,
    SetupStep,
    Write,
)
from stagesync.connector.contract_suite.account import Account
from stagesync.connector.contract_suite.subject import Suite, ids_of, subject_of
from stagesync.errors import RequestRefused

STAGES = (("lead", "Lead"), ("client", "Client"))


class SettingUp(Suite):
    """Setup and make."""

    @pytest.fixture
    def wanted(self, connector: Connector, account: Account) -> OwnField:
        """A choice that the subject does not have."""
        name = subject_of(connector, account).name
        if not connector.capabilities.makes_fields:
            pytest.skip("own fields are made by hand")
        return OwnField(name, account.own_field, "Own stage", FieldType.CHOICE, STAGES)

    def test_missing_field_is_told_and_made(
        self, connector: Connector, account: Account, wanted: OwnField
    ) -> None:
        """Setup tells in words what is missing; when it is made, it is described and writable."""
        steps = self._make(connector, wanted)
        assert (True, "") == (bool(steps), "".join(each.what for each in steps if not each.what))
        made = self._described(connector, wanted)
        assert made.writable
        if connector.capabilities.makes_choices:
            assert FieldType.CHOICE is made.type
            assert [value for value, _ in STAGES] == [each.value for each in made.options]
        target = ids_of(connector, account)[0]
        (result,) = connector.write([Write(wanted.object, target, {wanted.name: "client"})])
        (read,) = connector.read(wanted.object, [target], [wanted.name])
        assert (None, "client") == (result.refusal, read.fields[wanted.name])

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            (FieldType.TEXT, "some text"),
            (FieldType.NUMBER, 12.5),
            (FieldType.INSTANT, "2026-11-20T12:00:00+00:00"),
        ],
    )
    def test_fields_of_every_kind_can_be_made(
        self, connector: Connector, account: Account, *, kind: FieldType, value: str | float
    ) -> None:
        """A text, a number and an instant are made as what they are, and take their values."""
        if not connector.capabilities.makes_fields:
            pytest.skip("own fields are made by hand")
        name = subject_of(connector, account).name
        own = OwnField(name, account.own_field, "Own value", kind, decimals=2)
        self._make(connector, own)
        assert kind is self._described(connector, own).type
        target = ids_of(connector, account)[0]
        (result,) = connector.write([Write(name, target, {own.name: value})])
        assert None is result.refusal

    def test_field_to_be_made_by_hand_is_named(
        self, connector: Connector, account: Account
    ) -> None:
        """Where no field can be made, setup says by name which one is missing."""
        if connector.capabilities.makes_fields:
            pytest.skip("own fields can be made")
        name = subject_of(connector, account).name
        with pytest.raises(RequestRefused, match=account.own_field):
            connector.setup([OwnField(name, account.own_field, "Own text", FieldType.TEXT)])

    def test_setup_of_what_is_there_is_empty(self, connector: Connector, wanted: OwnField) -> None:
        """When all is there, nothing is left to do, for this connector and for the next one."""
        self._make(connector, wanted)
        assert [] == connector.setup([wanted])

    def test_making_again_changes_nothing(self, connector: Connector, wanted: OwnField) -> None:
        """A step whose answer was lost can be carried out again."""
        steps = self._make(connector, wanted)
        before = self._described(connector, wanted)
        for step in steps:
            connector.make(step)
        assert before == self._described(connector, wanted)

    def test_missing_option_is_added(self, connector: Connector, wanted: OwnField) -> None:
        """A stage that a vocabulary gained is offered after the next setup, beside the old ones."""
        if not connector.capabilities.makes_choices:
            pytest.skip("a choice is made as a text")
        self._make(connector, wanted)
        grown = replace(wanted, options=(*STAGES, ("advocate", "Advocate")))
        assert [] != self._make(connector, grown)
        offered = {each.value for each in self._described(connector, grown).options}
        assert {"lead", "client", "advocate"} == offered
        assert [] == connector.setup([grown])

    def test_field_of_another_type_is_refused(self, connector: Connector, wanted: OwnField) -> None:
        """A field of that name that holds something else is not taken over."""
        self._make(connector, replace(wanted, type=FieldType.NUMBER, options=()))
        with pytest.raises(RequestRefused, match=wanted.name):
            connector.setup([wanted])

    @staticmethod
    def _make(connector: Connector, wanted: OwnField) -> list[SetupStep]:
        steps = connector.setup([wanted])
        for step in steps:
            connector.make(step)
        return steps

    @staticmethod
    def _described(connector: Connector, wanted: OwnField) -> FieldDescription:
        return connector.describe([wanted.object])[wanted.object].fields[wanted.name]
