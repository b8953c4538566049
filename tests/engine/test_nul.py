"""Characters that no database holds: a CRM can send them, and they cost a run nothing."""

import pytest

from .bench import make_bench

NUL = "a\0b"


@pytest.mark.parametrize("name", [NUL])
def test_a_name_with_a_nul_stops_no_run_on_postgres(postgres_store_url: str, name: str) -> None:
    """PostgreSQL holds no NUL; a record whose text has one is stored, placed and written like others."""
    bench = make_bench(store_url=postgres_store_url)
    bench.contact("ann@firm.example", last=name, first=name, title=name, firm=name, country=name)
    outcome = bench.sync()
    assert ({}, 1) == (outcome.troubles, outcome.people)
