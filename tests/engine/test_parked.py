"""Refused values by complaint, and stages without a value, on each kind of store."""

from __future__ import annotations

from dataclasses import replace

from stagesync.connector import Refusal
from stagesync.engine.parked import code_of, complaint_of, grouped, retry_group
from stagesync.store import unmapped

from .bench import Bench


def test_the_same_complaint_is_one_group(bench: Bench) -> None:
    """Whatever differs from record to record in it; a few records stand for it, each once."""
    contacts = [bench.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(8)]
    bench.sync()
    for number, each in enumerate(contacts):
        words = f"row {number} of 'Ng{number}' is wrong" if number < 7 else "something else"
        bench.north.refuse("contact", each, Refusal.OTHER, message=words)
        bench.form(each)
    bench.sync()
    with bench.store.read() as tx:
        first, second = grouped(tx)
    assert (("north", "contact"), 21, 5, 3) == (
        (first.connection, first.object),
        first.count,
        len({each.id for each in first.records}),
        second.count,
    )
    place = (first.connection, first.object)
    assert 7 == retry_group(bench.deployment, place, first.complaint, by="ann")
    assert 0 == retry_group(bench.deployment, place, "no such complaint", by="ann")


def test_a_complaint_is_what_does_not_vary() -> None:
    """Quoted values, addresses and numbers are left out; the code before the colon is known as one."""
    assert "INVALID: … is no … of …, see …" == complaint_of(
        "INVALID: 'Zoe' is no \"x\" of 12, see ann@firm.example"
    )
    assert ["INVALID_OPTION", "", ""] == [
        code_of(each) for each in ("INVALID_OPTION: x", "Zoe Ng: x", "")
    ]


def test_stages_without_a_value_are_counted(bench: Bench) -> None:
    """By field and stage, with how many records would hold it."""
    known = bench.north.fields["contact"]["stage"]
    kept = tuple(each for each in known.options if each.value != "lead")
    bench.north.fields["contact"]["stage"] = replace(known, options=kept)
    for number in range(2):
        bench.form(bench.contact(f"p{number}@firm.example", last=f"Ng{number}"))
    bench.sync()
    with bench.store.read() as tx:
        (found,) = unmapped.unsaid(tx, most=10)
    assert ("north", "contact", "stage", '"lead"', 2) == (
        found.connection,
        found.object,
        found.field,
        found.wanted,
        found.records,
    )
