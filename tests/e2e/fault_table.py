"""The fault matrix as a page: `python -m tests.e2e.fault_table` prints it, `--write` keeps it.

--write            put it into docs/faults.md
--only CRM:PHASE   work only this phase anew, keep the rest of the page; may be given again
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from .fault_matrix import NONE, PHASES, SILENT, Cell, Phase, cells, faults_of

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
NAMES = {"hubspot": "HubSpot", "salesforce": "Salesforce"}
AT_A_TIME = 2

Table = Mapping[tuple[str, str, str], str]
"""CRM, phase and fault -> what the cell says."""

HEAD = """\
# Faults

What a run does under each fault of the [simulators](sandbox.md#faults), at each of its phases.
Every cell was run on {day} by `make faults`, which prints this page; nothing on it is written by hand.

Before each run people edit records of every kind in both CRMs, a day passes, and one fault is armed for the requests of one phase: first for one request, then for as long as it is asked.
Where the two end differently, the cell says both, with a semicolon between.
After each fault one more run is made, in the same process, and then the store must hold what the CRMs hold, nothing may be left to write, and no value may have been written twice.

| outcome | what a user sees |
|---|---|
| retried | exit code 0: tried again or waited for, and everything was read and written |
| next run | exit code 4 or 6: the connection is named on stderr and in `stagesync status`, the other one went on, and the next run finishes |
| resumes at | the same, with the instant from which on the vendor answers again |
| told | the same, with what a person has to do |
| {none} | this phase meets no such request |

The last row of each table is the fault `slow` beyond the connection's `timeout_s`: the vendor does the work after stagesync has given up on it.
A [first load](operating.md#the-first-load) that breaks off writes nothing anywhere: the run that completes it does.
No cell is silent: a run that ends with 0 has read and written everything.
"""


def table_of(found: Iterable[Cell]) -> dict[tuple[str, str, str], str]:
    """What each cell says."""
    return {(cell.crm, cell.phase.name, cell.fault): str(cell) for cell in found}


def page_of(table: Table, *, day: str) -> str:
    """The whole page."""
    return HEAD.format(day=day, none=NONE) + "".join(_section(crm, table) for crm in PHASES)


def _section(crm: str, table: Table) -> str:
    faults = list(dict.fromkeys(fault for at, _, fault in table if at == crm))
    asked = [p for p in PHASES[crm] if any(_said(table, crm, p, each) != NONE for each in faults)]
    lines = [f"\n## {NAMES[crm]}\n"]
    lines.append(f"| fault | {' | '.join(phase.name for phase in asked)} |")
    lines.append("|---" * (len(asked) + 1) + "|")
    for fault in faults:
        said = (_said(table, crm, phase, fault) for phase in asked)
        lines.append(f"| {fault} | {' | '.join(said)} |")
    left = [phase for phase in PHASES[crm] if phase not in asked]
    if left:
        lines += ["", "No request is sent for:", ""]
        lines += [f"- {phase.name}: {phase.absent or 'nothing asks for it'}" for phase in left]
    return "\n".join(lines) + "\n"


def _said(table: Table, crm: str, phase: Phase, fault: str) -> str:
    return table.get((crm, phase.name, fault), NONE)


def read_page(text: str) -> dict[tuple[str, str, str], str]:
    """The table of a page that `page_of` made."""
    found: dict[tuple[str, str, str], str] = {}
    for crm, name in NAMES.items():
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        rows = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in section.splitlines()
            if line.startswith("| ")
        ]
        if rows:
            for phase in PHASES[crm]:
                place = rows[0].index(phase.name) if phase.name in rows[0] else None
                for row in rows[1:]:
                    said = NONE if place is None else row[place]
                    found[crm, phase.name, row[0]] = said
    return found


def run_phase(crm: str, phase: Phase, faults: list[str] | None = None) -> list[Cell]:
    """The cells of one phase."""
    with TemporaryDirectory() as folder:
        return list(cells(crm, phase, faults or faults_of(crm), folder=Path(folder)))


@click.command()
@click.option("--write", is_flag=True)
@click.option("--only", multiple=True)
def main(*, write: bool, only: tuple[str, ...]) -> None:
    """Run the matrix and print it; exit code 1 when a cell is not as it must be."""
    wanted = [
        (crm, phase)
        for crm, phases in PHASES.items()
        for phase in phases
        if not only or f"{crm}:{phase.name}" in only
    ]
    table = read_page(PAGE.read_text(encoding="utf-8")) if only and PAGE.exists() else {}
    sound = True
    with ProcessPoolExecutor(AT_A_TIME, mp_context=get_context("spawn")) as pool:
        for done in pool.map(run_phase, *zip(*wanted, strict=True)):
            table |= table_of(done)
            for cell in done:
                wrong = "".join(f"\n    {each}" for each in cell.wrong)
                click.echo(f"{cell.crm} {cell.phase.name} {cell.fault}: {cell}{wrong}", err=True)
                sound = sound and not cell.wrong and SILENT not in str(cell)
            page = page_of(table, day=f"{datetime.now(UTC):%Y-%m-%d}")
            if write:
                PAGE.write_text(page, encoding="utf-8")
    click.echo(page)
    sys.exit(not sound)


if __name__ == "__main__":
    main()
