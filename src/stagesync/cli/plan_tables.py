"""Plans on the screen: one, several, and what differs between two."""

from __future__ import annotations

from typing import Any

import click

from stagesync.cli.offline import print_json, print_rows

SHOWN = 20
"""Entries that people see of a long plan; `--json` has them all."""


def show_plan(document: dict[str, Any], *, as_json: bool) -> None:
    """A plan for people, or whole as JSON."""
    if as_json:
        print_json(document)
        return
    writes = sorted(document["writes"], key=_weight)
    rows = [
        (
            each["connection"],
            f"{each['object']}/{each['id']}",
            each["field"],
            _shown(each["before"]),
            _shown(each["after"]) + (" (back)" if each["back"] else ""),
            _reason(each["because"]),
        )
        for each in writes[:SHOWN]
    ]
    columns = ("connection", "record", "field", "before", "after", "because")
    more = f", {len(rows)} of {len(writes)} values" if len(writes) > len(rows) else ""
    print_rows(f"plan {document['plan']}{more}", columns, rows)
    for kind, noun, title in (
        ("stages", "people", "people who move"),
        ("accounts", "accounts", "accounts that move"),
    ):
        moves = [
            (stage_from, stage_to, str(count))
            for stage_from, to in document["counts"][kind].items()
            for stage_to, count in to.most_common()
        ]
        print_rows(title, ("from", "to", noun), moves)
    _show_cost(document)
    click.echo(f"{len(writes)} values would be written, {document['held']} of them held")
    if document["back"]:
        click.echo(f"{document['back']} of them move a vendor's field back")
    for name, count in document.get("out_of_scope", {}).items():
        if count:
            click.echo(f"{name}: {count} records are out of scope: read, never written")
    for name, reasons in document.get("left", {}).items():
        if count := reasons.get("dropped"):
            click.echo(f"{name}: {count} values were dropped, and wait for other facts")
    held = [
        (each["cause"], each["from"] or "(new)", each["to"], str(each["subjects"]), each["why"])
        for each in document["groups"]
    ]
    if held:
        print_rows("held", ("cause", "from", "to", "people", "why"), held)
    if document["held"] and document.get("state", "held") == "held":
        click.echo(f"hint: stagesync approve {document['plan']}")


def show_list(document: dict[str, Any], *, as_json: bool) -> None:
    """The plans that were kept, for people, or as JSON."""
    if as_json:
        print_json(document)
        return
    rows = [
        (
            each["plan"],
            each["made_at"],
            each["state"],
            each["decided_by"] or "",
            str(each["values"]),
            str(each["subjects"]),
            ", ".join(f"{cause} {count}" for cause, count in each["causes"].items()),
        )
        for each in document["plans"]
    ]
    columns = ("plan", "made at", "state", "decided by", "values", "people", "causes")
    print_rows("plans", columns, rows)
    if not rows:
        click.echo("no plan was shown, held or decided yet")


def show_diff(document: dict[str, Any], *, as_json: bool) -> None:
    """What differs between two plans, for people, or as JSON."""
    if as_json:
        print_json(document)
        return
    kinds = ("added", "gone", "changed")
    differing = [(kind, each) for kind in kinds for each in document[kind]]
    rows = [
        (
            kind,
            each["connection"],
            f"{each['object']}/{each['id']}",
            each["field"],
            _shown(each["before"]),
            _shown(each["after"]),
            f"{_shown(each['old_before'])} > {_shown(each['old_after'])}"
            if kind == "changed"
            else "",
        )
        for kind, each in differing[:SHOWN]
    ]
    old, new = document["old"]["plan"], document["new"]["plan"]
    columns = ("what", "connection", "record", "field", "before", "after", "then")
    print_rows(f"from {old} to {new}", columns, rows)
    moves = [
        (each["from"] or "(new)", each["to"], str(each["old"]), str(each["new"]))
        for each in document["moves"]
        if each["old"] != each["new"]
    ]
    print_rows("people and accounts", ("from", "to", "then", "now"), moves)
    counts = ", ".join(f"{len(document[kind])} {kind}" for kind in kinds)
    click.echo(f"{counts}, {document['same']} the same")
    for each in (document["old"], document["new"]):
        if not each.get("whole", True):
            click.echo(f"{each['plan']} is larger than what is kept of it: {each['values']} values")


def _show_cost(document: dict[str, Any]) -> None:
    """The calls that it takes, and the hours where so many may be written in one and no more."""
    rows = [
        (
            name,
            str(each["values"]),
            str(each["records"]),
            f"{document['calls'][name]} ({each['reads']} to look once more, {each['writes']} to write)",
            "at once" if each["hours"] is None else f"{each['hours']} hours",
        )
        for name, each in document["cost"].items()
    ]
    print_rows("what it takes", ("connection", "values", "records", "calls", "time"), rows)


def _weight(write: dict[str, Any]) -> tuple[bool, bool]:
    """What says most comes first: people before accounts, stages before scores and dates."""
    return str(write["person"]).startswith("a_"), write["after"] != write["stage_to"]


def _shown(value: object) -> str:
    return "(empty)" if value in (None, "") else str(value)


def _reason(because: list[dict[str, Any]]) -> str:
    """The weightiest line; `explain` has them all."""
    if not because:
        return ""
    line = max(because, key=lambda each: abs(each["points"]))
    return f"{line['rule']} {line['points']:+.1f}" if line["points"] else str(line["rule"])
