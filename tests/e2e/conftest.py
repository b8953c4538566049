"""Worlds for the end-to-end tests: both simulators over HTTP, with a deployment that works on them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from tests.openapi.recorder import recorded

from stagesync.sandbox import Sandbox, start

from .deployments import Place, make_place, set_up
from .vendors import Vendors


@dataclass(frozen=True, slots=True)
class World:
    """Simulators, the vendors' view of them, and a deployment."""

    sandbox: Sandbox
    vendors: Vendors
    place: Place


MakeWorld = Callable[..., World]


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """A command's log goes to the stderr of that command; nothing of it stays for later tests."""
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[MakeWorld]:
    """Worlds for one test; closed after it."""
    yield from _worlds(tmp_path)


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world that was brought to agreement by commands; read it, do not change it."""
    with ExitStack() as closing:
        world = open_world(tmp_path_factory.mktemp("settled"), closing, contacts=120)
        set_up(world.place)
        ran = world.place.run("sync", "--json")
        assert ran.code == 0, ran.err
        yield world


@pytest.fixture
def copied(settled: World, tmp_path: Path) -> Place:
    """The same deployment with a store of its own, to be spoiled."""
    for each in settled.place.folder.iterdir():
        if each.is_file():
            shutil.copy(each, tmp_path)
    return Place(tmp_path)


def _worlds(folder: Path) -> Iterator[MakeWorld]:
    with ExitStack() as closing:

        def make(*, contacts: int = 40, **settings: Any) -> World:
            return open_world(folder / "deployment", closing, contacts=contacts, **settings)

        yield make


def open_world(
    folder: Path,
    closing: ExitStack,
    *,
    contacts: int,
    seed: int = 1,
    faults: str | None = None,
    **settings: Any,
) -> World:
    """Simulators with a believable base, and a deployment in this folder that knows them.

    Every request to HubSpot and its answer is held against the descriptions in `tests/openapi`.

    Args:
        settings: of `make_place`.
    """
    sandbox = closing.enter_context(start(contacts=contacts, seed=seed, faults=faults))
    told = sandbox.credentials()
    told["hubspot"]["url"] = closing.enter_context(recorded(sandbox.hubspot))
    vendors = Vendors(told)
    closing.callback(vendors.close)
    return World(sandbox, vendors, make_place(folder, told, **settings))
