"""`stagesync evaluate`: facts in a file to positions and stages, without a CRM or a store."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import instant_of, load, mappings_option, on_terminal, print_rows
from stagesync.errors import Problem

if TYPE_CHECKING:
    from stagesync.domain.compile import CompiledPolicy
    from stagesync.domain.evaluation import Evaluation
    from stagesync.domain.facts import Facts
    from stagesync.loading.definitions import Definitions
    from stagesync.loading.facts import FactsLine

REFUSED_SOME = 6


@dataclass(frozen=True, slots=True)
class _Member:
    """Somebody of an account, evaluated."""

    facts: Facts
    evaluation: Evaluation


@dataclass(slots=True)
class _Tally:
    """What was refused or ignored on the way."""

    refused: int = 0
    warnings: Counter[str] = field(default_factory=Counter)


@click.command(short_help="Facts in a file to positions and stages.")
@click.argument("facts", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another policy; vocabularies that do not fit it are left out.",
)
@click.option(
    "--at", "at", metavar="INSTANT", help="As of this instant, with its zone.  [default: now]"
)
@click.option("--accounts", is_flag=True, help="Group by account.domain and print accounts.")
@mappings_option
@shared_options(json="JSON Lines also on a terminal; a pipe gets them anyway.")
def evaluate(
    facts: str,
    *,
    policy: Path | None,
    at: str | None,
    accounts: bool,
    mappings: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Places every person of FACTS, a file of JSON Lines or - for stdin.

    \b
    Example:
      stagesync evaluate facts.jsonl --at 2026-10-01T00:00:00Z

    A line that cannot be read is refused with its number; the others go on, and the exit code is 6.
    """
    from stagesync.domain.compile import compile_policy

    at_s = _instant(at)
    definitions = load(mappings, config, policy)
    tally = _Tally()
    lines = _accepted(facts, definitions, tally)
    compiled = compile_policy(definitions.policy)
    place = _accounts if accounts else _people
    rows = _documents(place(lines, compiled, at_s, tally=tally), definitions, account=accounts)
    if as_json or not on_terminal():
        _print_lines(rows)
    else:
        _print_table(rows)
    for warning, times in tally.warnings.most_common():
        click.echo(f"warning: {warning} ({times} times)", err=True)
    if tally.refused:
        click.echo(f"refused lines: {tally.refused}; the others are done", err=True)
        click.get_current_context().exit(REFUSED_SOME)


def _instant(text: str | None) -> float:
    from stagesync.app import now_s

    return now_s() if text is None else instant_of("--at", text)


def _accepted(path: str, definitions: Definitions, tally: _Tally) -> Iterator[FactsLine]:
    """The lines that can be read; the others go to stderr and into the tally."""
    from stagesync.loading.facts import read_facts

    name = "<stdin>" if path == "-" else path
    with click.open_file(path, "rb") as lines:
        for _, line in read_facts(lines, definitions.policy, file=name):
            if isinstance(line, Problem):
                tally.refused += 1
                click.echo(str(line), err=True)
                continue
            tally.warnings.update(line.warnings)
            yield line


def _people(
    lines: Iterable[FactsLine], compiled: CompiledPolicy, at_s: float, *, tally: _Tally
) -> Iterator[tuple[str, Evaluation]]:
    for line in lines:
        yield line.facts.id, _place(line, compiled, at_s, tally=tally)


def _place(line: FactsLine, compiled: CompiledPolicy, at_s: float, *, tally: _Tally) -> Evaluation:
    evaluation = compiled.evaluate(
        line.facts,
        at_s,
        previous=line.previous,
        previous_at_s=line.previous_at_s,
        with_reasons=True,
    )
    for activity in line.facts.activities if evaluation.unknown_types else ():
        if activity.type in evaluation.unknown_types:
            tally.warnings[f"unknown activity type `{activity.type}`"] += 1
    return evaluation


def _accounts(
    lines: Iterable[FactsLine], compiled: CompiledPolicy, at_s: float, *, tally: _Tally
) -> Iterator[tuple[str, Evaluation]]:
    """One evaluation per domain, in the order in which the domains come up first."""
    members: dict[str, list[_Member]] = {}
    for line in lines:
        if domain := _company(line.facts):
            evaluation = _place(line, compiled, at_s, tally=tally)
            members.setdefault(domain, []).append(_Member(line.facts, evaluation))
        else:
            lack = (
                "an account.domain that is no company's" if line.facts.account.get("domain") else ""
            )
            lack = f"person with {lack}" if lack else "person without account.domain"
            tally.warnings[f"{lack}, counted for no account"] += 1
    for domain, people in members.items():
        facts = _account_facts(domain, [member.facts for member in people])
        yield domain, compiled.evaluate_account(facts, people, at_s, with_reasons=True)


def _company(facts: Facts) -> str | None:
    """The domain of the company, by the rule that a mapping follows."""
    from stagesync.domain.transforms import NotUnderstood, domain_of_company
    from stagesync.loading.domains import company_domain

    try:
        return domain_of_company(facts.account.get("domain", ""), company_domain)
    except NotUnderstood:
        return None


def _account_facts(domain: str, people: list[Facts]) -> Facts:
    """What its people's lines say of the account: of each fact the first value, and every deal."""
    from stagesync.domain.facts import Facts

    told = {name: value for facts in reversed(people) for name, value in facts.account.items()}
    return Facts(
        domain, account=told, deals=tuple(deal for facts in people for deal in facts.deals)
    )


def _documents(
    found: Iterable[tuple[str, Evaluation]], definitions: Definitions, *, account: bool
) -> Iterator[dict[str, Any]]:
    from stagesync.domain.classify import classify
    from stagesync.loading.instants import format_instant

    classifier = classify(definitions.vocabularies)
    for who, evaluation in found:
        recheck_at_s = evaluation.recheck_at_s
        yield {
            "id": who,
            "position": dict(evaluation.position),
            "scores": dict(evaluation.scores),
            "stages": dict(classifier.stages(evaluation.position, account=account)),
            "reasons": evaluation.reasons,
            "recheck_at": None if recheck_at_s is None else format_instant(recheck_at_s),
        }


def _print_lines(rows: Iterable[dict[str, Any]]) -> None:
    import orjson

    out = sys.stdout.buffer
    for row in rows:
        out.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    out.flush()


def _print_table(rows: Iterable[dict[str, Any]]) -> None:
    table = [
        (
            row["id"],
            row["stages"].get("standard", ""),
            ", ".join(f"{name} {points:.1f}" for name, points in row["scores"].items()),
            ", ".join(f"{axis} {level}" for axis, level in row["position"].items()),
            row["recheck_at"] or "",
        )
        for row in rows
    ]
    print_rows("", ("id", "standard", "scores", "position", "look again at"), table)
