"""Plants a mistake into a function that runs: its source with one text replaced, for as long as a block lasts."""

from __future__ import annotations
import __future__

import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

ANNOTATIONS = __future__.annotations.compiler_flag


@contextmanager
def planted(function: Callable[..., Any], old: str, new: str) -> Iterator[None]:
    """Whoever calls the function, by whatever name, meets the mistake."""
    assert isinstance(function, FunctionType)
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{function.__qualname__} has changed: plant the mistake anew"
    made: dict[str, Any] = {}
    flags = function.__code__.co_flags
    code = compile(
        source.replace(old, new), function.__code__.co_filename, "exec", flags & ANNOTATIONS
    )
    exec(code, function.__globals__ | {}, made)
    right = function.__code__
    function.__code__ = made[function.__name__].__code__
    try:
        yield
    finally:
        function.__code__ = right
