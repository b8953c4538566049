"""Characters that no database holds: a CRM can send them, and they cost a run nothing."""

from .bench import Bench

NUL = "a\0b"


def test_a_name_with_a_nul_stops_no_run(bench: Bench) -> None:
    """PostgreSQL holds no NUL; a record whose text has one is stored, placed and written like others."""
    bench.contact("ann@firm.example", last=NUL, first=NUL, title=NUL, firm=NUL, country=NUL)
    outcome = bench.sync()
    assert ({}, 1) == (outcome.troubles, outcome.people)
