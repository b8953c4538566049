"""Which records are one human, and which companies are one account.

A person is a set of records. Records are joined, in this order of trust:

1. a record that was merged is part of its winner: there is one record left;
2. by people's verdicts, the newest first: these records are one human, this record is another human;
3. by what the CRMs themselves say: a converted lead names its contact;
4. within one CRM by e-mail *and* name, never by e-mail alone;
5. across CRMs by e-mail, when on each side the address belongs to exactly one group.

What a verdict parts, no later rule joins, not even by way of a third record. The address of a record
that was split off stays with those it was split from: it joins nobody else to the record.
An address that several people of one CRM share (`info@`) joins nobody: it is reported. So is a group
that grows beyond a limit: it falls back to the joins of rules 1 to 3. Nothing is guessed.
Accounts are joined by web domain across CRMs, under the same rule of one on each side.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product

from stagesync.domain.groups import Groups

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
        aliases: further addresses of a person, normalised.
        same_as: keys of records that its CRM says are the same.
        merged: whether it became part of the record in `same_as`: nothing can part them.
        id_hint: `connection/object/id`, from which a new identity gets its id.
        held_by: id of the person or account it belongs to so far; empty when new.
    """

    key: int
    connection: str
    name: tuple[str, str] = field(repr=False)
    mark: str = field(repr=False)
    same_as: tuple[int, ...] = ()
    id_hint: str = ""
    held_by: str = ""
    merged: bool = False
    aliases: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Word:
    """A person's verdict on records.

    Attributes:
        together: whether all of these records are one human; else those of `one` are another human
            than those of `other`.
        one, other: keys of records; they may name some that are not looked at.
    """

    together: bool
    one: tuple[int, ...]
    other: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Joined:
    """The outcome: groups of keys, and marks that joined nobody because several share them.

    Attributes:
        groups: each sorted; ordered by their first key.
        shared: mark -> keys that bear it.
        too_large: groups that were broken up again, as they would have been.
        certain: key -> a key that stands for all that CRMs and verdicts join with it.
        left: keys that a verdict splits off from others.
    """

    groups: tuple[tuple[int, ...], ...]
    shared: Mapping[str, tuple[int, ...]] = field(repr=False)
    too_large: tuple[tuple[int, ...], ...]
    certain: Mapping[int, int] = field(default_factory=dict)
    left: frozenset[int] = frozenset()


def same_name(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two normalised names can be one human's: equal last names, and first names that are
    equal, missing on one side, or an initial of each other."""
    if not one[1] or one[1] != other[1]:
        return False
    first, second = one[0], other[0]
    if not first or not second or first == second:
        return True
    return min(len(first), len(second)) == 1 and first[0] == second[0]


def join_people(records: Sequence[Known], words: Sequence[Word] = ()) -> Joined:
    """Group records into people.

    Args:
        words: the verdicts that stand, oldest first.
    """
    return _join(records, words, within=lambda one, other: same_name(one.name, other.name))


def join_accounts(records: Sequence[Known]) -> Joined:
    """Group company records into accounts; two companies of one CRM are never joined."""
    return _join(records, (), within=lambda _one, _other: False)


def _join(
    records: Sequence[Known], words: Sequence[Word], *, within: Callable[[Known, Known], bool]
) -> Joined:
    certain = Groups(record.key for record in records)
    for record in records:
        if record.merged:
            _join_same(record, certain)
    for word in reversed(words):
        _heed(word, certain)
    for record in records:
        _join_same(record, certain)
    full = certain.copy()
    shared = _join_by_mark(records, full, within=within)
    return _broken_up(full.groups(), certain, shared)


def _join_same(record: Known, groups: Groups) -> None:
    for key in record.same_as:
        groups.union(record.key, key)


def _heed(word: Word, groups: Groups) -> None:
    """Do as a verdict says, as far as no newer one says otherwise."""
    if word.together:
        keys = (*word.one, *word.other)
        for one, other in combinations(keys, 2):
            groups.union(one, other)
    else:
        for one, other in product(word.one, word.other):
            groups.part(one, other)


def _join_by_mark(
    records: Sequence[Known], groups: Groups, *, within: Callable[[Known, Known], bool]
) -> dict[str, tuple[int, ...]]:
    bearers: dict[str, list[Known]] = defaultdict(list)
    for record in records:
        for mark in {record.mark, *record.aliases} - {""}:
            bearers[mark].append(record)
    bearers = {mark: _rightful(bearing, groups) for mark, bearing in bearers.items()}
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


def _rightful(bearing: list[Known], groups: Groups) -> list[Known]:
    """Those who bear a mark, without those who were split off from another one who bears it."""
    if not groups.left:
        return bearing
    roots = {groups.find(record.key) for record in bearing}
    leaving = {groups.find(one) for one, other in groups.left if groups.find(other) in roots}
    return [record for record in bearing if groups.find(record.key) not in leaving]


def _is_one_on_each_side(bearing: Sequence[Known], groups: Groups) -> bool:
    sides: dict[str, set[int]] = defaultdict(set)
    for record in bearing:
        sides[record.connection].add(groups.find(record.key))
    return all(len(found) == 1 for found in sides.values())


def _broken_up(
    groups: Mapping[int, list[int]], certain: Groups, shared: Mapping[str, tuple[int, ...]]
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
    told = {key: certain.find(key) for keys in groups.values() for key in keys}
    left = frozenset(one for one, _ in certain.left)
    return Joined(tuple(sorted(kept)), shared, tuple(sorted(too_large)), told, left)


def hold_apart(
    joined: Joined, records: Mapping[int, Known], *, may_join: Callable[[str, str], bool]
) -> tuple[Joined, list[tuple[str, str]]]:
    """The groups, each parted where two known people would become one who may not.

    What the CRMs themselves or people's verdicts say is never parted. Records that belong to nobody yet go with the first.

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
        parts, apart = _parts(keys, records, joined=joined, may_join=may_join)
        groups += parts
        pairs |= apart
    return replace(joined, groups=tuple(sorted(groups))), sorted(pairs)


def _parts(
    keys: Sequence[int],
    records: Mapping[int, Known],
    *,
    joined: Joined,
    may_join: Callable[[str, str], bool],
) -> tuple[list[tuple[int, ...]], set[tuple[str, str]]]:
    groups = Groups(keys)
    bearer: dict[str, int] = {}
    for key in keys:
        groups.union(key, joined.certain.get(key, key))
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
    joined: Joined, records: Mapping[int, Known], *, prefix: str, taken: Collection[str] = ()
) -> dict[str, tuple[int, ...]]:
    """Give each group its id: the one most of its records already bear, so that history stays.

    Args:
        prefix: `p_` for people, `a_` for accounts.
        taken: ids that no new group may get: somebody else bears them.

    Returns:
        id -> keys. An id is used once: of two groups that part, the one from which a verdict split the
        other keeps it, else the one with the older record.
    """
    named: dict[str, tuple[int, ...]] = {}
    for keys in sorted(joined.groups, key=lambda keys: (not joined.left.isdisjoint(keys), keys)):
        held = [records[key].held_by for key in keys if records[key].held_by]
        candidates = sorted(set(held), key=lambda name: (-held.count(name), held.index(name)))
        free = next((name for name in candidates if name not in named), None)
        named[free or _new_id(records[keys[0]].id_hint, prefix, taken=(named, taken))] = keys
    return named


def _new_id(hint: str, prefix: str, *, taken: Sequence[Collection[str]]) -> str:
    found = prefix + hashlib.blake2s(hint.encode(), digest_size=6).hexdigest()
    while any(found in names for names in taken):
        found = prefix + hashlib.blake2s(found.encode(), digest_size=6).hexdigest()
    return found
