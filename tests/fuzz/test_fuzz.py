"""A short search for inputs that break a parser; `make fuzz` is the long one.

What the long search kept is tried again first, then some seconds of chance on top of it.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator

import pytest
import structlog
from tests.fuzz.long import kept_inputs
from tests.fuzz.targets import TARGETS, quiet

SECONDS = float(os.environ.get("STAGESYNC_FUZZ_SECONDS", "0.5"))
SEED = int(os.environ.get("STAGESYNC_FUZZ_SEED", "1"))
REPLAY_S = 2.0
"""At most so long for what was kept: some targets are slow."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    quiet()
    yield
    structlog.reset_defaults()


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The input with a few bytes replaced, added or cut."""
    found = bytearray(data)
    for _ in range(chance.randrange(1, 5)):
        place = chance.randrange(len(found) + 1)
        match chance.randrange(3):
            case 0:
                found[place:place] = chance.randbytes(chance.randrange(1, 4))
            case 1:
                found[place : place + 1] = chance.randbytes(1)
            case _:
                del found[place : place + chance.randrange(1, 4)]
    return bytes(found)


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_a_parser(name: str) -> None:
    """Values or our own errors with their place come out of any bytes: what was kept, and what chance makes of it."""
    target, chance = TARGETS[name], random.Random(SEED)
    kept = kept_inputs(name) or [b""]
    chance.shuffle(kept)
    until = time.monotonic() + REPLAY_S
    for data in kept:
        target(data)
        if time.monotonic() > until:
            break
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        data = mutated(chance.choice(kept), chance)
        try:
            target(data)
        except Exception as error:
            raise AssertionError(f"{name} {data.hex()}") from error
