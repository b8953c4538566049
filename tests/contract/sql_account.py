"""A product database, as the contract suite wants it: on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from stagesync.connector import Connector, Secret
from stagesync_sql import connect
from still_clock import StillClock

from .memory_account import NOON_S

LINKS = {"people": {"account": "company_id"}, "deals": {"contact": "person_id"}}
BESIDE = "people_stagesync"
TABLES = {"account": "companies", "contact": "people", "deal": "deals"}


def schema(metadata: sa.MetaData, *, beside: bool) -> None:
    """The tables of somebody's product; `beside` keeps what stagesync writes apart from them."""

    def table(name: str, *columns: sa.Column[Any]) -> None:
        stamps = [
            sa.Column(each, sa.DateTime(timezone=True))
            for each in ("created_at", "updated_at", "deleted_at")
        ]
        key = sa.Column("id", sa.Integer, primary_key=True)
        sa.Table(name, metadata, key, *columns, *stamps, sa.Column("merged_into", sa.Integer))

    written = [sa.Column("note", sa.String(200)), sa.Column("status", sa.Text)]
    table("companies", sa.Column("name", sa.Text))
    table(
        "people",
        *([] if beside else written),
        sa.Column("score", sa.Numeric(8, 2)),
        sa.Column("opted_out", sa.Boolean),
        sa.Column("born_on", sa.Date),
        sa.Column("company_id", sa.Integer),
    )
    table("deals", sa.Column("title", sa.Text), sa.Column("person_id", sa.Integer))
    if beside:
        sa.Table(BESIDE, metadata, sa.Column("person", sa.Integer, primary_key=True), *written)


class SqlAccount:
    """Seven companies, 45 people and five deals, made ten minutes apart.

    Args:
        beside: whether what stagesync writes goes into a table of its own.
        wrong_url: one that the database lets nobody in with; empty where it asks for nothing.
    """

    fields = {  # noqa: RUF012  the suite reads it, nobody changes it
        "account": ("name",),
        "contact": ("note", "status", "score", "opted_out", "born_on", "updated_at"),
        "deal": ("title",),
    }
    own_field = "own_stage"
    refused = ("status", "nonsense")

    def __init__(self, url: str, *, beside: bool = False, wrong_url: str = "") -> None:
        self._url, self._wrong_url, self._beside, self.clock = (
            url,
            wrong_url,
            beside,
            StillClock(NOON_S),
        )
        self.secrets = ("nobody-knows-this-one",)
        # Nothing here has to outlive a power cut.
        fast = {"options": "-c synchronous_commit=off"} if url.startswith("postgresql") else {}
        self._engine = sa.create_engine(url, connect_args=fast)
        if url.startswith("sqlite"):
            sa.event.listen(
                self._engine, "connect", lambda c, _: c.execute("PRAGMA synchronous=OFF")
            )
        self._metadata = sa.MetaData()
        schema(self._metadata, beside=beside)
        self._metadata.drop_all(self._engine)
        self._metadata.create_all(self._engine)
        self._fill()

    def _fill(self) -> None:
        """All rows in one transaction."""
        people = [
            {
                "note": f"note {n}" if n else "",
                "status": "new",
                "score": n / 2,
                "opted_out": n % 2 == 0,
                "born_on": date(1970, 1, 31),
                "company_id": 1 + n % 7,
            }
            for n in range(45)
        ]
        with self._engine.begin() as connection:
            self._insert(connection, "account", [{"name": f"Firm {n}"} for n in range(7)])
            self._insert(connection, "contact", people)
            deals = [{"title": f"Deal {n}", "person_id": 1 + n} for n in range(5)]
            self._insert(connection, "deal", deals)

    def _insert(self, connection: sa.Connection, object_name: str, rows: list[Any]) -> None:
        table, own = self._table(object_name), []
        for place, row in enumerate(rows, 1):
            self.clock.at_s += 600
            beside, inside = self._split(object_name, row)
            row.clear()
            row |= {**inside, "created_at": self._now, "updated_at": self._now}
            own += [{"person": place, **beside}] if beside else []
        connection.execute(sa.insert(table), rows)
        if own:
            connection.execute(sa.insert(self._metadata.tables[BESIDE]), own)

    def connect(self, *, wrong: bool = False) -> Connector:
        write: Any = {"table": BESIDE, "key": "person"} if self._beside else "columns"
        shared = {
            "key": "id",
            "changed": "updated_at",
            "created": "created_at",
            "gone": "deleted_at",
            "merged_into": "merged_into",
        }
        options = {
            "url": self._wrong_url if wrong else self._url,
            "page_size": 10,
            "batch_size": 20,
            "tables": {
                "account": {"table": "companies", "role": "account", **shared},
                "contact": {
                    "table": "people",
                    "role": "person",
                    "links": {"account": "company_id"},
                    "write": write,
                    "choices": {"status": ["new", "open", "done"]},
                    "record_url": "https://app.example/people/{id}",
                    **shared,
                },
                "deal": {
                    "table": "deals",
                    "role": "deal",
                    "links": {"contact": "person_id"},
                    **shared,
                },
            },
        }
        if self._wrong_url:
            options["password"] = Secret(self.secrets[0])
        return connect("sql", options, clock=self.clock)

    @property
    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.at_s, UTC)

    def _table(self, object_name: str) -> sa.Table:
        return self._metadata.tables[TABLES[object_name]]

    def create(self, object_name, values, *, links):
        linked = {LINKS[TABLES[object_name]][far]: int(ids[0]) for far, ids in links.items()}
        stamps = {"created_at": self._now, "updated_at": self._now}
        own, rest = self._split(object_name, values)
        with self._engine.begin() as connection:
            insert = sa.insert(self._table(object_name)).values(**rest, **linked, **stamps)
            made = connection.execute(insert).inserted_primary_key[0]
            if own:
                insert = sa.insert(self._metadata.tables[BESIDE]).values(person=made, **own)
                connection.execute(insert)
        return str(made)

    def _split(self, object_name: str, values: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """What lies beside the object's table, and what lies in it."""
        columns = self._table(object_name).columns
        inside = {name: value for name, value in values.items() if name in columns}
        return {name: value for name, value in values.items() if name not in columns}, inside

    def edit(self, object_name, record_id, values):
        own, rest = self._split(object_name, values)
        self._update(object_name, record_id, {**rest, "updated_at": self._now})
        if own:
            table = self._metadata.tables[BESIDE]
            with self._engine.begin() as connection:
                at = table.c.person == int(record_id)
                if not connection.execute(sa.update(table).where(at).values(own)).rowcount:
                    connection.execute(sa.insert(table).values(person=int(record_id), **own))

    def _update(self, object_name: str, record_id: str, values: dict[str, Any]) -> None:
        table = self._table(object_name)
        with self._engine.begin() as connection:
            connection.execute(sa.update(table).where(table.c.id == int(record_id)).values(values))

    def delete(self, object_name, record_id):
        self._update(object_name, record_id, {"deleted_at": self._now, "updated_at": self._now})

    def merge(self, object_name, loser, *, into):
        self.delete(object_name, loser)
        self._update(object_name, loser, {"merged_into": int(into), "updated_at": self._now})
        return into

    def held(self, object_name):
        table = self._table(object_name)
        with self._engine.begin() as connection:
            rows = connection.execute(sa.select(table).where(table.c.deleted_at.is_(None)))
            held = {str(row.id): _plain(row._asdict()) for row in rows}
            if self._beside and object_name == "contact":
                for row in connection.execute(sa.text(f"SELECT * FROM {BESIDE}")):
                    own = {key: value for key, value in row._asdict().items() if key != "person"}
                    held.get(str(row.person), {}).update(own)
        asked = (*self.fields[object_name], self.own_field)
        return {
            key: {name: value for name, value in row.items() if name in asked}
            for key, row in held.items()
        }

    def links(self, object_name):
        table = self._table(object_name)
        with self._engine.begin() as connection:
            rows = connection.execute(sa.select(table).where(table.c.deleted_at.is_(None))).all()
        named = LINKS.get(table.name, {})
        return {
            str(row.id): {
                far: (str(value),)
                for far, column in named.items()
                if (value := row._asdict()[column]) is not None
            }
            for row in rows
        }

    def settle(self):
        self.clock.at_s += 3600

    def close(self):
        self._engine.dispose()


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """As JSON would hold it; SQLite keeps no zone, so what it has is UTC."""
    return {
        name: (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
        if isinstance(value, datetime)
        else value.isoformat()
        if hasattr(value, "isoformat")
        else value
        for name, value in row.items()
    }


def ways_to_delete(connector: Any) -> list[Any]:
    """What the connector's own engine would have to send."""

    def sending(statement: str) -> Any:
        transport = connector._transport
        return lambda: transport.run(lambda each: each.execute(sa.text(statement)))

    return [
        sending(each)
        for each in (
            "DELETE FROM people",
            "WITH gone AS (SELECT 1) DELETE FROM people",
            "DROP TABLE people",
            "ALTER TABLE people DROP COLUMN note",
            "ALTER TABLE people RENAME TO persons",
            "/* harmless */ TRUNCATE people",
        )
    ]
