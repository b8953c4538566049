"""Everything that is kept about one person, as one document for that person: what they may ask to be given.

It goes by `store.personal`, table by table, so that nothing is left out; other people, and who works here, are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
from sqlalchemy import Connection

from stagesync.connector import Role
from stagesync.domain.chain import entry_of
from stagesync.engine.deployment import Deployment
from stagesync.engine.explain import explain
from stagesync.engine.forget import traces_named
from stagesync.engine.instants import iso
from stagesync.engine.report_words import ABOUT, SECTIONS, WORDS
from stagesync.engine.whose import rows_of as entries_of
from stagesync.errors import ArgumentError
from stagesync.store import links, records, saved, state, verdicts
from stagesync.store.forgotten import Traces
from stagesync.store.personal import HOLDINGS, rows_of
from stagesync.store.records import StoredRecord

Row = dict[str, Any]

NOW = ("position", "scores", "reasons", "facts", "deals", "treatment", "next")
"""What the report takes from `explain`: how things stand, and which CRM told what."""


def report(deployment: Deployment, who: str, *, now_s: float) -> dict[str, Any]:
    """The document of `stagesync explain --export`.

    Raises:
        ArgumentError: nobody, several, or an account.
    """
    with deployment.store.begin() as tx:
        traces = traces_named(tx, deployment, who)
        told = told_of(tx, deployment, traces)
    return {
        "report": ABOUT,
        "made_at": iso(now_s),
        "person": sorted(traces.people),
        "records": ["/".join(ref) for ref in sorted(traces.refs)],
        "now": _now(deployment, told),
        "sections": [
            {"section": name, "labels": labels, "rows": told[name]}
            for name, labels in SECTIONS.items()
        ],
        "words": WORDS,
    }


def _now(deployment: Deployment, told: Mapping[str, list[Row]]) -> dict[str, Any] | None:
    """Where they stand, why, and which CRM told each fact; None for somebody who is not placed."""
    try:
        found = explain(deployment, told["person"][0]["id"]) if told["person"] else None
    except ArgumentError:
        found = None
    if found is None:
        return None
    stages = {
        name: {"stage": stage, "labels": dict(_stage_labels(deployment, name, stage))}
        for name, stage in (found["stages"] or {}).items()
    }
    return {"stages": stages} | {name: found[name] for name in NOW}


def _stage_labels(deployment: Deployment, vocabulary: str, stage: str) -> Mapping[str, str]:
    known = deployment.vocabularies.get(vocabulary)
    found = (each.labels for each in known.stages if each.id == stage) if known else iter(())
    return next(found, {})


def told_of(tx: Connection, deployment: Deployment, traces: Traces) -> dict[str, list[Row]]:
    """Table -> what its rows tell of somebody, for every table that may."""
    view = _View(tx, deployment, traces)
    return {
        table: [*SPECIAL[table](view)] if table in SPECIAL else [*view.plainly(table)]
        for table in SECTIONS
    }


class _View:
    """The store, as far as it tells of one person.

    Attributes:
        own: their records, and what was told of them alone.
    """

    def __init__(self, tx: Connection, deployment: Deployment, traces: Traces) -> None:
        self.tx, self.deployment, self.traces = tx, deployment, traces
        self.own = records.records_where(tx, "pk", traces.pks)
        self._named = {each.pk: each for each in self.own}

    def plainly(self, table: str) -> Iterator[Row]:
        """The rows of a table as they are, without who works here."""
        for row in rows_of(self.tx, table, self.traces):
            if not self._is_others(row):
                yield self.readable(table, row)

    def readable(self, table: str, row: Row) -> Row:
        """A row in words: records by their CRM's ids, instants in UTC, texts as the values that they are."""
        found: Row = {}
        for column, value in row.items():
            if column in HOLDINGS[table].staff or column == "pk":
                continue
            if column.endswith("_pk"):
                name = column.removesuffix("_pk")
                found[name] = self.place(value)
            elif column.endswith("_s"):
                found[column.removesuffix("_s")] = None if value is None else iso(value)
            elif column in ("subject", "person") and value not in self.traces.people:
                found[column] = None
            else:
                found[column] = _decoded(value)
        return found

    def place(self, pk: int) -> str | None:
        """A record as its CRM names it; None for everything of somebody, and for another person's."""
        if pk not in self._named:
            self._named |= {each.pk: each for each in records.records_where(self.tx, "pk", [pk])}
        found = self._named.get(pk)
        if found is None or (pk not in self.traces.pks and self.role(found) is Role.PERSON):
            return None
        return f"{found.connection}/{found.object}/{found.id}"

    def role(self, record: StoredRecord) -> Role | None:
        """What kind of record it is."""
        return self.deployment.role(record.connection, record.object)

    def _is_others(self, row: Row) -> bool:
        """Whether a row that bears their id is of a record that is another person's by now."""
        pk = row.get("record_pk")
        return bool(pk) and pk not in self.traces.pks


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _links(view: _View) -> Iterator[Row]:
    for row in rows_of(view.tx, "link", view.traces):
        told = view.readable("link", row)
        if told["from"] and told["to"]:
            yield told


def _activities(view: _View) -> Iterator[Row]:
    """What happened to them; an activity of several people tells of the others nothing."""
    for row in rows_of(view.tx, "activity", view.traces):
        if row["owner_pk"] in view.traces.pks:
            yield view.readable("activity", row)


def _deals(view: _View) -> Iterator[Row]:
    """The deals that name them, or that they are joined to."""
    near = [*links.links_to(view.tx, view.traces.pks).values()]
    near += links.links_from(view.tx, view.traces.pks).values()
    found = records.records_where(view.tx, "pk", {pk for pks in near for pk in pks})
    pks = frozenset(each.pk for each in found if view.role(each) is Role.DEAL)
    for row in rows_of(view.tx, "deal", Traces(frozenset(), pks, frozenset())):
        yield view.readable("deal", row)


def _waiting(view: _View) -> Iterator[Row]:
    keys = {*map(str, view.traces.pks), *view.traces.people}
    for kind in ("record", "person", "plan"):
        for key, cause in state.dirty_causes(view.tx, kind).items():
            if key in keys:
                name = view.place(int(key)) if kind == "record" else key
                yield {"kind": kind, "key": name, "cause": str(cause)}


def _joins(view: _View) -> Iterator[Row]:
    """Without the one they may be one with."""
    for row in rows_of(view.tx, "held_join", view.traces):
        side = "one" if row["one"] in view.traces.people else "other"
        told = {"id": row["id"], "state": row["state"], "raised_at": iso(row["raised_at_s"])}
        yield {**told, "subject": row[side], "stage": row[f"stage_{side}"]}


def _verdicts(view: _View) -> Iterator[Row]:
    """Without the others whom it was about."""
    for each in verdicts.all_verdicts(view.tx):
        own = [pk for pk in each.records if pk in view.traces.pks]
        placed = {who: at for who, at in each.placed.items() if who in view.traces.people}
        before = {pk: who for pk, who in each.before.items() if who in view.traces.people}
        if own or placed or before:
            yield {
                "id": each.id,
                "says": each.word,
                "at": iso(each.said_at_s),
                "records": [view.place(pk) for pk in own],
                "before": [
                    {"subject": who, "position": at.position, "stages": at.stages}
                    for who, at in placed.items()
                ],
            }


def _saved(view: _View) -> Iterator[Row]:
    for row in saved.values_of(view.tx, view.traces.pks, view.traces.people):
        if row["record_pk"] in view.traces.pks:
            yield view.readable("plan_entry", row)


def _log(view: _View) -> Iterator[Row]:
    """The log: what was written where, and why; other people and who works here left out."""
    ids, refs = view.traces.people, {"/".join(ref) for ref in view.traces.refs}
    for row in entries_of(view.tx, ids, view.own):
        entry = entry_of(row.sealed)
        place = "/".join((entry["connection"] or "", entry["object"] or "", entry["id"] or ""))
        if entry["id"] and place not in refs:
            continue
        result = {key: value for key, value in (entry["result"] or {}).items() if key != "with"}
        if "records" in result:
            result["records"] = [each for each in result["records"] if each in refs]
        entry["result"] = result
        entry["actor"] = entry["actor"] if entry["actor"] == "stagesync" else None
        entry["person"] = entry["person"] if entry["person"] in ids else None
        if "identity" in result:
            entry |= {key: entry[key] if entry[key] in ids else None for key in ("before", "after")}
        yield entry


SPECIAL: Mapping[str, Callable[[_View], Iterator[Row]]] = {
    "link": _links,
    "activity": _activities,
    "deal": _deals,
    "dirty": _waiting,
    "held_join": _joins,
    "verdict": _verdicts,
    "saved_plan": _saved,
    "audit": _log,
}
"""Table -> how it is read, where its rows are not somebody's alone."""
