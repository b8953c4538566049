"""Generated stories of an undo: people with facts in two CRMs, a run, what others did since, and the undo.

A story says what happens; `tell` lets it happen and keeps what stood in the CRMs at each point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from free_hand import UNLIMITED
from stagesync.domain.plan import VendorStage
from stagesync.engine.decide import decide
from stagesync.engine.outcome import Outcome
from stagesync.engine.undo import Undoing, undo
from stagesync.errors import Unavailable

from .bench import Bench, iso, make_bench

Place = tuple[str, str, str, str]
"""Connection, object, record id, field."""

World = Mapping[Place, Any]

ACTS = ("visit", "form", "meeting", "deal", "won", "accepted", "nurture", "director", "abroad")
"""What may happen to somebody; each is a fact for the policy."""

OTHERS = {
    "stage": "client",
    "score": 77.0,
    "changed_at": "2026-11-01T00:00:00+00:00",
    "lifecycle": "evangelist",
    "status": "NEW",
    "Stage__c": "visitor",
    "Type": "Channel Partner",
    "Status": "Closed",
}
"""Field -> what somebody else puts there; no fact follows from it."""

WORDS = ("other", "empty", "as before", "as written")
LOST = ("", "answer", "request")


@dataclass(frozen=True, slots=True)
class Human:
    """Somebody, and what happens to them before the run that is undone and during it.

    Attributes:
        in_south: object there; empty for nobody.
        firm: whether north has a company that fits, too.
    """

    in_south: str
    firm: bool
    earlier: tuple[str, ...]
    then: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """Somebody else's change of what the run wrote.

    Attributes:
        place: which of the places, counted round and round.
        word: one of `WORDS`.
        late: after the undo was planned, just before it is approved.
    """

    place: int
    word: str
    late: bool


@dataclass(frozen=True, slots=True)
class Story:
    """What happens.

    Attributes:
        seen: whether a plan was made between the edits and the undo.
        only: whether the undo is of the first person alone.
        by_policy: whether the undo names the policy instead of the run.
        lost: what becomes of the first request of the undo: one of `LOST`.
    """

    humans: tuple[Human, ...]
    vendor: VendorStage
    edits: tuple[Edit, ...]
    seen: bool
    only: bool
    by_policy: bool
    lost: str


def _some(least: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(ACTS), min_size=least, max_size=3, unique=True).map(tuple)


HUMANS = st.builds(
    Human, st.sampled_from(("contact", "lead", "")), st.booleans(), _some(0), _some(1)
)
EDITS = st.builds(Edit, st.integers(0, 11), st.sampled_from(WORDS), st.booleans())
STORIES = st.builds(
    Story,
    st.lists(HUMANS, min_size=1, max_size=3).map(tuple),
    st.sampled_from((VendorStage.FORWARD, VendorStage.OFF)),
    st.lists(EDITS, min_size=1, max_size=4).map(tuple),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from(LOST),
)


@dataclass(slots=True)
class Told:
    """What came of a story.

    Attributes:
        before: the CRMs before the run, with the facts that it meets.
        after: as the run left them.
        edited: place -> what somebody else left there.
        skips: places where that is neither what stood before the run nor what the run wrote.
        late: those of `edited` that came after the undo was planned.
    """

    bench: Bench
    contacts: Sequence[str]
    run: Outcome
    before: World
    after: World
    edited: dict[Place, Any]
    late: set[Place]

    @property
    def first(self) -> str:
        """The first person, as commands name them."""
        return f"north/contact/{self.contacts[0]}"

    @property
    def written(self) -> list[Place]:
        """The places that the run changed."""
        return [place for place in self.after if self.after[place] != self.before[place]]

    def undone(self, *, only: bool) -> dict[Place, Any]:
        """The CRMs after the undo: as before, except what others changed since."""
        found = dict(self.after)
        for place in self.of_undo(only=only):
            found[place] = self.before[place]
        return self._with_edits(found)

    def redone(self, *, only: bool) -> dict[Place, Any]:
        """The CRMs after the undo of the undo: what the run wrote, except what others changed since.

        Who put back what stood before while the undo waited did what it did: it counts as its own.
        """
        undone = self.of_undo(only=only)
        same = [p for p in undone if p in self.late and self.edited[p] == self.before[p]]
        return self._with_edits(dict(self.after)) | {place: self.after[place] for place in same}

    def _with_edits(self, found: dict[Place, Any]) -> dict[Place, Any]:
        theirs = {p: value for p, value in self.edited.items() if value != self.after[p]}
        return found | theirs

    def skips(self, *, only: bool) -> set[tuple[Place, Any]]:
        """What an undo planned now must list, with what stands there."""
        return {
            (place, self.edited[place])
            for place in self.of_undo(only=only)
            if place in self.edited
            and place not in self.late
            and self.edited[place] not in (self.before[place], self.after[place])
        }

    def of_undo(self, *, only: bool) -> list[Place]:
        """The places that the undo takes back: all, or those of the first person's records."""
        if not only:
            return self.written
        first = self.bench.person("north", "contact", self.contacts[0])
        return [place for place in self.written if self.bench.person(*place[:3]) == first]


def world(bench: Bench) -> dict[Place, Any]:
    """Every value of every record; an empty text is empty."""
    return {
        (name, *key, field): None if value == "" else value
        for name, crm in bench.crms.items()
        for key, row in crm.rows.items()
        for field, value in row.fields.items()
    }


def change_policy(bench: Bench) -> None:
    """Another version of the policy, which says the same."""
    policy = bench.deployment.policy
    bench.redeploy(policy=replace(policy, version=policy.version + 1))


@contextmanager
def told(story: Story) -> Iterator[Told]:
    """The story up to the undo, its late edits left out."""
    bench = make_bench(vendor=story.vendor)
    with closing(bench.store):
        bench.redeploy(limits=UNLIMITED)
        contacts = [_meet(bench, human, n) for n, human in enumerate(story.humans)]
        for n, human in enumerate(story.humans):
            _happen(bench, contacts[n], human.earlier)
        bench.sync()
        if story.by_policy:
            change_policy(bench)
            bench.sync()
        for n, human in enumerate(story.humans):
            _happen(bench, contacts[n], human.then)
        before = world(bench)
        run = bench.sync()
        found = Told(bench, contacts, run, before, world(bench), {}, set())
        change(found, [each for each in story.edits if not each.late])
        if story.seen:
            bench.sync(write=False)
        yield found


def change(told: Told, edits: Sequence[Edit]) -> None:
    """Others change what the run wrote, each place once."""
    told.bench.clock.advance(seconds=60)
    for each in edits:
        if not told.written:
            return
        place = told.written[each.place % len(told.written)]
        if place in told.edited:
            continue
        name, object_name, record_id, field = place
        value = {
            "other": OTHERS[field],
            # A run fills what is empty beside a stage that stands.
            "empty": OTHERS[field] if field in ("score", "changed_at") else None,
            "as before": told.before[place],
            "as written": told.after[place],
        }[each.word]
        told.bench.crms[name].edit(object_name, record_id, {field: value})
        told.edited[place] = value
        if each.late:
            told.late.add(place)


def plan_undo(bench: Bench, run: str = "", *, policy: str = "", who: str = "") -> Undoing:
    """As `stagesync undo`."""
    bench.clock.advance(seconds=60)
    now_s = bench.clock.now_s()
    return undo(bench.deployment, run=run, policy=policy, who=who, now_s=now_s)


def carry_out(bench: Bench, undoing: Undoing, *, lost: str = "") -> Outcome:
    """Approve what there is to approve, and run; once more when a request got lost."""
    if undoing.plan:
        decide(bench.deployment, undoing.plan, approve=True, by="ann", now_s=bench.clock.now_s())
    if lost and undoing.restored:
        crm = bench.crms[undoing.restored[0].connection]
        gone = Unavailable("no answer", retry_after_s=1.0)
        if lost == "answer":
            crm.lose_answer(gone)
        else:
            crm.break_write(gone, after=0)
    outcome = bench.sync()
    return bench.sync() if outcome.troubles else outcome


def _meet(bench: Bench, human: Human, number: int) -> str:
    domain = f"firm{number}.example"
    mail = f"p{number}@{domain}"
    links = {}
    if human.firm:
        company = bench.north.add("company", {"domain": domain, "employees": "200"})
        links = {"company": (company,)}
    contact = bench.contact(mail, last=f"Ng{number}", country="FR", links=links)
    if human.in_south:
        bench.member(mail, kind=human.in_south, LastName=f"Ng{number}")
    return contact


def _happen(bench: Bench, contact: str, acts: Sequence[str]) -> None:
    bench.clock.advance(seconds=60)
    at = iso(bench.clock.now_s() - 3_600)
    for act in acts:
        if act == "visit":
            bench.north.edit("contact", contact, {"last_visit": at, "visits": "2"})
        elif act == "form":
            bench.form(contact, count=2)
        elif act == "meeting":
            bench.north.add("meeting", {"starts": at}, links={"contact": (contact,)})
        elif act in ("deal", "won"):
            is_won = {"won": "true", "closed": "true", "closed_on": at}
            state = is_won if act == "won" else {"won": "false", "closed": "false"}
            bench.north.add("deal", {"opened": at, **state}, links={"contact": (contact,)})
        else:
            facts = {
                "accepted": {"lifecycle": "salesqualifiedlead"},
                "nurture": {"status": "BAD_TIMING"},
                "director": {"title": "Director"},
                "abroad": {"country": "CN"},
            }
            bench.north.edit("contact", contact, facts[act])
