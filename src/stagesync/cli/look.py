"""The command that shows how a deployment stands: `status`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import print_json, print_rows
from stagesync.cli.online import opened

COUNTED = "records counted"
QUOTA = ("used_by_us", "used_by_others", "limit", "budget")


@click.command(short_help="Connections, lag, backlog, held plans, last runs.")
@shared_options(json="One JSON document.")
def status(*, config: Path | None, as_json: bool) -> None:
    """Says how the deployment stands, from its store; asks no CRM.

    \b
    Example:
      stagesync status
    """
    from stagesync.engine.overview import counted
    from stagesync.engine.status import status as look

    with opened(config) as found:
        deployment, now_s = found.deployment, found.clock.now_s()
        document = look(deployment, now_s=now_s)
        with deployment.store.read() as tx:
            document |= counted(tx, deployment, deployment.main_vocabulary)
    if as_json:
        print_json(document)
        return
    _show_connections(document["connections"])
    rows = _slow_work(document["connections"], now_s)
    print_rows("slow work", ("connection", "what", "last", "next", "how it stands"), rows)
    _show_funnel(document["funnel"])
    left = [
        (name, reason, str(count))
        for name, reasons in document["differences"].items()
        for reason, count in reasons.items()
    ]
    print_rows("left as they are", ("connection", "why", "fields"), left)
    click.echo(
        f"{document['people']} people, {document['accounts']} accounts,"
        f" backlog {document['backlog']}, waiting {document['waiting']}"
    )
    if document["forgotten"]:
        click.echo(f"{document['forgotten']} records were forgotten and are not taken in again")
    _show_agreement(document["agreement"])
    for each in document["left"]:
        until = f"until {each['until']}" if each["until"] else "for ever"
        told = f"its {each['records']} records are kept {until}"
        click.echo(f"{each['connection']} is not in the settings since {each['since']}: {told}")
    for each in _at_work(document["lease"]):
        click.echo(each)
    if trouble := document["store"]["trouble"]:
        click.echo(f"the store cannot be written: {trouble}\nhint: {document['store']['hint']}")
    _show_what_waits(document)


def _show_funnel(funnel: Mapping[str, Any]) -> None:
    """Who stands where, and how those get on who came within the year."""
    rows = [
        (
            each["id"],
            str(each["people"]),
            "" if each["entered"] is None else str(each["entered"]),
            f"{each['next']['share']:.0%}" if each["next"] else "",
            f"{each['days']['median']:.1f}" if each["days"] else "",
        )
        for each in funnel["stages"]
        if each["people"] or each["entered"]
    ]
    print_rows("people", ("stage", "people", "entered", "went on", "days there"), rows)
    whole = [each for each in funnel["weeks"] if each["whole"] and each["mql"] is not None]
    if whole:
        told = ", ".join(str(each["mql"]) for each in whole[-4:])
        click.echo(f"MQL in the last {len(whole[-4:])} whole weeks: {told}")
    if funnel["as_of"]:
        click.echo(
            f"entered, went on, days there: since {funnel['since']}, as of {funnel['as_of']};"
            " stagesync funnel tells more"
        )


def _show_agreement(found: Mapping[str, Any] | None) -> None:
    if found is None or not found["people"]:
        return
    vendor = "nobody" if found["vendor"] is None else f"{found['vendor']:.0%}"
    click.echo(
        f"{found['people']} people are in several CRMs: for {vendor} of those who bear a stage in several"
        f" the CRMs' own words can all be true, for {found['own']:.0%} our field is the same everywhere;"
        f" as of {found['as_of']}"
    )


def _at_work(lease: Mapping[str, Any]) -> Iterator[str]:
    """Who works on the store, and who waits to."""
    daemons = [lease["daemon"]] if lease["daemon"] else []
    kinds = {"daemon": daemons, "standing by": lease["standby"]}
    if lease["run"]:
        kinds["a run"] = [lease["run"]]
    for kind, found in kinds.items():
        for each in found:
            yield f"{kind}: process {each['pid']} on {each['host']}, since {each['since']}"


def _show_connections(connections: list[dict[str, Any]]) -> None:
    """How each stands, and what is used of its vendor's day."""
    rows = [
        (
            each["connection"],
            each["mode"],
            f"{each['lag_s']:.0f} s ago" if each["lag_s"] is not None else "not complete",
            each["trouble"] or "well",
        )
        for each in connections
    ]
    print_rows("connections", ("connection", "mode", "pulled", "state"), rows)
    allowances = [
        (each["connection"], *(_told(each["quota"][key]) for key in QUOTA))
        for each in connections
        if each["quota"]
    ]
    print_rows(
        "calls of the vendor's day", ("connection", "ours", "others", "limit", "budget"), allowances
    )


def _slow_work(connections: list[dict[str, Any]], now_s: float) -> list[tuple[str, ...]]:
    """A line per connection and kind of work: the oldest of its objects, and the first to be due."""
    rows: list[tuple[str, ...]] = []
    for each in connections:
        for what in dict.fromkeys(one["what"] for one in each["rounds"]):
            found = [one for one in each["rounds"] if one["what"] == what]
            done = [one["done_at"] for one in found]
            due = [one["due_at"] for one in found if one["due_at"] is not None]
            under_way = [one["object"] for one in found if one["under_way"]]
            how = f"under way: {', '.join(under_way)}" if under_way else ""
            if what == COUNTED:
                how = _differing(each["counts"])
            last = "never" if None in done else f"{_span(now_s - _seconds(min(done)))} ago"
            ahead_s = _seconds(min(due)) - now_s if due else 0.0
            following = "off" if not due else f"in {_span(ahead_s)}" if ahead_s > 0 else "now"
            rows.append((each["connection"], what, last, following, how))
    return rows


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


def _span(seconds: float) -> str:
    """About how long, in the largest unit that leaves two of it."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def _differing(counts: Mapping[str, Any]) -> str:
    """How the last count came out."""
    off = [
        f"{name}: {one['crm']} there, {one['here']} here"
        for name, one in counts.items()
        if one["differs_since"] is not None
    ]
    return ", ".join(off) or "they agree"


def _show_alerts(alerts: Sequence[Mapping[str, Any]], place: str = "") -> None:
    for each in alerts:
        click.echo(f"alert: {place}{each['what']}, since {each['raised_at']}")
        click.echo(f"hint: {each['fix']}")


def _show_channels(channels: Sequence[Mapping[str, Any]]) -> None:
    """Those that cannot be told anything."""
    for each in channels:
        if each["trouble"]:
            click.echo(
                f"channel {each['channel']}: {each['trouble']}, again {each['tried_again_at']}"
            )
            click.echo("hint: stagesync doctor --alert-test sends it a message")


def _show_what_waits(document: dict[str, Any]) -> None:
    """What asks for a person, each with the command that answers it."""
    from stagesync.engine.first_load import how_far

    _show_alerts(document["alerts"])
    _show_channels(document["channels"])
    for each in document["connections"]:
        if each["trouble"]:
            click.echo(f"hint: {each['connection']}: {each['hint']}")
        if each["out_of_scope"]:
            click.echo(
                f"{each['connection']}: {each['out_of_scope']} records are out of scope: read, never written"
            )
        is_told = any(one["key"].startswith("first_load:") for one in each["alerts"])
        if each["unread"] and not is_told:
            click.echo(f"{each['connection']}: {how_far(each['unread'])}")
        _show_alerts(each["alerts"], f"{each['connection']}: ")
    for each in document["held"]:
        click.echo(f"held: {each['plan']} with {each['entries']} values")
        for why in sorted({group["why"] for group in each["groups"]}):
            click.echo(f"  because {why}")
        click.echo(
            f"hint: stagesync plan shows it, stagesync approve {each['plan']} lets it through"
        )
    for each in document["approved"]:
        click.echo(
            f"approved: {each['plan']} by {each['by']} until {each['until']}: {each['waiting']} values wait,"
            f" {each['free']} more may move alike"
        )
    for each in document["parked"]:
        click.echo(
            f"refused: {each['connection']} {each['object']}/{each['id']} {each['field']}: {each['words']}"
        )
    if document["parked"]:
        click.echo("hint: put it right in the CRM, then stagesync retry")
    _show_breaches(document["breaches"])
    if document["holds"]:
        told = ", ".join(f"{count} by {kind}" for kind, count in document["holds"].items())
        click.echo(
            f"left alone for a while: {told}; stagesync explain WHO tells, stagesync release WHO ends it"
        )
    for each in document["joins"]:
        both = " and ".join(
            f"{who} ({stage})" for who, stage in zip(each["people"], each["stages"], strict=True)
        )
        click.echo(f"join: {both} look like one person")
        click.echo(
            f"hint: stagesync approve {each['join']} makes them one, stagesync drop {each['join']}"
            " keeps them apart"
        )


WORDS = {"next_contact": "to be contacted again", "acceptance": "to be accepted by sales"}


def _show_breaches(found: dict[str, Any]) -> None:
    """What was done against a treatment, and who waits for what it asks for."""
    rows = [
        (each["at"], each["person"], each["stage"], each["activity"], _rule(each))
        for each in found["list"]
    ]
    print_rows("against the treatment", ("at", "person", "stage", "what", "rule"), rows)
    for what, people in found["late"].items():
        first = [each["person"] for each in found["waiting"] if each["for"] == what][:3]
        if first:
            click.echo(f"late: {people} people wait {WORDS[what]}, first {', '.join(first)}")


def _rule(each: dict[str, Any]) -> str:
    if each["rule"] == "review":
        return "asks for a second look"
    return f"never {each['labels'].get('en', each['rule'])}"


def _told(value: int | None) -> str:
    return "not told" if value is None else f"{value:,}"
