"""Messages about names that do not exist: what was given, what was probably meant, what there is."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(given: str, known: Iterable[str], *, likeness: float = 0.62) -> str | None:
    """The known name that a typing error would turn into `given`; None when none is that like it."""
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(given.lower(), by_lower, n=1, cutoff=likeness)
    return by_lower[found[0]] if found else None


def unknown(what: str, given: str, known: Iterable[str]) -> str:
    """Such as ``unknown axis `intrest`, did you mean `interest`? known: fit, interest``."""
    names = list(known)
    meant = closest(given, names)
    guess = f", did you mean `{meant}`? known: " if meant else "; known: "
    return f"unknown {what} `{given}`{guess}{', '.join(names) or 'none'}"
