"""What those who operate stagesync do: approve, drop, undo, hold, release, retry, pause, change definitions."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from stagesync.engine import holds
from stagesync.errors import ArgumentError, CrmError
from stagesync.store import connections, people, plans

from .acts import People, crms, may_fail, numbers
from .crms import DAY_S
from .undoing import expect
from .world import DEFINITIONS


class Hands(People):
    """Ann, who looks after the deployment."""

    @rule(name=st.sampled_from(sorted(DEFINITIONS)))
    def change_definitions(self, name: str) -> None:
        """The policy or the vocabulary is another one from the next run on."""
        assert self.world is not None
        self.world.adopt(name)

    @rule(approve=st.booleans())
    def decide(self, approve: bool) -> None:
        """Ann decides about whatever is held."""
        self._decide(approve=approve)

    def _decide(self, *, approve: bool) -> None:
        assert self.world is not None
        with self.world.deployment.store.begin() as tx:
            held = [each.id for each in plans.plans_in(tx, "held")]
        for each in held:
            if approve:
                self.ledger.counts.approve(each)
            self.world.decide(each, approve=approve)

    @rule(number=numbers, whole=st.booleans(), approve=st.sampled_from([True, True, False]))
    @may_fail
    def undo(self, number: int, *, whole: bool, approve: bool) -> None:
        """What one of the last runs wrote, of everybody or of one, is taken back."""
        assert self.world is not None
        runs = self.ledger.runs_that_wrote()[-4:]
        if not runs:
            raise LookupError("no run wrote anything")
        run, subjects = runs[-1 - number % len(runs)]
        who = "" if whole else subjects[number % len(subjects)]
        try:
            plan, restored = expect(self.world, run, who)
        except (ArgumentError, CrmError) as error:
            raise LookupError from error
        if not plan:
            return
        if approve:
            self.ledger.counts.approve(plan)
            self.ledger.promises.undone |= restored
        self.world.decide(plan, approve=approve)
        if approve and not self.crms.faults_waiting():
            self._undo_arrives(restored)

    def _undo_arrives(self, restored: dict[Any, Any]) -> None:
        """In calm weather, when nobody moves and no ramp holds it up, the next run sets back what it may."""
        try:
            outcome = self._run()
        except (ValueError, LookupError) as error:
            raise AssertionError("a run failed") from error
        assert outcome is not None
        ramped = any(each.ramped for each in outcome.written.values())
        if outcome.troubles or outcome.evaluated.transitions or ramped:
            return
        self.ledger.restored_or_told(restored)

    @rule(number=numbers, days=st.sampled_from([None, 1, 40]))
    @may_fail
    def hold(self, number: int, days: int | None) -> None:
        assert self.world is not None
        made = holds.hold(
            self.world.deployment,
            self._somebody(number),
            for_s=None if days is None else days * DAY_S,
            by="ann",
            now_s=self.world.now_s,
        )
        self.ledger.promises.held(made)

    @rule(number=numbers)
    @may_fail
    def release(self, number: int) -> None:
        assert self.world is not None
        with self.world.deployment.store.begin() as tx:
            standing = sorted({each.subject for each in holds.holds.all_standing(tx)})
        if not standing:
            raise LookupError("nobody is held")
        who = standing[number % len(standing)]
        found = holds.release(self.world.deployment, who, by="ann", now_s=self.world.now_s)
        self.ledger.promises.released(found)

    def _somebody(self, number: int) -> str:
        assert self.world is not None
        with self.world.deployment.store.begin() as tx:
            known = people.all_ids(tx, "person") + people.all_ids(tx, "account")
        return sorted(known)[number % len(known)]

    @rule()
    def retry(self) -> None:
        assert self.world is not None
        holds.retry(self.world.deployment, None)

    @rule(crm=crms, by=st.sampled_from(["ann", ""]))
    def pause(self, crm: str, by: str) -> None:
        """One CRM is left alone, or no longer."""
        assert self.world is not None
        with self.world.deployment.store.begin() as tx:
            connections.pause(tx, crm, by=by)
