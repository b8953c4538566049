"""Which records are one human, and which companies are one account.

A person is a set of records. Records are joined, in this order of trust:

1. by what the CRMs themselves say: a converted lead names its contact, a merged record its winner;
2. within one CRM by e-mail *and* name, never by e-mail alone;
3. across CRMs by e-mail, when on each side the address belongs to exactly one group.

An address that several people of one CRM share (`info@`) joins nobody: it is reported. So is a group
that grows beyond a limit: it falls back to the joins of rule 1. Nothing is guessed.
Accounts are joined by web domain across CRMs, under the same rule of one on each side.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

LARGEST_GROUP = 25
"""Records of one person beyond which a join by address is not believed."""


@dataclass(frozen=True, slots=True)
class Known:
    """What identity looks at in one record.

    Attributes:
        key: the store's number of the record.
        connection: where it lives.
        name: (first, last), normalised for comparison; blank where unknown.
        mark: normalised e-mail of a person, web domain of an account; empty when it has none.
        same_as: keys of records that its CRM says are the same.
        id_hint: `connection/object/id`, from which a new identity gets its id.
        held_by: id of the person or account it belongs to so far; empty when new.
    """

    key: int
    connection: str
    name: tuple[str, str]
    mark: str
    same_as: tuple[int, ...] = ()
    id_hint: str = ""
    held_by: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """The outcome: groups of keys, and marks that joined nobody because several share them.

    Attributes:
        groups: each sorted; ordered by their first key.
        shared: mark -> keys that bear it.
        too_large: groups that were broken up again, as they would have been.
    """

    groups: tuple[tuple[int, ...], ...]
    shared: Mapping[str, tuple[int, ...]]
    too_large: tuple[tuple[int, ...], ...]


class _Groups:
    """Union-find over record keys."""

    def __init__(self, keys: Iterable[int]) -> None:
        self._parent = {key: key for key in keys}

    def find(self, key: int) -> int:
        parent = self._parent
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    def union(self, one: int, other: int) -> None:
        if other in self._parent:
            first, second = sorted((self.find(one), self.find(other)))
            self._parent[second] = first

    def groups(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for key in self._parent:
            found[self.find(key)].append(key)
        return found


def same_name(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two normalised names can be one human's: equal last names, and first names that are
    equal, missing on one side, or an initial of each other."""
    if not one[1] or one[1] != other[1]:
        return False
    first, second = one[0], other[0]
    if not first or not second or first == second:
        return True
    return min(len(first), len(second)) == 1 and first[0] == second[0]


def join_people(records: Sequence[Known]) -> Joined:
    """Group records into people."""
    return _join(records, within=lambda one, other: same_name(one.name, other.name))


def join_accounts(records: Sequence[Known]) -> Joined:
    """Group company records into accounts; two companies of one CRM are never joined."""
    return _join(records, within=lambda _one, _other: False)


def _join(records: Sequence[Known], *, within: Callable[[Known, Known], bool]) -> Joined:
    by_key = {record.key: record for record in records}
    certain = _Groups(by_key)
    for record in records:
        for key in record.same_as:
            certain.union(record.key, key)
    full = _Groups(by_key)
    for record in records:
        full.union(record.key, certain.find(record.key))
    shared = _join_by_mark(records, full, within=within)
    return _broken_up(full.groups(), certain, shared)


def _join_by_mark(
    records: Sequence[Known], groups: _Groups, *, within: Callable[[Known, Known], bool]
) -> dict[str, tuple[int, ...]]:
    bearers: dict[str, list[Known]] = defaultdict(list)
    for record in records:
        if record.mark:
            bearers[record.mark].append(record)
    for bearing in bearers.values():
        for place, one in enumerate(bearing):
            for other in bearing[place + 1 :]:
                if one.connection == other.connection and within(one, other):
                    groups.union(one.key, other.key)
    shared = {}
    for mark in sorted(bearers):
        if _is_one_on_each_side(bearers[mark], groups):
            for record in bearers[mark][1:]:
                groups.union(bearers[mark][0].key, record.key)
        else:
            shared[mark] = tuple(sorted(record.key for record in bearers[mark]))
    return shared


def _is_one_on_each_side(bearing: Sequence[Known], groups: _Groups) -> bool:
    sides: dict[str, set[int]] = defaultdict(set)
    for record in bearing:
        sides[record.connection].add(groups.find(record.key))
    return all(len(found) == 1 for found in sides.values())


def _broken_up(
    groups: Mapping[int, list[int]], certain: _Groups, shared: Mapping[str, tuple[int, ...]]
) -> Joined:
    kept: list[tuple[int, ...]] = []
    too_large: list[tuple[int, ...]] = []
    for keys in groups.values():
        if len(keys) <= LARGEST_GROUP:
            kept.append(tuple(sorted(keys)))
            continue
        too_large.append(tuple(sorted(keys)))
        parts: dict[int, list[int]] = defaultdict(list)
        for key in keys:
            parts[certain.find(key)].append(key)
        kept.extend(tuple(sorted(part)) for part in parts.values())
    return Joined(tuple(sorted(kept)), shared, tuple(sorted(too_large)))


def hold_apart(
    joined: Joined, records: Mapping[int, Known], *, may_join: Callable[[str, str], bool]
) -> tuple[Joined, list[tuple[str, str]]]:
    """The groups, each parted where two known people would become one who may not.

    What the CRMs themselves say is never parted. Records that belong to nobody yet go with the first.

    Args:
        may_join: whether the people of these two ids may become one.

    Returns:
        The groups, and the pairs of ids that were kept apart, each in order.
    """
    groups: list[tuple[int, ...]] = []
    pairs: set[tuple[str, str]] = set()
    for keys in joined.groups:
        if len({records[key].held_by for key in keys} - {""}) < 2:
            groups.append(keys)
            continue
        parts, apart = _parts(keys, records, may_join=may_join)
        groups += parts
        pairs |= apart
    return replace(joined, groups=tuple(sorted(groups))), sorted(pairs)


def _parts(
    keys: Sequence[int], records: Mapping[int, Known], *, may_join: Callable[[str, str], bool]
) -> tuple[list[tuple[int, ...]], set[tuple[str, str]]]:
    groups = _Groups(keys)
    bearer: dict[str, int] = {}
    for key in keys:
        for same in records[key].same_as:
            groups.union(key, same)
        if held_by := records[key].held_by:
            groups.union(bearer.setdefault(held_by, key), key)
    names = sorted(bearer)
    for key in keys:
        owned = {groups.find(each) for each in bearer.values()}
        if groups.find(key) not in owned:
            groups.union(bearer[_first_owner(keys, records)], key)
    wanted = [(one, other) for one in names for other in names if one < other]
    for one, other in wanted:
        if may_join(one, other):
            groups.union(bearer[one], bearer[other])
    apart = {
        (one, other)
        for one, other in wanted
        if groups.find(bearer[one]) != groups.find(bearer[other])
    }
    return [tuple(sorted(part)) for part in groups.groups().values()], apart


def _first_owner(keys: Sequence[int], records: Mapping[int, Known]) -> str:
    """The person of the oldest record that has one."""
    return next(records[key].held_by for key in keys if records[key].held_by)


def name_groups(
    joined: Joined, records: Mapping[int, Known], *, prefix: str
) -> dict[str, tuple[int, ...]]:
    """Give each group its id: the one most of its records already bear, so that history stays.

    Args:
        prefix: `p_` for people, `a_` for accounts.

    Returns:
        id -> keys. An id is used once: of two groups that split, the one with the older record keeps it.
    """
    named: dict[str, tuple[int, ...]] = {}
    for keys in joined.groups:
        held = [records[key].held_by for key in keys if records[key].held_by]
        candidates = sorted(set(held), key=lambda name: (-held.count(name), held.index(name)))
        free = next((name for name in candidates if name not in named), None)
        named[free or _new_id(records[keys[0]].id_hint, prefix, taken=named)] = keys
    return named


def _new_id(hint: str, prefix: str, *, taken: Mapping[str, object]) -> str:
    found = prefix + hashlib.blake2s(hint.encode(), digest_size=6).hexdigest()
    while found in taken:
        found = prefix + hashlib.blake2s(found.encode(), digest_size=6).hexdigest()
    return found
