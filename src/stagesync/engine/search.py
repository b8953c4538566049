"""Finds people and accounts by whatever somebody may have of them: a name, an address, a domain, an id."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from stagesync.domain.text import fold_name
from stagesync.store import people, records, search
from stagesync.store.people import KINDS, Kind

SHORTEST = 2
"""Letters without which nothing is looked for: half of everybody would be found."""

Found = tuple[Kind, str]
"""A person or an account, and their id."""


def find_all(tx: Connection, words: str, *, most: int) -> list[Found]:
    """Whom these words may mean, the surest first: ids, names, addresses, accounts.

    Names are found by their beginning, the first or the last one first; case and accents play no part.
    """
    words = words.strip()
    if len(words) < SHORTEST:
        return []
    found = dict.fromkeys(_found(tx, words, most=most))
    return list(found)[:most]


def _found(tx: Connection, words: str, *, most: int) -> Iterator[Found]:
    for kind in KINDS:
        yield from ((kind, who) for who in people.placed(tx, kind, [words]))
    yield from _by_record(tx, words, most=most)
    if words.startswith("@"):
        domain = words[1:].lower()
        yield from (("person", who) for who in search.by_employer(tx, domain, most=most))
        yield from (("account", who) for who in search.by_domain(tx, domain, most=most))
        return
    if "@" not in words:
        yield from (("person", who) for who in _named(tx, words, most=most))
    is_one_word = len(words.split()) == 1
    if is_one_word:
        yield from (("person", who) for who in search.by_email(tx, words.lower(), most=most))
    if "@" not in words and (name := fold_name(words)):
        yield from (("account", who) for who in search.by_name(tx, "account", last=name, most=most))
        if is_one_word:
            yield from (("account", who) for who in search.by_domain(tx, words.lower(), most=most))


def _by_record(tx: Connection, words: str, *, most: int) -> Iterator[Found]:
    """By a record's id in its CRM, or `connection/object/id`."""
    connection, _, rest = words.partition("/")
    object_name, slash, record_id = rest.partition("/")
    if slash:
        for each in records.records_of(tx, connection, object_name, [record_id]).values():
            yield from _holders(each.person, each.account)
        return
    if any(letter.isdigit() for letter in words) and len(words.split()) == 1:
        for kind in KINDS:
            yield from ((kind, who) for who in search.by_record(tx, kind, words, most=most))


def _holders(person: str | None, account: str | None) -> Iterator[Found]:
    if person:
        yield "person", person
    if account:
        yield "account", account


def _named(tx: Connection, words: str, *, most: int) -> Iterator[str]:
    """By last name, by first name, and by both in either order, wherever one ends and the other begins."""
    parts = fold_name(words).split()
    whole = " ".join(parts)
    if not whole:
        return
    for place in range(1, len(parts)):
        one, other = " ".join(parts[:place]), " ".join(parts[place:])
        yield from search.by_name(tx, "person", first=one, last=other, most=most)
        yield from search.by_name(tx, "person", first=other, last=one, most=most)
    yield from search.by_name(tx, "person", last=whole, most=most)
    yield from search.by_name(tx, "person", first=whole, most=most)
