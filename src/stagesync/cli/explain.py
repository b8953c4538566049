"""`stagesync explain`: why somebody stands where they stand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import instant_of, print_json, print_rows
from stagesync.cli.online import opened
from stagesync.errors import ArgumentError

NEWEST = 12
"""Activities shown to people; `--json` has them all."""

SPARK = 48
"""Steps of a score's line."""

BLOCKS = "▁▂▃▄▅▆▇█"

ANSWERED = {"overwrite": "written over", "respect": "respected", "adopt": "adopted"}
"""What was done about an edit -> for people."""


@click.command(short_help="Why somebody stands where they stand.")
@click.argument("who")
@click.option("--at", "at", metavar="INSTANT", help="As it was explained then.  [default: now]")
@click.option(
    "--export",
    "export",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="All that is kept about a person, for that person, into a file; `-` prints it.",
)
@shared_options(json="One JSON document.")
def explain(
    *, who: str, at: str | None, export: Path | None, config: Path | None, as_json: bool
) -> None:
    """WHO is an e-mail, a CRM record id, or an id of ours. Asks no CRM: tells what was stored.

    \b
    Example:
      stagesync explain p_1f2e3d4c5b6a
    """
    from stagesync.engine.explain import explain as look
    from stagesync.engine.explain import explain_then

    at_s = None if at is None else instant_of("--at", at)
    if export:
        _export(who, export, at=at, config=config)
        return
    with opened(config) as found:
        then = None if at_s is None else explain_then(found.deployment, who, at_s=at_s)
        document = then or look(found.deployment, who)
    if as_json:
        print_json(document)
    elif then:
        _show_then(document)
    else:
        _show(document)


def _export(who: str, file: Path, *, at: str | None, config: Path | None) -> None:
    import orjson

    from stagesync.engine.report import report

    if at:
        raise ArgumentError("--at and --export do not go together: the export is of now")
    with opened(config) as found:
        document = report(found.deployment, who, now_s=found.clock.now_s())
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    if str(file) == "-":
        click.echo(text)
        return
    # It is somebody's whole file here: nobody else on this machine reads it.
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        os.fchmod(out.fileno(), 0o600)
        out.write(f"{text}\n")
    click.echo(f"{file}: {sum(len(each['rows']) for each in document['sections'])} rows")


def _show_then(document: Mapping[str, Any]) -> None:
    click.echo(
        f"{document['kind']} {document['id']}, placed {document['evaluated_at']}"
        f" by policy {document['policy']} in run {document['run']}\n"
    )
    print_rows("position", ("axis", "level"), list(document["position"].items()))
    print_rows(
        "stage in every vocabulary", ("vocabulary", "stage"), list(document["stages"].items())
    )
    _show_scores(document)


def _show(document: Mapping[str, Any]) -> None:
    click.echo(
        f"{document['kind']} {document['id']}, evaluated {document['evaluated_at']}"
        f" by policy {document['policy']}\n"
    )
    print_rows("position", ("axis", "level"), list(document["position"].items()))
    print_rows(
        "stage in every vocabulary", ("vocabulary", "stage"), list(document["stages"].items())
    )
    _show_scores(document)
    _show_courses(document)
    _show_members(document)
    _show_facts(document["facts"])
    _show_activities(document["activities"])
    _show_records(document["records"])
    _show_history(document)
    _show_holds(document["holds"])
    _show_around(document)
    _show_next(document)
    _show_would(document)


def _show_scores(document: Mapping[str, Any]) -> None:
    for score, total in document["scores"].items():
        lines = [each for each in document["reasons"] if each["score"] == score]
        rows = [(each["rule"], f"{each['points']:+.2f}", each["because"]) for each in lines]
        rows.append(("total", f"{total:.2f}", ""))
        print_rows(f"score: {score}", ("rule", "points", "because"), rows)
    levels = [(e["axis"], e["level"], e["because"]) for e in document["reasons"] if not e["score"]]
    print_rows("levels", ("axis", "level", "because"), levels)


def _show_courses(document: Mapping[str, Any]) -> None:
    """Each score that time moves, as a line of blocks; the bar stands at the present."""
    from stagesync.domain.course import spark

    rows = []
    for each in document.get("courses", ()):
        points = each["points"]
        steps = spark(points, SPARK)
        top = max(*steps, *(one["enter"] for one in each["thresholds"]), 1.0)
        blocks = [BLOCKS[min(7, max(0, int(8 * value / top)))] for value in steps]
        start_s, end_s = points[0][0], points[-1][0]
        now = int(SPARK * (each["now_s"] - start_s) / ((end_s - start_s) or 1.0))
        line = "".join(blocks[:now]) + "|" + "".join(blocks[now:])
        lifts = ", ".join(
            f"{one['axis']} {one['level']} from {one['enter']:g}" for one in each["thresholds"]
        )
        rows.append((each["score"], _day(start_s), line, _day(end_s), lifts))
    print_rows("scores over time", ("score", "from", "", "to", "lifts to"), rows)


def _show_members(document: Mapping[str, Any]) -> None:
    """An account's people, who moved last first."""
    members = document.get("people")
    if members is None:
        return
    rows = [(each["id"], each["stage"], each["since"] or "") for each in members["rows"][:NEWEST]]
    print_rows(f"people, {len(rows)} of {members['count']}", ("id", "stage", "since"), rows)


def _show_around(document: Mapping[str, Any]) -> None:
    """Deals, joins that wait, and what was done against the treatment."""
    deals = [
        (
            each["id"],
            each["status"],
            each["at"] or "",
            "names nobody" if each["contactless"] else "",
        )
        for each in document["deals"]
    ]
    print_rows("deals", ("deal", "status", "at", ""), deals)
    joins = [(e["join"], e["with"], e["stage"], e["since"]) for e in document.get("joins", ())]
    print_rows("joins to decide", ("join", "with", "stage", "since"), joins)
    breaches = [
        (each["at"], each["rule"], each["activity"], each["stage"])
        for each in document.get("breaches", ())
    ]
    print_rows("against the treatment", ("at", "rule", "activity", "stage"), breaches)


def _day(at_s: float) -> str:
    from stagesync.engine.instants import iso

    return iso(at_s)[:10]


def _place(told: Mapping[str, str]) -> str:
    return f"{told['connection']} {told['object']}/{told['id']}"


def _show_facts(facts: Mapping[str, Any]) -> None:
    rows = [
        (
            name,
            _text(one["value"]),
            _place(one["from"]),
            ", ".join(
                f"{each['connection']} says {_text(each['value'])}" for each in one["others"]
            ),
        )
        for name, one in facts.items()
    ]
    print_rows("facts, and who told them", ("fact", "value", "from", "others"), rows)


def _show_activities(activities: list[Mapping[str, Any]]) -> None:
    rows = [
        (
            each["at"],
            each["type"] if each["took_place"] else f"{each['type']} (did not take place)",
            f"{each['connection']} {each['source']}",
        )
        for each in activities[:NEWEST]
    ]
    title = f"activities, newest {len(rows)} of {len(activities)}"
    print_rows(title, ("at", "type", "told by"), rows)


def _show_records(records: list[Mapping[str, Any]]) -> None:
    rows = []
    for each in records:
        reasons = {one["field"]: one for one in each["differences"]}
        for field, value in each["values"].items():
            left = reasons.get(field)
            note = f"wanted {_text(left['wanted'])}: {left['reason']}" if left else ""
            note += f", from {left['until']}" if left and left["until"] else ""
            rows.append((_place(each), field, _text(value), note))
    print_rows("values in each CRM", ("record", "field", "value", "left as it is"), rows)


def _show_history(document: Mapping[str, Any]) -> None:
    rows = [
        (each["at"], each["stage_from"] or "(new)", _reached(document, each), each["run"])
        for each in document["history"]
    ]
    print_rows("stages so far", ("at", "from", "to", "run"), rows)
    changes = [
        (
            each["at"],
            _place(each),
            each["field"],
            _text(each["before"]),
            _text(each["after"]),
            _result(each["result"]),
        )
        for each in document["changes"]
        if each["id"]
    ]
    columns = ("at", "record", "field", "before", "after", "result")
    print_rows("what was written, and whose records they were", columns, changes)
    joins = [
        (each["at"], each["result"]["with"], each["result"]["join"], each["actor"])
        for each in document["changes"]
        if "join" in each["result"]
    ]
    print_rows("joins decided", ("at", "with", "result", "by"), joins)
    _show_verdicts(document["verdicts"])


def _reached(document: Mapping[str, Any], each: Mapping[str, Any]) -> str:
    """The stage that somebody came to, and those that they passed on a jump."""
    passed = ", ".join(each["implied"].get(document["vocabulary"], ()))
    return f"{each['stage_to']} (past {passed})" if passed else str(each["stage_to"])


def _result(result: Mapping[str, Any]) -> str:
    if "identity" in result:
        return str(result["identity"])
    if "edit" in result:
        return f"somebody's edit, {ANSWERED[result['edit']]}"
    return "written" if "written" in result else f"refused: {result['words']}"


def _show_verdicts(verdicts: list[Mapping[str, Any]]) -> None:
    rows = [
        (
            each["verdict"],
            each["says"],
            ", ".join((*each["records"], *each["others"])),
            each["by"],
            each["at"],
            f"by {each['undone_by']}" if each["undone_by"] else "",
        )
        for each in verdicts
    ]
    print_rows("verdicts", ("id", "says", "records", "by", "at", "undone"), rows)


def _show_holds(holds: list[Mapping[str, Any]]) -> None:
    rows = [
        (
            each["kind"],
            each["field"] or "everything",
            each["since"],
            each["ended"] or each["until"] or "until released",
            each["by"],
            each["why"] + (f"; ended by {each['ended_by']}" if each["ended_by"] else ""),
        )
        for each in holds
    ]
    print_rows("left alone", ("kind", "field", "since", "until", "by", "why"), rows)


def _show_next(document: Mapping[str, Any]) -> None:
    _show_treatment(document["treatment"])
    following = document["next"]
    if following is None:
        click.echo("next: time alone changes nothing")
        return
    changes = [
        f"{name} {before} -> {after}" for name, (before, after) in following["changes"].items()
    ]
    stages = [f"{name} {stage}" for name, stage in following["stages"].items()]
    click.echo(f"next, if nothing happens before {following['at']}: {', '.join(changes)}")
    if stages:
        click.echo(f"  which makes {', '.join(stages)}")


def _show_would(document: Mapping[str, Any]) -> None:
    """What one piece of evidence more would do."""
    main = document["vocabulary"]
    rows = []
    for group in document.get("would", ()):
        stages = group["stages"].get(main)
        levels = ", ".join(f"{axis} {after}" for axis, (_, after) in group["changes"].items())
        rows.append(
            (stages[1] if stages else "", levels, "; ".join(map(_evidence, group["evidence"])))
        )
    print_rows("what would move them", ("stage", "levels", "evidence"), rows)


def _evidence(each: Mapping[str, Any]) -> str:
    if each["kind"] == "activity":
        return f"{each['count']} {each['name']}"
    if each["kind"] == "deal":
        return f"a deal {each['name']}"
    if each["kind"] == "fact":
        return f"{each['name']} said by sales"
    return f"{each['name']} known and as a rule asks"


def _show_treatment(treatment: Mapping[str, Any]) -> None:
    if not treatment:
        return
    advice = f": {treatment['advice']['en']}" if "advice" in treatment else ""
    click.echo(f"treatment: {treatment.get('content', 'as you choose')}{advice}")
    for never in treatment.get("never") or ():
        click.echo(f"  never {never['labels']['en'] if isinstance(never, Mapping) else never}")


def _text(value: object) -> str:
    """A value as people write it: whole numbers without `.0`, flags as yes and no."""
    match value:
        case None | "":
            return "(empty)"
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)
