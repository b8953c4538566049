"""The state machine: a world of two CRMs, time and bad luck, and runs in between.

What people and other apps do is in `acts.py`, what the operators of stagesync do in `hands.py`. What must hold
after a run is in `ledger.py`, with `promises.py` (what must stay) and `counts.py` (how much may be written
unseen); what may be written at all in `rules.py`, where people stand in `truth.py`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from stagesync.engine import holds
from stagesync.engine.outcome import Outcome
from stagesync.store import connections

from .acts import OWN, actors, crms, numbers
from .counts import Counts
from .crms import DAY_S, Doors
from .hands import Hands
from .journal import Place
from .ledger import Ledger
from .promises import Promises
from .rules import OWN_STAGE
from .settled import settled
from .world import EDITS, LIMITS, NAMES, Settings, World

DOORS = Doors()
"""The servers of all worlds."""

faults = st.sampled_from(
    [
        "429",
        "500_html",
        "502",
        "503",
        "cut_before",
        "cut_after",
        "timeout",
        "expired_token",
        "lock_row",
    ]
)
requests = st.sampled_from(["", "/search", "/batch/update", "/composite/sobjects", "/query"])
times = st.integers(1, 6)
MOST_RUNS = 12
"""In so many runs everything comes to rest."""

waits_s = st.sampled_from([0.0, 1.0, 4.0, 61.0, 3_911.0, 0.9 * DAY_S, 9.1 * DAY_S, 47.3 * DAY_S])

worlds = st.builds(
    Settings,
    mode=st.sampled_from(["active", "active", "observe"]),
    limits=st.sampled_from(sorted(LIMITS)),
    edits=st.sampled_from(sorted(EDITS)),
    ramp=st.sampled_from([None, None, 4]),
)


class TwoCrms(Hands):
    """A world from its first day on."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="machine"))
        self.world: World | None = None

    @initialize(settings=worlds)
    def begin(self, settings: Settings) -> None:
        self.world = World(DOORS, self.folder, settings)
        self.crms = self.world.crms
        self.ledger = Ledger(self.world, Promises(self.world), Counts(self.world))
        self.deleted: list[Place] = []
        self.runs_since_calm = 0
        self._run()

    def teardown(self) -> None:
        if self.world is not None:
            if not self.ledger.failed:
                self.calm()
            self.world.close()
        shutil.rmtree(self.folder)

    # Time and fate.

    @rule(seconds=waits_s)
    def wait(self, seconds: float) -> None:
        if seconds > 10 * DAY_S:
            # Salesforce forgets what was deleted when its bin is emptied, after 15 days.
            self.calm()
        self.crms.advance(seconds)

    @rule(crm=crms, kind=faults, match=requests, times=times)
    def arm_a_fault(self, crm: str, kind: str, match: str, times: int) -> None:
        self.crms.arm(crm, kind, times=times, match=match)

    @rule(
        name=st.sampled_from(["account", "contact", "lead"]),
        stage=st.sampled_from(["contact", "lead", "opportunity", "client"]),
    )
    def forbid_a_stage(self, name: str, stage: str) -> None:
        self.crms.forbid(name, OWN_STAGE["salesforce", name], stage)

    @rule()
    def run(self) -> None:
        self._run()

    @rule()
    def plan(self) -> None:
        """A plan alone writes nothing."""
        before = self.ledger.look()
        self.ledger.see(before)
        self.world.run(write=False)
        assert before == self.ledger.look(), "a plan changed a CRM"
        self.ledger.overhear()

    @rule(crm=crms, left=st.integers(1, 9), after=st.booleans())
    def crash(self, crm: str, left: int, *, after: bool) -> None:
        """The process ends in the middle of a run, and another one begins."""
        fuse = self.world.fuses[crm]
        fuse.left, fuse.after = left, after
        self._run()
        self.world.reopen()

    @rule(crm=crms, left=st.integers(1, 9), after=st.booleans())
    def stop(self, crm: str, left: int, *, after: bool) -> None:
        """The process is asked to stop in the middle of a run, and another one begins."""
        fuse = self.world.fuses[crm]
        fuse.left, fuse.after, fuse.stop = left, after, self.world.deployment.stopping
        self._run()
        self.world.reopen()

    @rule()
    def commit_late(self) -> None:
        """What people do in Salesforce is seen some seconds after its stamp, until all is calm."""
        self.crms.commit_late(share=1.0)

    @rule(crm=crms)
    def outage(self, crm: str) -> None:
        """One CRM is down until all is calm."""
        self.crms.arm(crm, "503", times=1_000, match="")

    @rule(
        crm=crms,
        moment=st.sampled_from(["read", "write"]),
        number=numbers,
        value=OWN,
        actor=actors,
    )
    def edit_during_a_run(self, crm: str, moment: str, number: int, value: str, actor: str) -> None:
        """Somebody is quicker than the run: before it looks again, or between its look and its write."""
        self.meet(crm=crm, number=number, kind="meeting")
        self.crms.advance(61)

        def act(places: list[Place]) -> None:
            place = places[number % len(places)]
            try:
                if place in self.crms.everything([place[:2]]):
                    name = OWN_STAGE[place[:2]]
                    # What Salesforce has not committed yet, no look shows.
                    unseen = moment == "write" or crm == "salesforce"
                    self._edit(place, name, value, actor, in_flight=unseen)
            except ValueError:
                """A rule of the org refuses it."""

        self.world.moments[crm][moment] = act
        self._run()
        self.world.moments[crm].clear()

    @precondition(lambda self: self.world is not None and self.runs_since_calm > 2)
    @rule()
    def calm(self) -> None:
        """Faults are over. A few runs bring everything to rest; the next finds nothing to do."""
        self.crms.calm()
        with self.world.deployment.store.begin() as tx:
            for name in NAMES:
                connections.pause(tx, name, by="")
        self.crms.advance(60)
        for _ in range(2):
            # Beyond the longest round in which a vendor tells what its feeds do not.
            self.crms.advance(7 * 3_600.0)
            self._settle()
        holds.retry(self.world.deployment, None)
        self.crms.advance(60)
        self._settle()
        self.crms.advance(60)
        outcome = self._calm_run()
        assert not outcome.plan.go, f"a settled world plans {outcome.summary()}"
        assert not outcome.plan.held, f"a settled world holds {outcome.summary()}"
        for crm in NAMES:
            sent = [
                each
                for each in self.crms.log(crm)
                if each["path"].endswith(("/batch/update", "/composite/sobjects"))
                and each["method"] in {"POST", "PATCH"}
            ]
            assert not sent, "a settled world writes"
        settled(self.ledger)
        self.runs_since_calm = 0

    def _settle(self) -> None:
        """Ann approves what is held, and what the ramp keeps back takes its hours."""
        for _ in range(MOST_RUNS):
            outcome = self._calm_run()
            if outcome.plan.held:
                self._decide(approve=True)
            elif any(each.ramped for each in outcome.written.values()):
                self.crms.advance(3_601.0)
            elif not outcome.plan.go:
                return
        raise AssertionError(f"after {MOST_RUNS} runs there is still something to do")

    def _calm_run(self) -> Outcome:
        outcome = self._run()
        assert outcome is not None
        assert not outcome.troubles, f"trouble in calm weather: {outcome.troubles}"
        return outcome

    def _run(self) -> Outcome | None:
        self.runs_since_calm += 1
        return self.ledger.run()
