"""What a run may have done, held against what it did: the CRMs before and after, and the audit."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from stagesync.engine.audit import verify
from stagesync.engine.outcome import Outcome
from stagesync.store import baselines, connections, differences, log, records

from .counts import Counts
from .crms import Values
from .journal import Place
from .promises import Edit, Promises
from .rules import (
    OWN_STAGE,
    STAGE_FIELDS,
    alike,
    differing,
    is_derived,
    is_undo,
    may_write,
    objection,
)
from .world import PowerCut, World

LATE_S = 15.0
"""How long after it was made a change may still be hidden from whoever asks the vendor."""

GIVEN_BACK = {"restore", "return"}
"""Ways of a write that gives somebody their value back."""

WORKED_OUT = {"stage_is_won", "stage_is_closed"}
"""Fields that the HubSpot connector adds to a deal."""

Field = tuple[Place, str]
Snapshot = Mapping[Place, Values]


@dataclass
class Ledger:
    """Everything that the CRMs held, and which of it we owe an explanation for.

    Attributes:
        ours: field -> the value that the audit says we last wrote there, until it holds another.
        written: field -> all that the audit says we ever wrote there.
        owed: fields that a broken run changed before it could say so -> what it set.
        lost: those of them that somebody wrote over or deleted before anybody could look.
        touched_at: record -> when somebody last did something to it.
        forms: contact of HubSpot -> dates of forms that a run could see: HubSpot keeps but the last one.
        strange: fields that were written under another record's id.
        heirs: record of HubSpot -> what a merge made of it.
        meanwhile: fields that somebody changed while a run went on, and what they held before.
        seq: the last audit entry that was looked at.
        failed: a run did what it must not; nothing that follows can be judged.
    """

    world: World
    promises: Promises
    counts: Counts
    ours: dict[Field, Any] = field(default_factory=dict)
    owed: dict[Field, Any] = field(default_factory=dict)
    lost: dict[Field, Any] = field(default_factory=dict)
    written: dict[Field, list[Any]] = field(default_factory=dict)
    past: dict[Field, list[Any]] = field(default_factory=dict)
    touched_at: dict[Place, float] = field(default_factory=dict)
    forms: dict[Place, set[str]] = field(default_factory=dict)
    heirs: dict[Place, Place] = field(default_factory=dict)
    strange: set[Field] = field(default_factory=set)
    meanwhile: dict[Field, list[Any]] = field(default_factory=dict)
    seq: int = 0
    failed: bool = False

    def edited(
        self, place: Place, name: str, value: Any, *, actor: str, in_flight: bool = False
    ) -> None:
        """Somebody set this field just now."""
        each = (place, name)
        late = self.world.crms.now_s - self.touched_at.get(place, -1e12) < LATE_S
        # An index that is behind may have shown this value before: then nothing changes for who reads it.
        again = late and any(alike(value, one) for one in self.past.get(each, []))
        self.touch(place)
        self.past.setdefault(each, [None]).append(value)
        self.meanwhile.setdefault(each, []).append(value)
        if again:
            # Whoever set it before was replaced before anybody could look.
            self.promises.edits.pop(each, None)
        elif name in STAGE_FIELDS:
            edit = Edit(value, actor, self.world.crms.now_s)
            self.promises.edited(each, edit, known=self.written.get(each, []))
        if in_flight:
            self.promises.in_flight[each] = value

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
        self.world.crms.journal.take()
        self.meanwhile.clear()
        watched, paused = self._watched()
        calm = not self.world.crms.faults_waiting()
        began_s, now_s = self.world.crms.now_s, self.world.now_s
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
        for connection in paused:
            assert [] == self.world.crms.log(connection), f"{connection} is paused, and was asked"
        self._judge(before, after, broken=broken, began_s=began_s, now_s=now_s)
        self.counts.judge()
        stopped = self.world.deployment.stopping.is_set()
        for connection in self.world.fuses.keys() - broken - paused:
            if not stopped and outcome is not None:
                self.promises.all_told(connection, before_s=began_s - LATE_S, there=before)
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

    def _watched(self) -> tuple[list[str], set[str]]:
        """Connections that are only looked at so far, and those that are left alone."""
        with self.world.deployment.store.begin() as tx:
            found = {name: connections.connection_state(tx, name) for name in self.world.fuses}
            paused = connections.paused(tx)
        watched = [
            name
            for name, each in found.items()
            if (each.mode if each else self.world.settings.mode) == "observe"
        ]
        return watched, paused

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
        self,
        before: Snapshot,
        after: Snapshot,
        *,
        broken: set[str],
        began_s: float,
        now_s: float,
    ) -> None:
        self._entries = self._new_entries()
        self.promises.hear(self._entries, now_s=now_s)
        assert before.keys() == after.keys(), "a run made or removed a record"
        written = {
            ((e["connection"], e["object"], e["id"]), e["field"]): e
            for e in self._entries
            if e["result"].get("written")
        }
        given_back = {each for each, e in written.items() if e["result"].get("way") in GIVEN_BACK}
        changed = self._changed(before, after, given_back)
        gone = {each for each, _ in self.promises.kept if each not in before}
        self.promises.judge(
            {e: written[e]["person"] for e in changed if e in written.keys() - given_back},
            gone=gone,
        )
        told: dict[Field, Any] = {}
        for entry in self._entries:
            if not {"written", "refused"} & entry["result"].keys():
                # Who is one human, and what others edited, is in the log as well.
                continue
            place = self._place(entry)
            # An undo may have been approved before anybody knew of the conversion; the CRM refuses it.
            closed = before.get(place, {}).get("IsConverted") and not is_undo(entry)
            assert not closed, f"{place} is converted, and written"
            # HubSpot takes what is sent to an id that a merge has just ended, for the winner: the audit
            # calls that refused, in HubSpot's words, and the value stands there all the same.
            if entry["result"].get("written") or entry["result"].get("code") == "MERGED":
                self._explain(entry, before, told=told, changed=changed, began_s=began_s)
        for each, value in changed.items():
            if each not in told:
                assert each[0][0] in broken, (
                    f"{each} became {value!r}, and the audit does not say why"
                )
                self.owed[each] = value
        for each, value in told.items():
            assert alike(after[each[0]].get(each[1]), value), f"{each}: the audit says {value!r}"
            self.owed.pop(each, None)
            if each in given_back:
                continue
            self.written.setdefault(each, []).append(value)
            self.promises.agreed(each, value)
            if each not in self.strange:
                self.ours[each] = value
        self._kept_in_store({each: told[each] for each in changed if each in told})
        # Our own writes, too, may be hidden for a while from whoever asks the vendor's index.
        self.touch(*(place for place, _ in changed))

    def _kept_in_store(self, told: Mapping[Field, Any]) -> None:
        """What a CRM took stands in the store at once, so that the next plan starts from there."""
        with self.world.deployment.store.begin() as tx:
            for (place, name), value in told.items():
                stored = records.records_of(tx, *place[:2], [place[2]]).get(place[2])
                known = stored is not None and alike(stored.fields.get(name), value)
                assert known, f"{place} {name} was written, and the store does not know"

    def _changed(
        self, before: Snapshot, after: Snapshot, given_back: Container[Field]
    ) -> dict[Field, Any]:
        """What the CRMs say that we changed: nothing else became another value, and all of it we may write."""
        changed: dict[Field, Any] = {}
        for place, name, value in self.world.crms.journal.take():
            if is_derived(name):
                continue
            each = (place, name)
            # Some fields go back only by way of the empty value.
            again = changed.get(each) not in (None, "")
            assert not again, f"{each} was changed twice by one run"
            changed[each] = value
            held = before[place].get(name)
            for one in [held, *self.meanwhile.get(each, [])]:
                reason = objection(place, name, {**before[place], name: one}, value)
                if not reason:
                    break
            # An undo gives back what stood there, whichever way that is.
            back = each in self.promises.fresh or each in self.promises.undone or each in given_back
            assert not reason or back or each in self.promises.in_flight, (
                f"{place} {name}: {held!r} to {value!r}: {reason}"
            )
        for place in before:
            for name in differing(before[place], after[place]):
                known = (place, name) in changed or (place, name) in self.meanwhile
                assert known, f"{place} {name} became {after[place].get(name)!r}, by nobody"
        return changed

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
            undone = is_undo(entry) or entry["result"].get("way") in GIVEN_BACK
            stage = alike(entry["stage_to"], entry["after"])
            assert undone or stage, f"{each}: {entry} tells another stage"
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

    def overhear(self) -> None:
        """What a mere plan told of edits."""
        self.promises.hear(self._new_entries(), now_s=self.world.now_s)

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

    def runs_that_wrote(self) -> list[tuple[str, list[str]]]:
        """(run, whose records it wrote), oldest first."""
        with self.world.deployment.store.begin() as tx:
            entries = [each for each in log.read(tx) if each["result"].get("written")]
        found: dict[str, set[str]] = {}
        for each in entries:
            found.setdefault(each["run"], set()).add(each["person"])
        return [(run, sorted(subjects)) for run, subjects in found.items()]

    def restored_or_told(self, restored: Mapping[Field, Any]) -> None:
        """What an approved undo was to set back stands there; else somebody changed it, or the CRM refused."""
        now = self.look()
        told = {
            ((e["connection"], e["object"], e["id"]), e["field"])
            for e in self._entries
            if "refused" in e["result"]
        }
        for (place, name), value in restored.items():
            if place not in now or (place, name) in told or alike(now[place].get(name), value):
                continue
            written = self.written.get((place, name), [None])
            assert not alike(now[place].get(name), written[-1]), f"{place} {name} was not set back"
