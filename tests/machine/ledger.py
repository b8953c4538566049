"""What a run may have done, held against what it did: the CRMs before and after, and the audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stagesync.domain.life import State
from stagesync.engine.audit import verify
from stagesync.engine.run import Outcome
from stagesync.store import baselines, differences, log, people, plans, records, state

from .crms import Place, Values
from .rules import OWN_STAGE, alike, differing, is_derived, may_write, objection
from .truth import wrong_positions
from .world import PowerCut, World

LATE_S = 15.0
"""How long after it was made a change may still be hidden from whoever asks the vendor."""

WORKED_OUT = {"stage_is_won", "stage_is_closed"}
"""Fields that the HubSpot connector adds to a deal."""

Field = tuple[Place, str]
Snapshot = Mapping[Place, Values]


@dataclass
class Ledger:
    """Everything that the CRMs held, and which of it we owe an explanation for.

    Attributes:
        ours: field -> the value that the audit says we last wrote there, until it holds another.
        owed: fields that a broken run changed before it could say so -> what it set.
        lost: those of them that somebody wrote over or deleted before anybody could look.
        touched_at: record -> when somebody last did something to it.
        forms: contact of HubSpot -> dates of forms that a run could see: HubSpot keeps but the last one.
        strange: fields that were written under another record's id.
        heirs: record of HubSpot -> what a merge made of it.
        seq: the last audit entry that was looked at.
        failed: a run did what it must not; nothing that follows can be judged.
    """

    world: World
    ours: dict[Field, Any] = field(default_factory=dict)
    owed: dict[Field, Any] = field(default_factory=dict)
    lost: dict[Field, Any] = field(default_factory=dict)
    past: dict[Field, list[Any]] = field(default_factory=dict)
    touched_at: dict[Place, float] = field(default_factory=dict)
    forms: dict[Place, set[str]] = field(default_factory=dict)
    heirs: dict[Place, Place] = field(default_factory=dict)
    strange: set[Field] = field(default_factory=set)
    seq: int = 0
    failed: bool = False

    def touch(self, *places: Place) -> None:
        """Somebody did something to these records just now."""
        self.touched_at |= dict.fromkeys(places, self.world.crms.now_s)

    def look(self) -> Snapshot:
        """All records as they stand; every value is remembered."""
        found = self.world.crms.everything(self.world.objects)
        for place, values in found.items():
            for name, value in values.items():
                if may_write(place, name):
                    known = self.past.setdefault((place, name), [None])
                    if not any(alike(value, each) for each in known):
                        known.append(value)
        return found

    def run(self) -> Outcome | None:
        """One pass, judged; None when the process ended in the middle."""
        self.failed = True
        outcome = self._run()
        self.failed = False
        return outcome

    def _run(self) -> Outcome | None:
        before = self.look()
        self.see(before)
        self.world.crms.forget_log()
        watched = self._watched()
        calm = not self.world.crms.faults_waiting()
        began_s = self.world.crms.now_s
        outcome = None
        try:
            outcome = self.world.run()
        except PowerCut:
            self.world.reopen()
        broken = set(self.world.deployment.connections)
        if outcome is not None:
            broken = set(outcome.troubles)
        after = self.look()
        for connection in watched:
            mine = [place for place in before if place[0] == connection]
            assert [] == [p for p in mine if differing(before[p], after[p])], "written unapproved"
        self._judge(before, after, broken=broken, began_s=began_s)
        if calm and outcome is not None:
            self._written_once()
        if outcome is not None:
            self._refusals_listed()
        if "hubspot" not in broken:
            self._see_forms(before, began_s)
        self.seq = max([self.seq, *(each["seq"] for each in self._entries)])
        return outcome

    def _see_forms(self, seen: Snapshot, began_s: float) -> None:
        for place, values in seen.items():
            late = began_s - self.touched_at.get(place, -1e12) < LATE_S
            if not late and (at := values.get("recent_conversion_date")):
                self.forms.setdefault(place, set()).add(at)

    def became(self, place: Place, *parts: Place) -> None:
        """These records are one from now on; HubSpot takes writes under the old ids, too."""
        known: set[str] = set()
        self.forms[place] = known.union(*(self.forms.get(each, ()) for each in parts))
        self.touch(place, *parts)
        self.heirs |= {each: place for each in parts if place[0] == "hubspot"}

    def _place(self, entry: Mapping[str, Any]) -> Place:
        place = (entry["connection"], entry["object"], entry["id"])
        while place in self.heirs:
            place = self.heirs[place]
        return place

    def _watched(self) -> list[str]:
        """Connections that are only looked at so far."""
        with self.world.deployment.store.begin() as tx:
            found = {name: state.connection_state(tx, name) for name in self.world.fuses}
        return [
            name
            for name, each in found.items()
            if (each.mode if each else self.world.mode) == "observe"
        ]

    def see(self, now: Snapshot) -> None:
        """What a pull makes of these records: whatever holds another value is not ours any more."""
        for (place, name), value in list(self.ours.items()):
            # A search index that is behind shows what stood there before us, and the run believes it.
            late = self.world.crms.now_s - self.touched_at.get(place, -1e12) < LATE_S
            if late or (place in now and not alike(now[place].get(name), value)):
                del self.ours[place, name]
        for (place, name), value in list(self.owed.items()):
            if place not in now or not alike(now[place].get(name), value):
                self.lost[place, name] = self.owed.pop((place, name))

    def _judge(
        self, before: Snapshot, after: Snapshot, *, broken: set[str], began_s: float
    ) -> None:
        self._entries = self._new_entries()
        assert before.keys() == after.keys(), "a run made or removed a record"
        changed: dict[Field, Any] = {
            (place, name): after[place].get(name)
            for place in before
            for name in differing(before[place], after[place])
        }
        for (place, name), value in changed.items():
            reason = objection(place, name, before[place], value)
            assert not reason, f"{place} {name}: {before[place].get(name)!r} to {value!r}: {reason}"
        told: dict[Field, Any] = {}
        for entry in self._entries:
            if not {"written", "refused"} & entry["result"].keys():
                # Who is one human, and what others edited, is in the log as well.
                continue
            place = self._place(entry)
            assert not before.get(place, {}).get("IsConverted"), (
                f"{place} is converted, and written"
            )
            # HubSpot takes what is sent to an id that a merge has just ended, for the winner: the audit
            # calls that refused, in HubSpot's words, and the value stands there all the same.
            if entry["result"] == {"written": True} or entry["result"].get("code") == "MERGED":
                self._explain(entry, before, told=told, changed=changed, began_s=began_s)
        for each, value in changed.items():
            if each not in told:
                assert each[0][0] in broken, (
                    f"{each} became {value!r}, and the audit does not say why"
                )
                self.owed[each] = value
        for each, value in told.items():
            assert alike(after[each[0]].get(each[1]), value), f"{each}: the audit says {value!r}"
            if each not in self.strange:
                self.ours[each] = value
            self.owed.pop(each, None)
        # Our own writes, too, may be hidden for a while from whoever asks the vendor's index.
        self.touch(*(place for place, _ in changed))

    def _explain(
        self,
        entry: Mapping[str, Any],
        before: Snapshot,
        *,
        told: dict[Field, Any],
        changed: Mapping[Field, Any],
        began_s: float,
    ) -> None:
        """One entry that says something was written: it was, from there to here, and once."""
        place = self._place(entry)
        each = (place, entry["field"])
        if entry["id"] != place[2]:
            # Written under an id that a merge has ended, perhaps under both; kept under neither.
            told[each] = entry["after"]
            self.strange.add(each)
            return
        if each in self.lost and alike(entry["after"], self.lost[each]):
            del self.lost[each]
            return
        assert place in before, f"{place} is not there, and the audit says it was written"
        assert may_write(*each), f"{each} is written, and is not ours"
        assert entry["run"], "an entry without its run"
        assert entry["person"], "an entry without its subject"
        assert entry["policy"], "an entry without its policy"
        if entry["field"] == OWN_STAGE[place[:2]]:
            assert entry["stage_to"] == entry["after"], f"{each}: {entry} gives no reason"
        held = told.get(each, before[place].get(each[1]))
        if each in self.owed and alike(entry["after"], self.owed[each]):
            # The answer was lost; this entry settles it.
            del self.owed[each]
            told[each] = entry["after"]
            return
        unseen = began_s - self.touched_at.get(place, -1e12) < LATE_S
        if not unseen:
            assert alike(held, entry["before"]), f"{each} held {held!r}, not {entry['before']!r}"
        else:
            assert any(alike(entry["before"], one) for one in self.past.get(each, [None]))
        assert each in changed or unseen, f"{each}: the audit tells of a write that was none"
        assert each not in told, f"{each} was written twice"
        told[each] = entry["after"]

    def _new_entries(self) -> list[dict[str, Any]]:
        with self.world.deployment.store.begin() as tx:
            everything = list(log.read(tx))
        verdict = verify(everything)
        assert verdict.broken is None, verdict.why
        return [each for each in everything if each["seq"] > self.seq and each.get("field")]

    def _written_once(self) -> None:
        """In a calm run each record goes out once."""
        if any("refused" in each["result"] for each in self._entries):
            return
        for connection in self.world.deployment.connections:
            sent = sum(
                each["records"]
                for each in self.world.crms.log(connection)
                if each["path"].endswith(("/batch/update", "/composite/sobjects"))
                and each["method"] in {"POST", "PATCH"}
            )
            written = {
                (each["object"], each["id"])
                for each in self._entries
                if each["connection"] == connection and each["run"] == self._entries[-1]["run"]
            }
            assert sent <= len(written), f"{connection}: {sent} records sent for {len(written)}"

    def _refusals_listed(self) -> None:
        """What was refused is listed with the vendor's words, and moved no baseline."""
        refused = [each for each in self._entries if "refused" in each["result"]]
        with self.world.deployment.store.begin() as tx:
            for each in refused:
                of_object = records.records_of(tx, each["connection"], each["object"], [each["id"]])
                pk = of_object[each["id"]].pk
                listed = {
                    one.field: one for one in differences.differences_of(tx, [pk]).get(pk, [])
                }
                assert each["field"] in listed, f"{each['field']} was refused and is not listed"
                assert listed[each["field"]].words, "a refusal without the vendor's words"
                kept = baselines.baselines_of(tx, [pk]).get(pk, {})
                # Before it was refused it may have been written once.
                if (
                    kept.get(each["field"]) == each["after"]
                    and ((each["connection"], each["object"], each["id"]), each["field"])
                    not in self.ours
                ):
                    raise AssertionError(f"{each['field']} was refused and is kept as the baseline")

    # Once all is calm.

    def settled(self) -> None:
        """Store and CRMs tell the same, on every record, and nothing is owed."""
        now = self.look()
        self.see(now)
        assert not self.owed, f"written, and never said: {sorted(self.owed)}"
        with self.world.deployment.store.begin() as tx:
            stored = {
                (each.connection, each.object, each.id): each
                for each in records.all_records(tx, self.world.objects)
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
        label = self.world.deployment.policy.label
        assert {label} >= {each.policy for each in placed.values()}, "placed by another policy"
        for (place, name), value in self.ours.items():
            assert alike(kept.get(stored[place].pk, {}).get(name), value), f"{place} {name} is ours"
        assert not waiting, "entries that went out and were never settled"
        live = {place for place, each in stored.items() if each.held and not each.gone}
        mapped = {place for place in now if place[1] in self._mapped(place[0])}
        assert live == mapped, (
            f"known and gone: {live - mapped}; there and unknown: {mapped - live}"
        )
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
            self._stage_stands(place, each, values, placed=placed, why_not=why_not)
        wrong = wrong_positions(self.world, self.forms)
        assert not wrong, f"the store places people (left) where the facts do not (right): {wrong}"

    def _mapped(self, connection: str) -> Iterable[str]:
        return self.world.deployment.connections[connection].roles

    def _stage_stands(
        self,
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
