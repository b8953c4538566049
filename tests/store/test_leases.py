"""Leases: one holder at a time, told apart by tokens, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from stagesync.store import Store, leases
from stagesync.store.leases import Holder

ANN, BOB = Holder("here", 1, "a"), Holder("there", 2, "b")


def take(store: Store, holder: Holder, *, gone: bool = False, lasts_s: float = 60.0) -> str | None:
    with store.begin() as tx:
        return leases.take(
            tx, "run", holder, lasts_s=lasts_s, is_free=lambda each: gone or each.is_abandoned
        )


def renew(store: Store, token: str) -> bool:
    with store.begin() as tx:
        return leases.renew(tx, "run", token)


def set_back(store: Store, seconds: float) -> None:
    """Let so much time have passed since the lease was renewed."""
    with store.begin() as tx:
        tx.execute(text("UPDATE lease SET renewed_at_s = renewed_at_s - :s"), {"s": seconds})


def test_a_lease_has_one_holder(store: Store) -> None:
    """Nobody else takes it until it is given back, and what is given back is that holder's alone."""
    token = take(store, ANN)
    assert token is not None
    assert None is take(store, BOB)
    with store.begin() as tx:
        leases.release(tx, "run", "somebody else's")
        assert [ANN] == [each.holder for each in leases.all_held(tx)]
        leases.release(tx, "run", token)
    assert take(store, BOB) not in (None, token)


@pytest.mark.parametrize("seconds", [61.0, -61.0, 3 * 86_400.0, -3 * 86_400.0])
def test_a_lease_that_is_not_renewed_is_taken_over(store: Store, seconds: float) -> None:
    """When it has run out, or its renewal lies in the future since the clock was set back, it is free."""
    old = take(store, ANN)
    set_back(store, seconds)
    new = take(store, BOB)
    assert new is not None
    assert (False, True) == (renew(store, str(old)), renew(store, new))


def test_a_renewal_keeps_it(store: Store) -> None:
    """Nobody takes what was renewed in time, however old the lease is."""
    token = take(store, ANN)
    set_back(store, 59.0)
    assert renew(store, str(token))
    set_back(store, 59.0)
    assert None is take(store, BOB)


def test_what_a_dead_process_held_is_free_at_once(store: Store) -> None:
    """Nobody waits for whoever is known to be gone."""
    take(store, ANN)
    assert take(store, BOB, gone=True) is not None


def test_a_lease_that_ran_out_is_still_its_holders_until_it_is_taken(store: Store) -> None:
    """Time alone takes nothing away: without a taker the work goes on."""
    token = take(store, ANN)
    set_back(store, 3 * 86_400.0)
    assert renew(store, str(token))


def test_the_age_is_counted_by_the_database(store: Store) -> None:
    """A lease just taken is of no age, whatever the tests' clock says."""
    take(store, ANN)
    with store.begin() as tx:
        [held] = leases.all_held(tx)
    assert abs(held.age_s) < 5.0
    assert not held.is_abandoned
