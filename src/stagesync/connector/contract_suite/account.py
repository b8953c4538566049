"""The CRM account under test, as the suite sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from stagesync.connector import Connector, FieldValue, Link


class Account(Protocol):
    """An account with records in it, and what people and other programs do there.

    The subject of the writing tests is the first object of the connector that is a person, writable
    and among `fields`.

    Attributes:
        fields: object -> the fields to ask for. The subject's first one is a text that takes any text.
        own_field: a name that an own field of the subject may bear, and that no field has yet.
        refused: (field, value) of the subject, a value that the CRM does not take; the field is empty
            where it takes everything.
        secrets: texts that nothing may show: what the connector was given to log in with.
    """

    fields: Mapping[str, tuple[str, ...]]
    own_field: str
    refused: tuple[str, FieldValue]
    secrets: tuple[str, ...]

    def connect(self, *, wrong: bool = False) -> Connector:
        """A new connector to this account.

        Args:
            wrong: with credentials that the CRM does not accept.
        """
        ...

    def held(self, object_name: str) -> Mapping[str, Mapping[str, FieldValue]]:
        """The live records by id, straight from the CRM: the truth that the connector is held against.

        A field of which the account cannot tell the value is left out.
        """
        ...

    def links(self, object_name: str) -> Mapping[str, Link]:
        """What the live records name; those that name nothing may be left out."""
        ...

    def create(
        self,
        object_name: str,
        values: Mapping[str, FieldValue],
        *,
        links: Mapping[str, tuple[str, ...]],
    ) -> str:
        """Make a record as a person would; returns its id. What the CRM demands besides is filled in."""
        ...

    def edit(self, object_name: str, record_id: str, values: Mapping[str, FieldValue]) -> None:
        """Change some fields as a person would."""
        ...

    def delete(self, object_name: str, record_id: str) -> None:
        """Throw a record away as a person would."""
        ...

    def merge(self, object_name: str, loser: str, *, into: str) -> str:
        """Make one record of two as a person would; returns the id of what both are now.

        Asked for only where merges are told.
        """
        ...

    def settle(self) -> None:
        """Let time pass: what was done is visible then, and lies further back than any overlap."""
        ...
