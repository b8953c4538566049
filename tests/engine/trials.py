"""Policies on trial over the two CRMs in memory, and a base that they move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from stagesync.engine.backtest import backtest
from stagesync.engine.deployment import Deployment
from stagesync.engine.outcome import Outcome
from stagesync.engine.run import run_once
from stagesync.engine.trial import deployment_under
from stagesync.loading.definitions import shipped_mappings
from stagesync.store import people
from stagesync.store.schema import metadata

from .bench import DAY_S, HERE, Bench, iso

Edit = tuple[str, str]

EASIER: Sequence[Edit] = (("{at_least: 50, keep_at: 35}", "{at_least: 25, keep_at: 20}"),)
"""Ready at half the points."""

OTHERWISE: Sequence[Edit] = (
    *EASIER,
    ("points: 30, activity: [contact_form", "points: 45, activity: [contact_form"),
    ("within: 180d, half_life: 30d, cap: 60", "within: 400d, half_life: 90d, cap: 90"),
    ("passive: {activity: $passive_signs, within: 730d}", "passive: {activity: email_open}"),
    (
        "outside: {any: [{account.excluded: yes}, {score.fit: {cannot_reach: 45}}]}",
        "outside: {account.excluded: yes}",
    ),
    (
        "inside: {score.fit: {at_least: 45}, account.excluded: no}",
        "inside: {score.fit: {at_least: 75}, account.excluded: no}",
    ),
)
"""Other points, windows, signs and accounts."""


def policy_file(folder: Path, *edits: Edit) -> Path:
    """The shipped policy with these texts replaced."""
    written = (shipped_mappings() / "policy.yaml").read_text(encoding="utf-8")
    for old, new in edits:
        assert old in written
        written = written.replace(old, new)
    path = folder / "trial.yaml"
    path.write_text(written, encoding="utf-8")
    return path


def under(bench: Bench, definitions: Path) -> Deployment:
    """The bench's deployment under other definitions."""
    return deployment_under(
        bench.deployment,
        definitions,
        mappings=shipped_mappings(),
        files={name: HERE / f"{name}.yaml" for name in bench.crms},
    )


def tried(bench: Bench, definitions: Path) -> dict[str, Any]:
    """What a backtest says of these definitions now."""
    return backtest(bench.deployment, under(bench, definitions))


def put_in_force(bench: Bench, definitions: Path) -> Outcome:
    """A run under these definitions, at this very instant."""
    bench.deployment = under(bench, definitions)
    return run_once(bench.deployment)


def stages(bench: Bench, kind: people.Kind = "person") -> dict[str, str]:
    """Who stands where, as stored."""
    with bench.store.begin() as tx:
        found = people.placed(tx, kind, people.all_ids(tx, kind))
    return {who: (each.stages or {})["standard"] for who, each in found.items()}


def matrix(before: dict[str, str], after: dict[str, str]) -> dict[str, Counter[str]]:
    """The moves between two sightings, person by person."""
    found: dict[str, Counter[str]] = {}
    for who, stage in after.items():
        if before[who] != stage:
            found.setdefault(before[who], Counter())[stage] += 1
    return found


def content(bench: Bench) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with bench.store.begin() as tx:
        return {
            name: sorted(
                (tuple(row) for row in tx.execute(text(f"SELECT * FROM {name}"))), key=repr
            )
            for name in metadata.tables
        }


def a_base(bench: Bench) -> None:
    """Twelve companies, 48 people in two CRMs with different histories, and loners."""
    now_s = bench.clock.at_s
    for firm in range(12):
        company = bench.north.add(
            "company",
            {
                "domain": f"firm{firm}.example",
                "employees": str((20, 80, 900)[firm % 3]),
                "industry": ("software", "mining")[firm % 2],
                "country": ("FR", "BR", "DE")[firm % 3],
            },
        )
        for number in range(4):
            mail = f"p{number}@firm{firm}.example"
            title = ("Director", "Intern", "CEO", "")[number]
            days = 2 + 17 * ((firm + number) % 5)
            contact = bench.contact(
                mail,
                last=f"Ng{firm}x{number}",
                title=title,
                country="FR",
                links={"company": (company,)},
                **({"last_visit": iso(now_s - DAY_S), "visits": "1"} if number % 2 else {}),
            )
            if (firm + number) % 3:
                bench.form(contact, days_ago=days)
            if (firm + number) % 4 == 1:
                for days in (1, 9):
                    start = iso(now_s - days * DAY_S)
                    bench.north.add("meeting", {"starts": start}, links={"contact": (contact,)})
            if number == 0:
                bench.member(mail, LastName=f"Ng{firm}x{number}", Title=title)
    for number in range(6):
        bench.contact(f"loner{number}@free.example", last=f"Alone{number}", country="FR")


def a_deal(bench: Bench, contact: str, *, opened_days: float, won: bool | None) -> None:
    """A deal of north, made so many days ago; won, lost, or open (None)."""
    opened = iso(bench.clock.at_s - opened_days * DAY_S)
    closed = iso(bench.clock.at_s - (opened_days - 1) * DAY_S)
    over = (
        {} if won is None else {"won": "yes" if won else "no", "closed": "yes", "closed_on": closed}
    )
    bench.north.add(
        "deal",
        {"won": "no", "closed": "no", **over, "opened": opened},
        links={"contact": (contact,)},
    )
