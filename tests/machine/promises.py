"""What must not be written: fields that somebody set or that were set back, and people held by hand."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stagesync.store import holds, people, records
from stagesync.store.holds import Hold

from .journal import Place
from .rules import STAGE_FIELDS, alike
from .world import World

Field = tuple[Place, str]
Entries = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Edit:
    """A stage that somebody put into a field that we wrote before."""

    value: Any
    actor: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Promise:
    """A field that stays as it is.

    Attributes:
        hold: id of the hold that says so.
        until_s: None means until somebody releases it.
        stage, policy: of an undo, which ends when its person's stage or the policy is another one.
    """

    hold: str
    subject: str
    until_s: float | None
    stage: str = ""
    policy: str = ""


@dataclass
class Promises:
    """All that stands against a write.

    Attributes:
        edits: those that no run has told of yet.
        kept: field -> why it stays.
        hand: id of a hold by hand -> until when.
        undone: field -> what an approved undo is about to set there.
        in_flight: fields that somebody changed between our last look and our write -> to what.
        replaced: those of them that we wrote over, and that nobody was told of yet.
        fresh: fields that this very run set back.
        seq: the last audit entry that was heard.
    """

    world: World
    edits: dict[Field, Edit] = field(default_factory=dict)
    kept: dict[Field, Promise] = field(default_factory=dict)
    hand: dict[str, float | None] = field(default_factory=dict)
    undone: dict[Field, Any] = field(default_factory=dict)
    in_flight: dict[Field, Any] = field(default_factory=dict)
    replaced: dict[Field, Any] = field(default_factory=dict)
    fresh: set[Field] = field(default_factory=set)
    seq: int = 0

    def edited(self, each: Field, edit: Edit, *, known: Iterable[Any]) -> None:
        """Somebody set a field; `known` is what we ever wrote there, which makes it nobody's word."""
        with self.world.deployment.store.begin() as tx:
            connection, name, record_id = each[0]
            stored = records.records_of(tx, connection, name, [record_id]).get(record_id)
        known = list(known)
        seen = stored is None or alike(stored.fields.get(each[1]), edit.value)
        if seen or not known or any(alike(one, edit.value) for one in known):
            self.edits.pop(each, None)
        else:
            self.edits[each] = edit

    def agreed(self, each: Field, value: Any) -> None:
        """We wrote what somebody had set just before: nobody's word is lost."""
        if each in self.edits and alike(self.edits[each].value, value):
            del self.edits[each]

    def held(self, made: Hold) -> None:
        """Ann holds somebody."""
        self.hand[made.id] = made.until_s

    def released(self, found: Iterable[Hold]) -> None:
        """Ann lets somebody go."""
        ids = {each.id for each in found}
        self.kept = {each: one for each, one in self.kept.items() if one.hold not in ids}
        for each in ids:
            self.hand.pop(each, None)

    def hear(self, entries: Entries, *, now_s: float) -> None:
        """What a run has told of edits and of restored values; what its time has come for is over."""
        self._expire(now_s)
        self.fresh.clear()
        for entry in entries:
            if entry["seq"] <= self.seq:
                continue
            self.seq = entry["seq"]
            each = ((entry["connection"], entry["object"], entry["id"]), entry["field"])
            told = entry["result"]
            if "edit" in told:
                self._answered(each, entry)
            elif (
                told.get("written")
                and each in self.undone
                and alike(entry["after"], self.undone.pop(each))
            ):
                self._pin(each, entry)

    def _answered(self, each: Field, entry: Mapping[str, Any]) -> None:
        edit, told = self.edits.get(each), entry["result"]
        if "replaced_by" in told and alike(self.replaced.get(each), entry["after"]):
            del self.replaced[each]
        if edit is not None and alike(edit.value, entry["after"]):
            del self.edits[each]
        if told["edit"] == "respect" and told["hold"]:
            until_s = datetime.fromisoformat(told["until"]).timestamp()
            self.kept[each] = Promise(told["hold"], entry["person"], until_s)

    def _pin(self, each: Field, entry: Mapping[str, Any]) -> None:
        with self.world.deployment.store.begin() as tx:
            standing = holds.standing(tx, [entry["person"]]).get(entry["person"], [])
            held = records.records_of(tx, *each[0][:2], [each[0][2]])[each[0][2]]
        found = [one for one in standing if (one.record_pk, one.field) == (held.pk, each[1])]
        assert found, f"{each} was set back, and nothing keeps it"
        one = found[-1]
        self.kept[each] = Promise(one.id, one.subject, one.until_s, one.stage, one.policy)
        self.fresh.add(each)

    def _expire(self, now_s: float) -> None:
        self.kept = {
            each: one
            for each, one in self.kept.items()
            if one.until_s is None or one.until_s > now_s
        }
        self.hand = {
            each: until_s
            for each, until_s in self.hand.items()
            if until_s is None or until_s > now_s
        }

    def judge(self, written: Mapping[Field, str], *, gone: Iterable[Place]) -> None:
        """Nothing that a run wrote was promised to stay.

        Args:
            written: field -> the person whom the audit names.
        """
        lost = set(gone)
        self.kept = {each: one for each, one in self.kept.items() if each[0] not in lost}
        self._end_undos()
        with self.world.deployment.store.begin() as tx:
            standing = {each.id: each for each in holds.all_standing(tx)}
        missing = self.hand.keys() - standing.keys()
        assert not missing, f"holds {missing} are gone, and nobody released them"
        held = {standing[each].subject for each in self.hand}
        for each, who in written.items():
            if each in self.in_flight:
                self.edits.pop(each, None)
                if each[0][0] == "hubspot" and each[1] in STAGE_FIELDS:
                    self.replaced[each] = self.in_flight.pop(each)
            assert each not in self.edits, f"{each} was written over before anybody was asked"
            kept = each in self.kept and each not in self.fresh
            assert not kept, f"{each} was written, and {self.kept[each]} keeps it"
            assert who not in held, f"{each} of {who} was written, who is held by hand"

    def _end_undos(self) -> None:
        label = self.world.deployment.policy.label
        with self.world.deployment.store.begin() as tx:
            subjects = {one.subject for one in self.kept.values()}
            placed = people.placed(tx, "person", subjects) | people.placed(tx, "account", subjects)
        for each, one in list(self.kept.items()):
            if not one.policy:
                continue
            now = placed.get(one.subject)
            if now is None or one.policy != label or (now.stages or {})["standard"] != one.stage:
                del self.kept[each]

    def all_returned(self, now: Mapping[Place, Any]) -> None:
        """HubSpot's history tells of each value that we replaced unseen, and somebody was told of it."""
        left = {each: value for each, value in self.replaced.items() if each[0] in now}
        self.replaced.clear()
        assert not left, f"written over in flight, and never told: {left}"

    def all_told(self, connection: str, *, before_s: float, there: Container[Place]) -> None:
        """A run that read this CRM whole has told of each edit that stood there."""
        left = {
            each: one
            for each, one in self.edits.items()
            if each[0][0] == connection and one.at_s < before_s and each[0] in there
        }
        assert not left, f"edits that no audit entry tells of: {left}"
