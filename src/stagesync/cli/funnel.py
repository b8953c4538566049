"""`stagesync funnel`: who stands where, who gets on, how long it takes, and where it leaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import instant_of, on_terminal, print_json, print_rows
from stagesync.cli.online import opened
from stagesync.errors import ArgumentError

WIDTH = 5
"""Characters of the longest bar."""


@click.command(short_help="Who stands where, who gets on, and where it leaks.")
@click.option("--vocabulary", metavar="NAME", help="Its stages instead of the main vocabulary's.")
@click.option("--since", metavar="INSTANT", default="", help="Count who moved from then on.")
@click.option("--at", metavar="INSTANT", default="", help="How things stood then.  [default: now]")
@click.option("--by", type=click.Choice(["week", "month"]), help="Also list weeks or months.")
@click.option("--accounts", is_flag=True, help="Accounts instead of people.")
@shared_options(json="One JSON document.")
def funnel(
    *,
    vocabulary: str | None,
    since: str,
    at: str,
    by: str | None,
    accounts: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Counts people by stage, and how they move from stage to stage.

    \b
    Example:
      stagesync funnel --vocabulary buyer-journey --at 2026-09-30T23:59:59Z --by month

    Answers from the stored history, for any vocabulary; asks no CRM.
    """
    from stagesync.engine.funnel import funnel as measure

    with opened(config) as found:
        deployment = found.deployment
        name = vocabulary or deployment.main_vocabulary
        if name not in deployment.vocabularies:
            known = ", ".join(sorted(deployment.vocabularies))
            raise ArgumentError(f"no vocabulary `{name}`; known: {known}")
        now_s = found.clock.now_s()
        at_s = instant_of("--at", at) if at else now_s
        since_s = instant_of("--since", since) if since else None
        _demand_order(since_s, at_s, now_s=now_s)
        document = measure(
            deployment,
            name,
            kind="account" if accounts else "person",
            at_s=at_s,
            since_s=since_s,
            by=by,
        )
        language = deployment.language
    if as_json:
        print_json(document)
    else:
        show(document, language)


def _demand_order(since_s: float | None, at_s: float, *, now_s: float) -> None:
    if at_s > now_s:
        raise ArgumentError("--at lies in the future: nobody knows yet")
    if since_s is not None and since_s > at_s:
        raise ArgumentError("--since must not be later than --at")


def show(document: Mapping[str, Any], language: str) -> None:
    """A funnel for people, in their language's labels."""
    labels = {each["id"]: each["labels"][language] for each in document["stages"]}
    _show_stages(document, labels)
    _show_steps(document, labels)
    _show_periods(document["periods"])
    _show_handover(document, labels)
    _show_loop(document["loop"])
    for gap in document["gaps"]:
        click.echo(f"gap: {_gap(gap, labels)}")
    _show_what_is_unknown(document)


def _show_stages(document: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    most = max((each["people"] for each in document["stages"]), default=0)
    rows = [
        (
            labels[each["id"]],
            *((_bar(each["people"], most),) if on_terminal() else ()),
            str(each["people"]),
            str(each["entered"]),
            str(each["fell"]),
            _percent(each["skipped"]),
            _days(each["days"], "median"),
            _days(each["days_so_far"], "median"),
            str(each["since_unknown"]),
        )
        for each in document["stages"]
    ]
    bars = ("",) if on_terminal() else ()
    columns = (
        "stage",
        *bars,
        document["of"],
        "entered",
        "fell back",
        "skipped",
        "days there",
        "so far",
        "since ever",
    )
    title = f"{document['labels'].get('en', document['vocabulary'])}, {document['at']}"
    print_rows(title, columns, rows)


def _bar(people: int, most: int) -> str:
    """At least a sliver for anybody at all."""
    eighths = round(people / most * WIDTH * 8) if most else 0
    eighths = max(eighths, 1) if people else 0
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _show_steps(document: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    order = [each["id"] for each in document["stages"] if each["rank"] is not None]
    following = dict(pairwise(order))
    rows = [
        (
            f"{labels[each['from']]} > {labels[each['to']]}",
            str(each["entered"]),
            str(each["reached"]),
            _percent(each["share"]),
            "" if each["median_days"] is None else f"{each['median_days']:.1f}",
        )
        for each in document["conversion"]
        if following.get(each["from"]) == each["to"]
    ]
    print_rows(
        f"conversion since {document['since']}",
        ("step", "entered", "went on", "share", "median days"),
        rows,
    )


def _show_periods(periods: Sequence[Mapping[str, Any]]) -> None:
    rows = [
        (
            each["from"][:10],
            *(_count(each[name]) for name in ("mql", "sql", "handed_over")),
            "" if each["whole"] else "not whole",
        )
        for each in periods
    ]
    print_rows("by period", ("from", "MQL", "SQL", "handed over", ""), rows)


def _show_handover(document: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    counts, found = document["counts"], document["handover"]
    told = [f"{counts[name]} {name.upper()}" for name in ("mql", "sql") if counts[name] is not None]
    if told:
        click.echo(f"since {document['since']}: {', '.join(told)}")
    if found is None:
        return
    stages = ", ".join(labels[each] for each in found["stages"])
    days = found["median_days"]
    click.echo(
        f"handed over ({stages}): {found['people']}, accepted {found['accepted']}, returned"
        f" {found['returned']}, waiting {found['waiting']}"
        + ("" if days is None else f"; half of the accepted within {days:.1f} days")
    )


def _show_loop(loop: Mapping[str, Any] | None) -> None:
    if loop is None or loop["clients"] is None:
        return
    advocates = (
        "no word for advocates"
        if loop["advocates"] is None
        else f"{loop['advocates']} of them advocates"
    )
    referred = "no mapping tells who referred whom"
    if loop["referred"] is not None:
        referred = (
            f"{loop['referred']} people came by referral, {loop['by_advocates']} of them by advocates,"
            f" {loop['arrived']} in this period; {loop['became_clients']} are clients"
        )
    click.echo(f"loop: {loop['clients']} clients, {advocates}; {referred}")


def _gap(gap: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    stage, to = labels[gap["stage"]], labels.get(gap["to"] or "", "")
    match gap["kind"]:
        case "unused":
            return f"nobody was at {stage}"
        case "empty":
            return f"nobody is at {stage} now"
        case "skipped":
            return f"{_percent(gap['share'])} of those who went past {stage} jumped over it"
        case "biggest_drop":
            return f"most are lost from {stage} to {to}: {_percent(gap['share'])} went on"
        case _:
            return (
                f"from {stage} to {to} {_percent(gap['share'])} went on last week, usually"
                f" {_percent(gap['usual'])}"
            )


def _show_what_is_unknown(document: Mapping[str, Any]) -> None:
    click.echo(
        f"{document['people']} {document['of']}; nothing is known before {document['known_since']}"
    )
    unknown = sum(each["since_unknown"] for each in document["stages"])
    if unknown:
        click.echo(
            f"{unknown} stand where they were first seen, or where new definitions put them: since when"
            " is not known, and they count as entering nothing"
        )
    if document["untold"]:
        click.echo(f"{document['untold']} stand where only an earlier policy had words for it")
    if not document["usual_known"]:
        click.echo("no step is held against its usual: thirteen whole weeks are needed for that")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def _days(times: Mapping[str, Any] | None, which: str) -> str:
    return "" if times is None else f"{times[which]:.1f}"


def _count(number: int | None) -> str:
    return "no word for it" if number is None else str(number)
