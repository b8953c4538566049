"""What must hold once all is calm: store and CRMs tell the same, on every record, and nothing is owed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stagesync.domain.life import State
from stagesync.engine.holds import overrides_of
from stagesync.store import baselines, differences, people, plans, records

from .crms import Values
from .journal import Place
from .ledger import WORKED_OUT, Ledger
from .rules import OWN_STAGE, alike, is_derived
from .truth import wrong_positions


def settled(ledger: Ledger) -> None:
    """Store and CRMs tell the same, on every record, and nothing is owed."""
    now = ledger.look()
    ledger.see(now)
    assert not ledger.owed, f"written, and never said: {sorted(ledger.owed)}"
    ledger.promises.all_returned(now)
    with ledger.world.deployment.store.begin() as tx:
        stored = {
            (each.connection, each.object, each.id): each
            for each in records.all_records(tx, ledger.world.objects)
        }
        left = differences.differences_of(tx, [each.pk for each in stored.values()])
        waiting = plans.entries_in(tx, State.SENT)
        dropped = {(e.record_pk, e.field) for e in plans.entries_in(tx, State.DROPPED)}
        kept = baselines.baselines_of(tx, [each.pk for each in stored.values()])
        placed = {
            who: each
            for kind in people.KINDS
            for who, each in people.placed(tx, kind, people.all_ids(tx, kind)).items()
        }
    label = ledger.world.deployment.policy.label
    assert {label} >= {each.policy for each in placed.values()}, "placed by another policy"
    _stages_follow(ledger, placed)
    for (place, name), value in ledger.ours.items():
        assert alike(kept.get(stored[place].pk, {}).get(name), value), f"{place} {name} is ours"
    assert not waiting, "entries that went out and were never settled"
    live = {place for place, each in stored.items() if each.held and not each.gone}
    mapped = {place for place in now if place[1] in _mapped(ledger, place[0])}
    assert live == mapped, f"known and gone: {live - mapped}; there and unknown: {mapped - live}"
    for place in sorted(live):
        each, values = stored[place], now[place]
        wrong = {
            n: (value, values.get(n))
            for n, value in each.fields.items()
            if not is_derived(n) and n not in WORKED_OUT and not alike(value, values.get(n))
        }
        assert not wrong, f"{place}: the store has (left) what the CRM has not (right): {wrong}"
        why_not = {one.field for one in left.get(each.pk, [])}
        why_not |= {name for pk, name in dropped if pk == each.pk}
        _stage_stands(ledger, place, each, values, placed=placed, why_not=why_not)
    wrong = wrong_positions(ledger.world, ledger.forms)
    assert not wrong, f"the store places people (left) where the facts do not (right): {wrong}"


def _stages_follow(ledger: Ledger, placed: Mapping[str, Any]) -> None:
    """Stages are what the vocabulary of today says of the positions, what people's words fix included."""
    deployment = ledger.world.deployment
    with deployment.store.begin() as tx:
        fixed = overrides_of(tx, placed)
    for who, each in placed.items():
        levels, _ = fixed.get(who, ({}, 0.0))
        stages = deployment.classifier.stages(
            {**(each.position or {}), **levels}, account=who.startswith("a_")
        )
        assert stages["standard"] == (each.stages or {})["standard"], (
            f"{who} is called {each.stages} and stands at {each.position} with {levels}"
        )


def _mapped(ledger: Ledger, connection: str) -> Iterable[str]:
    return ledger.world.deployment.connections[connection].roles


def _stage_stands(
    ledger: Ledger,
    place: Place,
    each: Any,
    values: Values,
    *,
    placed: Mapping[str, Any],
    why_not: set[str],
) -> None:
    """Our own field says where its person stands, unless a difference or a dropped plan says why not."""
    name = OWN_STAGE.get(place[:2])
    if name is None or (place[1] == "lead" and values.get("IsConverted")):
        return
    subject = placed.get(each.person or each.account or "")
    assert subject is not None, f"{place} belongs to nobody"
    wanted = (subject.stages or {})["standard"]
    if name in why_not:
        return
    assert alike(values.get(name), wanted), f"{place} says {values.get(name)!r}, not {wanted!r}"
