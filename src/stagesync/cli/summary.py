"""What the demo tells people of its first pass, and which commands it invites them to try."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from stagesync.cli.offline import print_rows
from stagesync.domain.vocabulary import on_ladder

if TYPE_CHECKING:
    from stagesync.domain.vocabulary import Vocabulary
    from stagesync.engine.agreement import Agreement
    from stagesync.engine.deployment import Deployment
    from stagesync.engine.outcome import Outcome

BAR = 30
"""Characters of the longest bar."""

EARLY = frozenset({"contact", "target", "visitor", "engaged", "lead", "qualified"})
"""Stages from which a salesperson's acceptance moves somebody on."""

BEFORE_SALES = frozenset({None, "", "subscriber", "lead", "marketingqualifiedlead"})
"""What HubSpot calls people whom sales did not take over."""


@dataclass(frozen=True, slots=True)
class FirstPass:
    """What the demo's first pass did.

    Attributes:
        looked: the pass that pulled and planned.
        wrote: the pass after the approval.
        stages: vocabulary -> stage -> number of people.
        differences: connection -> why vendor fields were left -> how many.
        person: id of somebody whose explanation is worth reading; empty when there is none.
        movable: id of a HubSpot contact whose person a salesperson could move on in both CRMs; empty
            when there is none.
    """

    looked: Outcome
    wrote: Outcome
    before: Agreement
    after: Agreement
    stages: Mapping[str, Mapping[str, int]]
    differences: Mapping[str, Mapping[str, int]]
    person: str
    movable: str

    def summary(self) -> dict[str, Any]:
        """The keys of `sync`, over both passes, and the agreement of the CRMs."""
        looked, wrote = self.looked.summary(), self.wrote.summary()
        return {
            **wrote,
            "pulled": looked["pulled"],
            "changed": looked["changed"],
            "evaluated": looked["evaluated"],
            "transitions": looked["transitions"],
            "calls": {
                name: looked["calls"][name] + wrote["calls"][name] for name in wrote["calls"]
            },
            "seconds": looked["seconds"] + wrote["seconds"],
            "agreement": {"before": self.before.vendor, "after": self.after.own},
            "people_in_both": self.after.people,
            "differences": self.differences,
            "stages": self.stages,
        }


def show(first: FirstPass, deployment: Deployment, *, urls: Mapping[str, str]) -> None:
    """The first pass, for people."""
    click.echo()
    main = deployment.vocabularies[deployment.main_vocabulary]
    _show_ladder(main, first.stages.get(main.name, {}))
    _show_others(deployment, first.stages)
    _show_costs(first.summary(), urls)
    left = [
        (name, reason, str(count))
        for name, reasons in first.differences.items()
        for reason, count in reasons.items()
    ]
    print_rows("fields left as they are", ("CRM", "why", "fields"), left)
    _show_agreement(first)


def _show_ladder(vocabulary: Vocabulary, counts: Mapping[str, int]) -> None:
    total, largest = sum(counts.values()), max(counts.values(), default=1)
    rows = [
        (
            stage.labels["en"],
            str(counts[stage.id]),
            "█" * max(1, round(BAR * counts[stage.id] / largest)),
        )
        for stage in on_ladder(vocabulary)
        if counts.get(stage.id)
    ]
    print_rows(f"{total} people on one ladder", ("stage", "people", ""), rows)


def _show_others(deployment: Deployment, stages: Mapping[str, Mapping[str, int]]) -> None:
    rows = []
    for name, vocabulary in deployment.vocabularies.items():
        counts = stages.get(name, {})
        told = [
            f"{each.labels['en']} {counts[each.id]}"
            for each in on_ladder(vocabulary)
            if counts.get(each.id)
        ]
        if name != deployment.main_vocabulary and told:
            rows.append((vocabulary.labels["en"], ", ".join(told)))
    print_rows("the same people in other words", ("vocabulary", "people by stage"), rows)


def _show_costs(summary: Mapping[str, Any], urls: Mapping[str, str]) -> None:
    told = ("pulled", "written", "refused", "calls")
    rows = [
        (name, urls[name], *(str(summary[key][name]) for key in told)) for name in summary["pulled"]
    ]
    columns = ("CRM", "address", "records pulled", "values written", "refused", "calls")
    print_rows(f"what it took, in {summary['seconds']:.1f} s", columns, rows)


def _show_agreement(first: FirstPass) -> None:
    click.echo(f"{first.after.people} people are in both CRMs.")
    click.echo(
        f"  before: for {_percent(first.before.vendor)} the CRMs' own words could both be true"
    )
    click.echo(f"  after:  for {_percent(first.after.own)} both CRMs hold the same stage")


def _percent(share: float | None) -> str:
    return "nobody" if share is None else f"{share:.0%}"


def show_commands(first: FirstPass, file: Path, *, urls: Mapping[str, str], once: bool) -> None:
    """Three commands to try next, ready to be pasted."""
    program, config = os.environ.get("STAGESYNC_PROGRAM", "stagesync"), quote(str(file))
    lines = [
        f"{program} explain {first.person} --config {config}",
        f"{program} audit verify --config {config}",
        f"{program} status --config {config}",
    ]
    if first.movable and not once:
        edit = {
            "object": "contacts",
            "id": first.movable,
            "properties": {"lifecyclestage": "salesqualifiedlead"},
        }
        lines[1] = f"curl -d {quote(json.dumps(edit))} {urls['hubspot']}/_sandbox/edit"
        lines[2] = f"{program} explain {first.movable} --config {config}"
    click.echo("\nTry next" + ("" if once else ", in another terminal") + ":")
    for line in lines:
        click.echo(f"  {line}")
    if once:
        return
    if first.movable:
        click.echo("\nThe second one is a salesperson at work in HubSpot: watch it arrive in both.")
    click.echo("The daemon is running; Ctrl-C ends it.\n")


def find_movable(deployment: Deployment) -> str:
    """A HubSpot contact whose person is early on the ladder, and is in the other CRM too."""
    from stagesync.store import people, records

    with deployment.store.begin() as tx:
        contacts = [
            each
            for each in records.all_records(tx, [("hubspot", "contact")])
            if each.person and each.fields.get("lifecyclestage") in BEFORE_SALES
        ]
        placed = people.placed(tx, "person", [str(each.person) for each in contacts])
        early = {
            who
            for who, each in placed.items()
            if each.stages and each.stages[deployment.main_vocabulary] in EARLY
        }
        own = records.records_where(tx, "person", sorted(early))
    elsewhere = {each.person for each in own if each.object in {"contact", "lead"}} & {
        each.person for each in own if each.connection == "salesforce"
    }
    return next((each.id for each in contacts if each.person in elsewhere), "")


def show_moves(entries: Iterable[Mapping[str, Any]], *, at: str) -> None:
    """What a run of the daemon wrote into our own stage fields, a line each."""
    for each in entries:
        if each["after"] == each["stage_to"] and "written" in each["result"]:
            before = each["before"] or "(empty)"
            place = f"{each['connection']} {each['object']}/{each['id']}"
            click.echo(f"{at}  {place}: {each['field']} {before} -> {each['after']}")
