"""What other packages may import says what it is."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest

import stagesync.connector
import stagesync.domain


def modules() -> Iterator[str]:
    """The published contract and the domain, module by module."""
    for package in (stagesync.connector, stagesync.domain):
        yield package.__name__
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield each.name


def undocumented(name: str) -> Iterator[str]:
    """The module, and its public classes, functions and methods, that have no docstring."""
    module = importlib.import_module(name)
    if not module.__doc__:
        yield name
    for key, thing in vars(module).items():
        if key.startswith("_") or getattr(thing, "__module__", "") != name:
            continue
        if inspect.isfunction(thing) and not thing.__doc__:
            yield f"{name}.{key}"
        if inspect.isclass(thing):
            # A dataclass without one gets its signature for a docstring.
            if not thing.__doc__ or thing.__doc__.startswith(f"{key}("):
                yield f"{name}.{key}"
            yield from (f"{name}.{key}.{each}" for each in _bare_methods(thing))


def _bare_methods(owner: type) -> Iterator[str]:
    for key, thing in vars(owner).items():
        function = thing.fget if isinstance(thing, property) else getattr(thing, "__func__", thing)
        written = (
            inspect.isfunction(function) and function.__qualname__ == f"{owner.__qualname__}.{key}"
        )
        if written and not key.startswith("_") and not inspect.getdoc(getattr(owner, key)):
            yield key


@pytest.mark.parametrize("name", list(modules()))
def test_everything_public_has_a_docstring(name: str):
    """Modules, classes, functions and methods that others may use say what they are."""
    assert [] == list(undocumented(name))


def test_the_search_finds_what_has_none():
    """The test above can fail: a function without a docstring is seen."""

    class Bare:
        def told(self) -> None: ...

    assert ["told"] == list(_bare_methods(Bare))
