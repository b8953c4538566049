"""Every fault at every phase of a run: never silent, and healed by the next run. `docs/faults.md` has the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from .fault_matrix import NEXT_RUN, NONE, PHASES, RESUMES, RETRIED, SILENT, TOLD, cells, faults_of
from .fault_table import PAGE, page_of, read_page, table_of

EVERY_PHASE = [(crm, phase) for crm, phases in PHASES.items() for phase in phases]


@pytest.fixture(scope="module")
def table():
    return read_page(PAGE.read_text(encoding="utf-8"))


def test_the_page_has_every_cell_and_none_is_silent(table):
    """Each fault that a simulator knows stands at each phase, with an outcome that a user can see."""
    faults = {crm: faults_of(crm) for crm in PHASES}
    expected = {(crm, phase.name, fault) for crm, phase in EVERY_PHASE for fault in faults[crm]}
    assert expected == table.keys()
    said = {one for cell in table.values() for one in cell.split("; ")}
    assert set() == said - {RETRIED, NEXT_RUN, RESUMES, TOLD, NONE}
    assert SILENT not in said


def test_the_page_reads_as_it_was_written(table):
    """What is read off the page makes the same page."""
    text = PAGE.read_text(encoding="utf-8")
    day = text.partition("run on ")[2][:10]
    assert text == page_of(table, day=day)


def _told_otherwise(found, table):
    """Cells that are not sound, or not as the page has them."""
    wrong = {str(each): each.wrong for each in found if each.wrong}
    fresh = table_of(found)
    return wrong, {key: (said, table[key]) for key, said in fresh.items() if said != table[key]}


@pytest.mark.gate
@pytest.mark.parametrize(
    ("crm", "name", "faults"),
    [
        ("hubspot", "deal stages", ["502", "429_daily"]),
        ("salesforce", "write", ["cut_after", "lock_row"]),
    ],
)
def test_some_cells_are_as_the_page_says(tmp_path: Path, table, crm, name, faults):
    """Run anew, a few cells heal and say what the page says."""
    (phase,) = (each for each in PHASES[crm] if each.name == name)
    found = list(cells(crm, phase, faults, folder=tmp_path))
    assert ({}, {}) == _told_otherwise(found, table)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize(
    ("crm", "phase"), EVERY_PHASE, ids=lambda each: getattr(each, "name", each)
)
def test_every_cell_is_as_the_page_says(tmp_path: Path, table, crm, phase):
    """Run anew, every cell of a phase heals and says what the page says."""
    found = list(cells(crm, phase, faults_of(crm), folder=tmp_path))
    assert ({}, {}) == _told_otherwise(found, table)
