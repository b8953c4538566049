"""The options of a database connection, checked all at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from stagesync.connector import OptionsRefused, Role, Secret

_STRICT = ConfigDict(
    extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True
)
Name = Annotated[str, Field(min_length=1, max_length=128)]


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValueError("must be a zone such as UTC or Europe/Paris") from None
    return name


Names = Annotated[tuple[Name, ...], BeforeValidator(_several)]


class WriteBack(BaseModel):
    """A table of its own for what stagesync writes, beside a table or view that it only reads.

    Attributes:
        table: with its schema where it has one; `stagesync setup` makes it when it is missing.
        key: its column that holds the record's key.
    """

    model_config = _STRICT

    table: Name
    key: Name


class TableOptions(BaseModel):
    """One table or view whose rows are records.

    Attributes:
        table: its name, with its schema where it has one: `crm.people`.
        key: the column that tells rows apart: a number, a text or a UUID.
        changed: the column that says when a row was last changed: an instant, a date or Unix time.
        unit: what a `changed` column of numbers counts.
        created: the column that says when a row was made.
        links: object -> the columns that hold keys of its rows.
        gone: a column that is true, or filled, in rows that count as deleted.
        merged_into: a column that holds the key of the row that this one became part of.
        write: `columns` sets values in the table itself; a table of its own takes them beside it;
            without it nothing is written.
        choices: column -> the values that it takes, in their order.
        record_url: where people see a record, `{id}` standing for its key.
    """

    model_config = _STRICT

    table: Name
    role: Role
    key: Name
    changed: Name
    unit: Literal["seconds", "milliseconds"] = "seconds"
    created: Name | None = None
    links: dict[Name, Names] = {}
    gone: Name | None = None
    merged_into: Name | None = None
    write: Literal["columns"] | WriteBack | None = None
    choices: dict[Name, tuple[str, ...]] = {}
    record_url: str = ""

    @property
    def own_columns(self) -> frozenset[str]:
        """The columns that the database itself keeps: never written."""
        links = (name for names in self.links.values() for name in names)
        named = (self.key, self.changed, self.created, self.gone, self.merged_into, *links)
        return frozenset(name for name in named if name)


class Options(BaseModel):
    """A connection to one database.

    Attributes:
        url: SQLAlchemy's URL, without a password: `postgresql+psycopg://stagesync@db.example/crm`.
            A URL that holds one has to come as a secret.
        password: for the URL's user.
        tables: object -> the table of its records.
        overlap_s: how far a pull reaches back behind the last one, for rows committed late.
        page_size: rows of a page.
        batch_size: records written in one transaction.
        timeout_s: how long the database may take to answer.
        time_zone: of instants that are stored without a zone.
    """

    model_config = _STRICT

    url: Secret | str
    password: Secret | None = None
    tables: Annotated[dict[Name, TableOptions], Field(min_length=1)]
    overlap_s: Annotated[float, Field(ge=0)] = 300.0
    page_size: Annotated[int, Field(ge=1, le=100_000)] = 1000
    batch_size: Annotated[int, Field(ge=1, le=10_000)] = 500
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 30.0
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"

    @property
    def parsed_url(self) -> URL:
        """The URL as SQLAlchemy reads it, without the password that stands apart."""
        return make_url(self.url.reveal() if isinstance(self.url, Secret) else self.url)

    @model_validator(mode="after")
    def _url_is_one(self) -> Self:
        try:
            url = self.parsed_url
        except (ArgumentError, ValueError):
            raise ValueError("url: must be such as postgresql+psycopg://user@host/base") from None
        if url.password and not isinstance(self.url, Secret):
            raise ValueError("url: holds a password; give it as `password`, a secret")
        return self

    @model_validator(mode="after")
    def _links_lead_somewhere(self) -> Self:
        for name, table in self.tables.items():
            if unknown := sorted(set(table.links) - set(self.tables)):
                known = ", ".join(self.tables)
                raise ValueError(
                    f"tables.{name}.links: `{unknown[0]}` is no object; known: {known}"
                )
        return self


def read_options(options: Mapping[str, object]) -> Options:
    """The options of a connection.

    Raises:
        OptionsRefused: with every problem; values are never repeated, they may be secret.
    """
    try:
        return Options.model_validate(dict(options))
    except ValidationError as error:
        problems = [_problem(item) for item in error.errors(include_input=False, include_url=False)]
    raise OptionsRefused(problems)


def _problem(item: Any) -> tuple[str, str]:
    place = ".".join(map(str, item["loc"]))
    message = str(item["msg"]).removeprefix("Value error, ")
    if not place and ": " in message:
        place, _, message = message.partition(": ")
    return place, message
