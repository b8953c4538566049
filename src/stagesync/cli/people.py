"""`stagesync people`: say by hand who is one human, and take it back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import print_json, print_rows
from stagesync.cli.online import opened


@click.group(short_help="Say who is one human, and take it back.")
def people() -> None:
    """Verdicts on who is one human. They come before everything that CRMs and addresses say.

    \b
    Example:
      stagesync people join ann@firm.example 0035g00000AbCdE
    """


@people.command(short_help="These two are one human.")
@click.argument("who")
@click.argument("other", metavar="WHO")
@shared_options(json="One JSON document.")
def join(*, who: str, other: str, config: Path | None, as_json: bool) -> None:
    """Makes two people one, at once. Each WHO is an e-mail, a record id or a person id.

    \b
    Example:
      stagesync people join p_1f2e3d4c5b6a p_6a5b4c3d2e1f
    """
    from stagesync.app import actor
    from stagesync.engine.verdicts import join as say

    with opened(config) as found:
        now_s = found.clock.now_s()
        document = say(found.deployment, who, other, by=actor(), now_s=now_s)
    _show(document, as_json=as_json)


@people.command(short_help="This record is another human.")
@click.argument("record")
@shared_options(json="One JSON document.")
def split(*, record: str, config: Path | None, as_json: bool) -> None:
    """Parts a record from its person, at once. RECORD is its id, or CONNECTION/OBJECT/ID.

    \b
    Example:
      stagesync people split hubspot/contact/1234
    """
    from stagesync.app import actor
    from stagesync.engine.verdicts import split as say

    with opened(config) as found:
        document = say(found.deployment, record, by=actor(), now_s=found.clock.now_s())
    _show(document, as_json=as_json)


@people.command(short_help="Take a verdict back.")
@click.argument("verdict", metavar="ID")
@shared_options(json="One JSON document.")
def undo(*, verdict: str, config: Path | None, as_json: bool) -> None:
    """Takes a verdict back and puts everybody where they were before it, at once.

    \b
    Example:
      stagesync people undo v_7f3a19c2
    """
    from stagesync.app import actor
    from stagesync.engine.verdicts import undo as take_back

    with opened(config) as found:
        document = take_back(found.deployment, verdict, by=actor(), now_s=found.clock.now_s())
    _show(document, as_json=as_json)


@people.command("list", short_help="The verdicts that stand.")
@click.option("--undone", is_flag=True, help="Also those that were taken back.")
@shared_options(json="One JSON document.")
def list_(*, undone: bool, config: Path | None, as_json: bool) -> None:
    """Lists the verdicts that stand, oldest first.

    \b
    Example:
      stagesync people list --json
    """
    from stagesync.engine.verdicts import listed

    with opened(config) as found:
        verdicts = listed(found.deployment, undone=undone)
    if as_json:
        print_json({"verdicts": verdicts})
    else:
        print_rows(
            "verdicts",
            ("id", "says", "records", "people", "by", "at", "undone"),
            [_row(each) for each in verdicts],
        )
        click.echo(f"{len(verdicts)} verdicts")


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        each["verdict"],
        each["says"],
        _said(each),
        ", ".join(each["now"]),
        each["by"],
        each["at"],
        f"by {each['undone_by']}" if each["undone_by"] else "",
    )


def _said(each: Mapping[str, Any]) -> str:
    link = " and " if each["says"] == "together" else " not "
    return link.join([", ".join(each["records"]), ", ".join(each["others"])])


def _show(document: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(document)
        return
    state = "undone" if document["undone_by"] else document["says"]
    click.echo(f"{document['verdict']} {state}: {_said(document)}")
    click.echo(f"before {', '.join(document['people'])}, now {', '.join(document['now'])}")
    if not document["undone_by"]:
        click.echo(f"hint: stagesync people undo {document['verdict']} takes it back")
