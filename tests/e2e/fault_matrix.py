"""Every fault of the simulators, at every phase of a run: what a user gets to see, and what stands afterwards.

A cell arms one fault for the requests of one phase, twice: for one request, and for as long as it is asked.
People edit records of every kind before each; a day passes, so that everything is due.
After the fault one more run must leave the world settled: `Cell.wrong` lists where it did not.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stagesync.app import Opened
from stagesync.cli.passes import warn_of_refusals, warn_of_troubles
from stagesync.engine.outcome import Outcome
from stagesync.engine.run import run_once
from stagesync.engine.shown import plan_document
from stagesync.engine.status import status

from .fault_world import CRMS, DAY_S, LATE_S, PATIENCE_S, FaultWorld, fault_world

RETRIED, NEXT_RUN, RESUMES, TOLD, SILENT = "retried", "next run", "resumes at", "told", "silent"
NONE = "-"

ALWAYS = 10_000

TOO_SLOW = "slow, past `timeout_s`"
"""Not a kind of its own: `slow` beyond stagesync's patience. The work is done after it has given up."""


@dataclass(frozen=True, slots=True)
class Phase:
    """What a run does at some time, known by its requests.

    Attributes:
        match, body: as a fault has them.
        fresh: it happens only with an empty store.
        absent: why no request is sent, where none is.
    """

    name: str
    match: str
    body: str = ""
    fresh: bool = False
    absent: str = ""


_QUERIES = "POST /services/data/v64.0/composite"
PHASES = {
    "hubspot": (
        Phase("log in", "POST /oauth/"),
        Phase("describe", "GET /crm/properties/"),
        Phase("first load", "GET /crm/objects/2026-03/contacts?", fresh=True),
        Phase("pull", "/contacts/search", '"sorts"'),
        Phase("links", "POST /crm/associations/"),
        Phase("deal stages", "GET /crm/pipelines/"),
        Phase("events", "GET /marketing/"),
        Phase("history", "/batch/read", '"propertiesWithHistory"'),
        Phase("count", "/search", '"filterGroups":[]'),
        Phase("read before write", "/contacts/batch/read", '"properties":["stagesync_'),
        Phase("write", "/contacts/batch/update"),
        Phase("sweep", "archived=true"),
        Phase("second search", "/contacts/search", '"operator":"LTE"'),
    ),
    "salesforce": (
        Phase("log in", "POST /services/oauth2/token"),
        Phase("describe", "POST /services/data/v64.0/composite/batch"),
        Phase("first load", _QUERIES, "FROM Task", fresh=True),
        Phase("pull", _QUERIES, "FROM Lead"),
        Phase("links", _QUERIES, "FROM nothing", absent="a pull's rows carry their links"),
        Phase("history", _QUERIES, "History WHERE"),
        Phase("count", _QUERIES, "COUNT()"),
        Phase("read before write", "POST /services/data/v64.0/composite/sobjects/"),
        Phase("write", "PATCH /services/data/v64.0/composite/sobjects"),
        Phase("sweep", _QUERIES, "IsDeleted = true"),
    ),
}


@dataclass(slots=True)
class Cell:
    """One fault at one phase.

    Attributes:
        once, always: the outcome when one request meets it, and when all do.
        said: what stood on stderr in the end.
        wrong: what is not as it must be; empty for a sound cell.
    """

    crm: str
    phase: Phase
    fault: str
    once: str = NONE
    always: str = NONE
    said: str = ""
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return self.once if self.once == self.always else f"{self.once}; {self.always}"


def faults_of(crm: str) -> list[str]:
    """Every kind that a simulator knows, and the slowness that it is no kind of."""
    from stagesync.sandbox import hubspot, salesforce

    made = {"hubspot": hubspot.HubSpotSim, "salesforce": salesforce.SalesforceSim}[crm]
    return [*sorted(made().faults.kinds), TOO_SLOW]


def cells(crm: str, phase: Phase, faults: list[str], *, folder: Path) -> Iterator[Cell]:
    """One cell after the other, in a world of their own."""
    with fault_world(folder) as world:
        with world.open() as opened:
            first = run_once(opened.deployment)
            assert first.exit_code == 0, first.troubles
        asked = True
        for fault in faults:
            cell = Cell(crm, phase, fault)
            if asked:
                cell.once = _strike(world, cell, times=1)
                cell.always = _strike(world, cell, times=ALWAYS)
                # Where no request is expected and the first fault meets none, the others need not look.
                asked = not phase.absent or cell.always != NONE
                if asked and NONE in (cell.once, cell.always):
                    cell.wrong.append("no request met the fault")
            yield cell


def _strike(world: FaultWorld, cell: Cell, *, times: int) -> str:
    """The outcome of one run under the fault; what is wrong then and after the next run goes to the cell."""
    world.edit()
    world.later(DAY_S)
    if cell.phase.fresh:
        world.forget_everything()
    _arm(world, cell, times)
    note = "once" if times == 1 else "always"
    with world.open() as opened:
        last = max((each["seq"] for each in world.logged(opened, after=0)), default=0)
        outcome = run_once(opened.deployment)
        struck = times - sum(each["times"] for each in world.simulator(cell.crm).faults.waiting())
        _disarm(world, cell)
        world.later(LATE_S)
        found = _judge(world, opened, cell, outcome) if struck else NONE
        if found != RETRIED:
            world.later(
                max((e.retry_after_s or 0.0 for e in outcome.troubles.values()), default=0.0)
            )
        if struck:
            wrong = []
            if cell.phase.fresh and found != RETRIED and _written(world, opened, last=last):
                wrong.append("written before everything was read once")
            wrong += _after(world, opened)
            written = _written(world, opened, last=last)
            again = {key: values for key, values in written.items() if len(values) > 1}
            wrong += [f"{key} was written again: {values}" for key, values in again.items()]
            cell.wrong += [f"{note}: {each}" for each in wrong]
    return found


def _arm(world: FaultWorld, cell: Cell, times: int) -> None:
    kind = cell.fault
    if kind == TOO_SLOW:
        kind = "slow"
        world.configure(patience_s=PATIENCE_S)
        world.vendors.ask(cell.crm, "PUT", "settings", {"slow_s": 2 * PATIENCE_S})
    phase = cell.phase
    world.simulator(cell.crm).faults.add(kind, times, phase.match, body=phase.body)


def _disarm(world: FaultWorld, cell: Cell) -> None:
    world.simulator(cell.crm).faults.clear()
    if cell.fault == TOO_SLOW:
        world.configure(patience_s=30.0)
        world.vendors.ask(cell.crm, "PUT", "settings", {"slow_s": 0.05})


def _judge(world: FaultWorld, opened: Opened, cell: Cell, outcome: Outcome) -> str:
    """What a user can see of this run, by exit code, stderr and `status`."""
    if outcome.exit_code == 0:
        lies = world.untruths(opened) + world.deals_read_wrong(opened)
        cell.wrong += lies
        return SILENT if lies else RETRIED
    if outcome.exit_code not in {4, 6}:
        cell.wrong.append(f"exit code {outcome.exit_code}, {outcome.plan.trips}")
        return SILENT
    with redirect_stderr(io.StringIO()) as said:
        warn_of_troubles(outcome)
        warn_of_refusals(outcome)
    cell.said = said.getvalue().strip()
    if outcome.exit_code == 6:
        return NEXT_RUN if cell.said.startswith(f"{cell.crm}: ") else SILENT
    shown = status(opened.deployment, now_s=opened.clock.now_s())["connections"]
    cell.wrong += _told_wrong(cell, outcome, {each["connection"]: each for each in shown})
    return _told_how(cell.said)


def _told_wrong(cell: Cell, outcome: Outcome, shown: dict[str, Any]) -> list[str]:
    """What is missing where a connection's trouble is told."""
    wrong = []
    if set(outcome.troubles) != {cell.crm}:
        wrong.append(f"in trouble: {sorted(outcome.troubles)}")
    if not cell.said.startswith(f"{cell.crm}: ") or "\nhint: " not in cell.said:
        wrong.append(f"no hint: {cell.said}")
    for crm in CRMS:
        told = (shown[crm]["trouble"], shown[crm]["hint"])
        error = outcome.troubles.get(crm)
        if told != ((str(error), error.hint) if error else ("", "")):
            wrong.append(f"status says of {crm}: {told}")
    return wrong


def _told_how(said: str) -> str:
    if "resumes at" in said:
        return RESUMES
    return NEXT_RUN if "the next run goes on" in said else TOLD


def _after(world: FaultWorld, opened: Opened) -> list[str]:
    """What is not settled by one more run, in the same process, without the fault."""
    outcome = run_once(opened.deployment)
    wrong = [f"then exit code {outcome.exit_code}: {outcome.troubles}"] if outcome.exit_code else []
    world.later(LATE_S)
    wrong += world.untruths(opened) + world.deals_read_wrong(opened)
    third = run_once(opened.deployment, write=False)
    planned = plan_document(opened.deployment, third.plan.id)["writes"]
    wrong += [f"then still planned: {e['connection']} {e['object']}.{e['field']}" for e in planned]
    return wrong


def _written(world: FaultWorld, opened: Opened, *, last: int) -> dict[str, list[Any]]:
    """Fields that the log says were written, with the values written."""
    written: dict[str, list[Any]] = {}
    for each in world.logged(opened, after=last):
        if "written" in each["result"]:
            key = "/".join(each[name] for name in ("connection", "object", "id", "field"))
            written.setdefault(key, []).append(each["after"])
    return written
