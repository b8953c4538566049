"""What the tests of all parts share: the fixtures, a pull to its end, and values in comparable form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

import pytest

from stagesync.connector import (
    Connector,
    FieldDescription,
    FieldType,
    FieldValue,
    ObjectDescription,
    ObjectKind,
    Page,
    Pull,
    Record,
    Role,
)
from stagesync.connector.contract_suite.account import Account

Cursors = Mapping[str, str]
"""Object -> cursor."""


class Suite:
    """The fixtures that a subclass gives or changes."""

    @pytest.fixture
    def account(self) -> Account:
        """The account under test; a subclass gives it."""
        pytest.fail("give a fixture `account`: see stagesync.connector.contract_suite.Account")

    @pytest.fixture
    def connector(self, account: Account) -> Iterator[Connector]:
        """A connector to it that was asked to describe, as the engine does before it pulls."""
        made = account.connect()
        made.describe(list(account.fields))
        yield made
        made.close()


def subject_of(connector: Connector, account: Account) -> ObjectKind:
    """The object that the writing tests write to."""
    for kind in connector.objects:
        if kind.writable and kind.role is Role.PERSON and kind.name in account.fields:
            return kind
    pytest.skip("no person of this connector is writable")


def text_of(connector: Connector, account: Account) -> str:
    """The subject's free text."""
    return account.fields[subject_of(connector, account).name][0]


def ids_of(connector: Connector, account: Account) -> list[str]:
    """The subject's records, in an order that stays."""
    return sorted(account.held(subject_of(connector, account).name))


def ladder_of(connector: Connector, account: Account) -> list[tuple[str, str]]:
    """(field, value) of the first three steps of the subject's forward-only field."""
    name = subject_of(connector, account).name
    fields: list[FieldDescription] = [
        each
        for key, each in connector.describe([name])[name].fields.items()
        if each.forward_only and key in account.fields[name] and len(each.options) >= 3
    ]
    assert fields, "ask for a forward-only field of the subject"
    return [(fields[0].name, option.value) for option in fields[0].options[:3]]


def pages_of(
    connector: Connector, account: Account, *, cursors: Cursors | None = None, only: str = ""
) -> list[Page]:
    """A pull to its end."""
    names = [only] if only else list(account.fields)
    wanted = [Pull(name, account.fields[name], (cursors or {}).get(name)) for name in names]
    return list(connector.pull(wanted))


def cursors_of(pages: Sequence[Page]) -> Cursors:
    """Where the pull stands after these pages."""
    return {page.object: page.cursor for page in pages}


def records_of(pages: Sequence[Page], object_name: str) -> dict[str, Record]:
    """The records of one object as they came last."""
    return {each.id: each for page in pages if page.object == object_name for each in page.records}


def live(records: Mapping[str, Record]) -> dict[str, Record]:
    """Those that are not gone."""
    return {key: each for key, each in records.items() if not each.gone}


def plain(kind: FieldType, value: FieldValue) -> object:
    """A value in the one form in which its spellings are equal."""
    if value is None or value == "":
        return None
    match kind:
        case FieldType.NUMBER:
            return round(float(value), 6)
        case FieldType.FLAG:
            return str(value).lower() == "true"
        case FieldType.INSTANT:
            return int(datetime.fromisoformat(str(value)).timestamp())
        case _:
            return str(value)


def comparable(
    described: ObjectDescription, fields: Mapping[str, FieldValue], *, names: Sequence[str]
) -> dict[str, object]:
    """These fields, each in comparable form."""
    return {name: plain(described.fields[name].type, fields.get(name)) for name in names}


def is_of(kind: FieldType, value: FieldValue) -> bool:
    """Whether a value is what its field's type promises; None is empty and fits any."""
    if value is None:
        return True
    try:
        match kind:
            case FieldType.NUMBER:
                float(value)
                return not isinstance(value, bool)
            case FieldType.FLAG:
                return str(value).lower() in {"true", "false"}
            case FieldType.INSTANT:
                return datetime.fromisoformat(str(value)).tzinfo is not None
            case FieldType.DATE:
                date.fromisoformat(str(value))
                return True
            case _:
                return isinstance(value, str)
    except ValueError:
        return False
