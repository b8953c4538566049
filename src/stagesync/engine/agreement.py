"""How far the CRMs agree on the people whom several of them hold.

Before: whether the words that the CRMs' own stage fields hold can mean one position at all. Each word
is read back through its vocabulary into the positions it can stand for; words that share no position
contradict each other. After: whether our own field holds the same stage everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection

from stagesync.connector import Role
from stagesync.domain.mapping import WriteRule, is_frozen
from stagesync.domain.translate import translate
from stagesync.engine.deployment import Deployment
from stagesync.store import records
from stagesync.store.records import StoredRecord

AT_ONCE = 50
"""People between two breaths."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Shares of the people whom several CRMs hold; None when nobody is.

    Attributes:
        people: how many they are.
        vendor: of those for whom several CRMs' own stage fields hold a word that we know, the share
            whose words do not contradict each other; None when there is nobody.
        own: share whose own field holds the same stage in every CRM.
    """

    people: int
    vendor: float | None
    own: float | None


def agreement(
    tx: Connection, deployment: Deployment, *, breathe: Callable[[], None] = lambda: None
) -> Agreement:
    """Count over everybody in the store, one by one.

    Args:
        breathe: called now and then, to let others work.
    """
    meanings = _Meanings(deployment)
    shared = told = agreeing = own_field = 0
    for own in _people_in_several(tx, deployment):
        if shared % AT_ONCE == 0:
            breathe()
        shared += 1
        found = meanings.of(own)
        told += len(found) > 1
        agreeing += len(found) > 1 and _compatible(found.values())
        own_field += _same_own_stage(deployment, own)
    if not shared:
        return Agreement(0, None, None)
    return Agreement(shared, agreeing / told if told else None, own_field / shared)


def _people_in_several(tx: Connection, deployment: Deployment) -> Iterator[list[StoredRecord]]:
    objects = {
        (name, each)
        for name, connected in deployment.connections.items()
        for each in connected.objects(Role.PERSON)
    }
    for _, found in groupby(records.of_shared_people(tx), key=attrgetter("person")):
        own = [each for each in found if (each.connection, each.object) in objects]
        if len({each.connection for each in own}) > 1:
            yield own


def _rules(deployment: Deployment, each: StoredRecord) -> tuple[WriteRule, ...]:
    return deployment.connections[each.connection].object_mapping(each.object).writes


def _same_own_stage(deployment: Deployment, own: Iterable[StoredRecord]) -> bool:
    """Read-only records (converted leads) have no say: their contact speaks for them."""
    held = {
        each.fields.get(rule.field)
        for each in own
        for rule in _rules(deployment, each)
        if rule.owner == "ours"
        and rule.value == f"stage.{deployment.main_vocabulary}"
        and not is_frozen(
            deployment.connections[each.connection].object_mapping(each.object), each.fields
        )
    }
    return len(held) == 1 and not held & {None, ""}


class _Meanings:
    """What the vendors' words can stand for, each looked up once."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._known: dict[tuple[str, str], frozenset[str]] = {}

    def of(self, own: Iterable[StoredRecord]) -> dict[str, frozenset[str]]:
        """Connection -> the main vocabulary's stages that its vendor fields' known words can mean."""
        found: dict[str, frozenset[str]] = {}
        for each in own:
            for rule in _rules(self._deployment, each):
                stage = _vendor_stage(rule, each.fields)
                vocabulary = self._deployment.vocabularies.get(rule.value.partition(".")[2])
                if vocabulary and any(stage == one.id for one in vocabulary.stages):
                    meant = self._stages(vocabulary.name, str(stage))
                    found[each.connection] = found.get(each.connection, meant) & meant
        return found

    def _stages(self, vocabulary: str, stage: str) -> frozenset[str]:
        key = (vocabulary, stage)
        if key not in self._known:
            told = translate(
                stage,
                source=vocabulary,
                target=self._deployment.main_vocabulary,
                vocabularies=self._deployment.vocabularies,
                axes=self._deployment.policy.axes,
            )
            self._known[key] = frozenset(told.stages)
        return self._known[key]


def _vendor_stage(rule: WriteRule, fields: Mapping[str, object]) -> str | None:
    value = fields.get(rule.field)
    if not rule.vendor or not value:
        return None
    if rule.values is None:
        return str(value)
    return next((stage for stage, words in rule.values.items() if value in words), None)


def _compatible(meanings: Iterable[frozenset[str]]) -> bool:
    common: frozenset[str] | None = None
    for one in meanings:
        common = one if common is None else common & one
    return common is None or bool(common)
