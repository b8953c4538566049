"""The one collection of all tables, and the kinds of column they are made of."""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, MetaData, Text

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def text(name: str, *, null: bool = False, key: bool = False) -> Column[str]:
    """Text; of a structured value, JSON."""
    return Column(name, Text, nullable=null, primary_key=key)


def sought(name: str, *, key: bool = False) -> Column[str]:
    """Text that is searched by its beginning: in the order of its bytes, whatever the database's language."""
    kind = Text().with_variant(Text(collation="C"), "postgresql")
    return Column(name, kind, nullable=False, primary_key=key)


def instant(name: str, *, null: bool = False, key: bool = False) -> Column[float]:
    """Unix seconds."""
    return Column(name, Float, nullable=null, primary_key=key)


def whole(name: str, *, null: bool = False, key: bool = False) -> Column[int]:
    """A whole number, as we give it; a yes or no is 1 or 0."""
    return Column(name, Integer, nullable=null, primary_key=key, autoincrement=False)
