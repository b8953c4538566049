"""Words, lists of words and conditions on fields, as mapping files write them."""

from __future__ import annotations

from stagesync.domain.mapping_rules import same_text
from stagesync.loading.document import Spot

_SPOKEN = {"yes": "true", "no": "false"}
"""A flag may be written either way; CRMs answer `true` and `false`, a choice field perhaps `Yes`."""


def one(spot: Spot | None) -> str:
    """A text; empty when the key is absent."""
    return (spot.text() if spot else None) or ""


def flag(spot: Spot | None) -> bool:
    """yes or no; no when the key is absent."""
    return bool(spot and spot.flag())


def several(spot: Spot | None, *, blanks: bool = False) -> tuple[str, ...]:
    """A text or a list of texts; none when the key is absent.

    Args:
        spot: the value, if there is one.
        blanks: whether `""` is allowed, for an empty field.
    """
    if spot is None:
        return ()
    items = spot.items() if spot.is_list else [spot]
    found = []
    for item in items:
        letters = item.letters
        if letters is None or not (blanks or letters.strip()):
            item.problem("must be a text")
        elif letters in found:
            item.problem(f"`{letters}` stands here twice")
        else:
            found.append(letters)
    return tuple(found)


def folded(spot: Spot | None) -> frozenset[str]:
    """Values of a field as conditions compare them."""
    texts = [same_text(text) for text in several(spot, blanks=True)]
    if spot and spot.is_list and not spot.items():
        spot.problem("must list at least one value")
    return frozenset([*texts, *(_SPOKEN[text] for text in texts if text in _SPOKEN)])


def read_when(spot: Spot | None) -> dict[str, frozenset[str]]:
    """Field -> values that fit; `""` stands for an empty field."""
    if spot is None:
        return {}
    entries = spot.entries()
    if spot.is_blank or (spot.is_mapping and not entries):
        spot.problem("must name a field and its values")
    return {name: folded(value) for name, value in entries.items()}
