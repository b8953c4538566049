"""What a funnel tells, counted person by person: who stands where, who came, how far they got, how long it took.

Everybody adds to the numbers, nobody takes anything away, so one pass over the history counts any number of
vocabularies. Times are ranked, not averaged: a median is a value that somebody had, the lower one of two in the
middle.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from stagesync.domain.funnel import Span
from stagesync.domain.stays import SEEN, How, Row, Stay, Told, cut

T = TypeVar("T", bound=Hashable)

MOVED, ARRIVED = str(How.MOVED), str(How.ARRIVED)


def _times() -> defaultdict[int, array[float]]:
    return defaultdict(lambda: array("d"))


@dataclass(frozen=True, slots=True)
class Period:
    """What is told of.

    Attributes:
        from_s: who came from then on is counted.
        at_s: how things stood then.
        before_s: nothing of the history is that late.
        weeks: that follow one another, in which steps are held against their usual.
        spans: that follow one another and within which some things are counted apart.
    """

    from_s: float
    at_s: float
    before_s: float
    weeks: Sequence[Span] = ()
    spans: Sequence[Span] = ()


@dataclass(slots=True)
class Handed:
    """What became of those who were handed to sales.

    Attributes:
        returned: went back down, or off the ladder, from where they were handed over.
        waiting: still there, and not accepted.
        took_s: how long each of the accepted waited.
    """

    people: int = 0
    returned: int = 0
    waiting: int = 0
    took_s: array[float] = field(default_factory=lambda: array("d"))


@dataclass(slots=True)
class Tally:
    """The numbers of one vocabulary in one period. Stages and rungs go by number.

    Attributes:
        groups: name -> stages; who came to one of them from none of them is counted.
        handover: the group that is followed further.
        watched: people whose last stay is wanted.

        standing: stage -> how many stand there at the end.
        used: stages at which somebody stood in the period.
        entered, fell, found: stage -> people who came to it in the period from below, or as newcomers; from
            above; and who were first seen there, or brought there by other definitions.
        moves: stage, next stage -> how often somebody went from one to the other.
        ways_s: rung, higher rung -> how long each took who came from the one to the other or beyond it.
        left_s: stage -> how long those stayed who left it in the period, and were seen to come and to go.
        so_far_s: stage -> how long those have been there who stand there, and were seen to come.
        unknown: stage -> how many stand there since nobody knows when.
        longest_s: stage -> how long the longest of those has been there at least.
        before: stage -> who stood there when the first week began.
        flows: week, stage -> who came, who left, and who left upwards.
        counted: group -> people, each once.
        counted_by_span: group, span -> people, each once in a span.
        entered_by_span: span, stage -> people.
        last: person -> stage, for those who are watched and stand somewhere.
        arrived: those of them who came in the period.
    """

    told: Told
    period: Period
    groups: Mapping[str, Collection[int]]
    handover: str
    watched: Collection[str] = frozenset()
    standing: Counter[int] = field(default_factory=Counter)
    used: set[int] = field(default_factory=set)
    entered: Counter[int] = field(default_factory=Counter)
    fell: Counter[int] = field(default_factory=Counter)
    found: Counter[int] = field(default_factory=Counter)
    moves: Counter[tuple[int, int]] = field(default_factory=Counter)
    ways_s: dict[tuple[int, int], array[float]] = field(default_factory=dict)
    left_s: defaultdict[int, array[float]] = field(default_factory=_times)
    so_far_s: defaultdict[int, array[float]] = field(default_factory=_times)
    unknown: Counter[int] = field(default_factory=Counter)
    longest_s: dict[int, float] = field(default_factory=dict)
    before: Counter[int] = field(default_factory=Counter)
    flows: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)
    counted_by_span: Counter[tuple[str, int]] = field(default_factory=Counter)
    entered_by_span: Counter[tuple[int, int]] = field(default_factory=Counter)
    last: dict[str, int] = field(default_factory=dict)
    arrived: set[str] = field(default_factory=set)
    handed: Handed = field(default_factory=Handed)
    _starts: list[float] = field(init=False)
    _groups_of: dict[int, list[tuple[str, Collection[int]]]] = field(init=False)

    def __post_init__(self) -> None:
        """Spans are looked up by where they begin, groups by their stages."""
        self._starts = [start for start, _ in self.period.spans]
        self._groups_of = {
            stage: [each for each in self.groups.items() if stage in each[1]]
            for stages in self.groups.values()
            for stage in stages
        }

    def add(self, who: str, history: Sequence[Row]) -> None:
        """Count one person.

        Args:
            history: of that person alone, oldest first.
        """
        stays = cut(history, self.told)
        if not stays:
            return
        self._stands(who, stays)
        self._left(stays)
        if self.period.weeks:
            self._flows(stays)
        came = [each for each in stays if each.since_s >= self.period.from_s]
        if came:
            self._came(came)
            self._gone_up(came)
            self._handed_over(came, history)

    def _stands(self, who: str, stays: Sequence[Stay]) -> None:
        """Where they are at the end."""
        stay = stays[-1]
        if stay.until_s is not None:
            return
        stage, lasted_s = stay.stage, self.period.at_s - stay.since_s
        self.standing[stage] += 1
        if stay.how in SEEN:
            self.so_far_s[stage].append(lasted_s)
        else:
            self.unknown[stage] += 1
            self.longest_s[stage] = max(lasted_s, self.longest_s.get(stage, lasted_s))
        if who in self.watched:
            self.last[who] = stage
            first = stays[0]
            if first.how == ARRIVED and first.since_s >= self.period.from_s:
                self.arrived.add(who)

    def _left(self, stays: Sequence[Stay]) -> None:
        """Which stages they used, and how long they stayed."""
        from_s = self.period.from_s
        for stay in stays:
            until_s = stay.until_s
            if until_s is None:
                self.used.add(stay.stage)
            elif until_s >= from_s:
                if until_s > from_s:
                    self.used.add(stay.stage)
                if stay.how in SEEN and stay.next_how == MOVED:
                    self.left_s[stay.stage].append(until_s - stay.since_s)

    def _flows(self, stays: Sequence[Stay]) -> None:
        """Who stood before a step in each week, and went up it."""
        (first_s, second_s), end_s = self.period.weeks[0], self.period.weeks[-1][1]
        week_s = second_s - first_s
        for stay in stays:
            since_s, until_s = stay.since_s, stay.until_s
            if until_s is not None and until_s < first_s:
                continue
            if since_s < first_s:
                self.before[stay.stage] += 1
            elif since_s < end_s:
                self._flow(int((since_s - first_s) // week_s), stay.stage)[0] += 1
            if until_s is not None and until_s < end_s:
                flow = self._flow(int((until_s - first_s) // week_s), stay.stage)
                flow[1] += 1
                flow[2] += stay.next_how == MOVED and _is_below(stay.rung, stay.next_rung)

    def _flow(self, week: int, stage: int) -> list[int]:
        return self.flows.setdefault((week, stage), [0, 0, 0])

    def _came(self, came: Sequence[Stay]) -> None:
        """To which stages, and from which; as what they count, in all and within each span. Each counts once."""
        entered, fell, found, counted = set(), set(), set(), set()
        starts, moves = self._starts, self.moves
        for stay in came:
            stage, was = stay.stage, stay.was
            if stay.has_entered:
                span = bisect_right(starts, stay.since_s) - 1
                entered.add((span, stage))
                for name, stages in self._groups_of.get(stage, ()):
                    if was not in stages:
                        counted.add((name, span))
            elif stay.how == MOVED:
                fell.add(stage)
            elif stay.how not in SEEN:
                found.add(stage)
            if stay.how == MOVED and was is not None and was >= 0 and stage >= 0:
                moves[was, stage] += 1
        _count(self.entered_by_span, entered)
        _count(self.entered, {stage for _, stage in entered})
        _count(self.counted_by_span, counted)
        _count(self.counted, {name for name, _ in counted})
        _count(self.fell, fell)
        _count(self.found, found)

    def _gone_up(self, came: Sequence[Stay]) -> None:
        """From each rung that they entered, when they first did, to each that they came to or passed later."""
        begun: dict[int, float] = {}
        top: dict[int, int] = {}
        for stay in came:
            rung = stay.rung
            if rung is None:
                continue
            if stay.how == MOVED:
                for low, since_s in begun.items():
                    # Every rung between the highest so far and this one is reached now.
                    for high in range(top[low] + 1, rung + 1):
                        self._way(low, high).append(stay.since_s - since_s)
                    top[low] = max(top[low], rung)
            if stay.has_entered and rung not in begun:
                begun[rung] = stay.since_s
                top[rung] = rung

    def _way(self, low: int, high: int) -> array[float]:
        found = self.ways_s.get((low, high))
        if found is None:
            found = self.ways_s[low, high] = array("d")
        return found

    def _handed_over(self, came: Sequence[Stay], history: Sequence[Row]) -> None:
        stages = self.groups[self.handover]
        for stay in came:
            if stay.stage not in stages or not stay.has_entered or stay.was in stages:
                continue
            taken_s = self._accepted_s(stay, history)
            if taken_s is None and stay.next_how == MOVED and _is_below(stay.rung, stay.next_rung):
                taken_s = stay.until_s
            is_down = stay.next_rung is None or _is_below(stay.next_rung, stay.rung)
            self.handed.people += 1
            self.handed.returned += stay.next_how == MOVED and is_down
            self.handed.waiting += taken_s is None and stay.until_s is None
            if taken_s is not None:
                self.handed.took_s.append(taken_s - stay.since_s)

    def _accepted_s(self, stay: Stay, history: Sequence[Row]) -> float | None:
        """When sales took them on during the stay; None when they did not."""
        for _, since_s, place, _ in history:
            if since_s >= stay.since_s and place in self.told.accepted:
                return since_s if stay.until_s is None or since_s < stay.until_s else None
        return None


def _count(counter: Counter[T], found: Iterable[T]) -> None:
    for each in found:
        counter[each] += 1


def _is_below(rung: int | None, other: int | None) -> bool:
    return rung is not None and other is not None and rung < other


def quarter(times: Sequence[float], quarters: int) -> float | None:
    """The time by which so many quarters of all were done; None of nobody.

    Args:
        times: sorted.
    """
    return times[(quarters * len(times) + 3) // 4 - 1] if times else None
