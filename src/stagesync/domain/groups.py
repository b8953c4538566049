"""Sets of record keys that grow together, and that a word can keep apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable


class Groups:
    """Union-find over record keys, in which some must stay apart.

    Attributes:
        left: who was split off from whom: a key of each.
    """

    def __init__(self, keys: Iterable[int]) -> None:
        self._parent = {key: key for key in keys}
        # Root -> keys of the groups that must stay apart from it.
        self._foes: dict[int, set[int]] = {}
        self.left: list[tuple[int, int]] = []

    def copy(self) -> Groups:
        """The same groups, which may then grow on their own."""
        made = Groups(())
        made._parent = dict(self._parent)
        made._foes = {root: set(foes) for root, foes in self._foes.items()}
        made.left = list(self.left)
        return made

    def part(self, one: int, other: int) -> None:
        """Split the group of one off from the other's; what is one already, or apart, stays so."""
        if one not in self._parent or other not in self._parent:
            return
        first, second = self.find(one), self.find(other)
        if first != second and not self.are_apart(first, second):
            self._foes.setdefault(first, set()).add(second)
            self._foes.setdefault(second, set()).add(first)
            self.left.append((one, other))

    def are_apart(self, one: int, other: int) -> bool:
        """Whether the groups of these keys must stay apart."""
        far = self.find(other)
        return any(self.find(foe) == far for foe in self._foes.get(self.find(one), ()))

    def find(self, key: int) -> int:
        """The key that stands for the group of this one."""
        parent = self._parent
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    def union(self, one: int, other: int) -> None:
        """Make two groups one, unless they must stay apart."""
        if one not in self._parent or other not in self._parent:
            return
        first, second = sorted((self.find(one), self.find(other)))
        if first == second or self.are_apart(first, second):
            return
        self._parent[second] = first
        if foes := self._foes.pop(second, None):
            self._foes.setdefault(first, set()).update(foes)

    def groups(self) -> dict[int, list[int]]:
        """Standing key -> the keys of its group."""
        found: dict[int, list[int]] = defaultdict(list)
        for key in self._parent:
            found[self.find(key)].append(key)
        return found
