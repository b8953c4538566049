"""A policy compiled once into functions, then asked for every person.

compiled = compile_policy(policy)
compiled.evaluate(facts, now).position["interest"]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stagesync.domain.accounts import Member, asks_for_history, highest_levels
from stagesync.domain.condition import Anything
from stagesync.domain.deciding import deciding_of
from stagesync.domain.evaluation import Evaluation
from stagesync.domain.facts import Facts
from stagesync.domain.memory import levels_before, remembers
from stagesync.domain.policy import AccountAxis, Follows, Policy, Score
from stagesync.domain.predicate import Predicate
from stagesync.domain.reasons import reasons_of
from stagesync.domain.recheck import recheck_at
from stagesync.domain.subject import Subject, compile_subject
from stagesync.domain.timeline import NOTHING, instants_by_type
from stagesync.domain.windows import longest_windows


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """One policy, ready to place people and accounts. Safe to share between threads.

    Attributes:
        policy: what it was made from.
        windows: activity type -> days that the policy looks back; None means for ever, a type
            that it never looks at is absent. Whoever goes through a gap needs them from the
            start of the gap, `previous_at_s`, on.
        person, account: the scores and axes of either.
        counts: whether a person's levels count for the account.
        counts_by_history: whether `counts` needs the person's activities or deals.
    """

    policy: Policy
    windows: Mapping[str, float | None]
    person: Subject
    account: Subject
    counts: Predicate
    counts_by_history: bool

    def evaluate(
        self,
        facts: Facts,
        at_s: float,
        *,
        previous: Mapping[str, str] | None = None,
        previous_at_s: float | None = None,
        with_reasons: bool = False,
        with_recheck: bool = True,
    ) -> Evaluation:
        """Where a person stands at an instant.

        Args:
            at_s: Unix seconds, UTC; what is dated later counts nowhere.
            previous: the position before, for levels that remember; None means the lowest levels.
            previous_at_s: instant of `previous`, minus infinite for somebody never placed; what
                happened since is then gone through in order, with the facts as they are now. None
                means that `previous` held until now.
            with_reasons: also each line of each score.
            with_recheck: also when time alone gives another position.
        """
        return _evaluate(
            self.person,
            self.policy.scores,
            facts,
            at_s,
            people=(),
            previous=previous,
            previous_at_s=previous_at_s,
            with_reasons=with_reasons,
            with_recheck=with_recheck,
        )

    def evaluate_account(
        self,
        facts: Facts,
        people: Iterable[Member],
        at_s: float,
        *,
        previous: Mapping[str, str] | None = None,
        previous_at_s: float | None = None,
        with_reasons: bool = False,
        with_recheck: bool = True,
    ) -> Evaluation:
        """Where an account stands at an instant.

        Its `recheck_at_s` follows from its own facts; a person who moves is a reason of its own
        to evaluate the account again. Between `previous_at_s` and now its people are taken as
        they are now.

        Args:
            facts: the account's own facts and deals.
            people: evaluated at the same instant, in any order; who counts is the policy's say.
            previous, previous_at_s, with_reasons, with_recheck: as for a person.
        """
        levels = highest_levels(
            self.person, self.counts, people, at_s=at_s, looks_back=self.counts_by_history
        )
        return _evaluate(
            self.account,
            self.policy.accounts.scores,
            facts,
            at_s,
            people=levels,
            previous=previous,
            previous_at_s=previous_at_s,
            with_reasons=with_reasons,
            with_recheck=with_recheck,
        )


def compile_policy(policy: Policy) -> CompiledPolicy:
    """The policy as functions; it is taken as validated."""
    counted = policy.accounts.counted
    person, counts = compile_subject(
        policy.scores,
        [AccountAxis(axis.name, Follows.OWN, axis.levels) for axis in policy.axes],
        axes=policy.axes,
        same_event=policy.same_event,
        known_types=policy.activities,
        question=counted,
    )
    account, _ = compile_subject(
        policy.accounts.scores,
        policy.accounts.axes,
        axes=policy.axes,
        same_event=policy.same_event,
        known_types=policy.activities,
        question=Anything(),
    )
    return CompiledPolicy(
        policy=policy,
        windows=longest_windows(policy),
        person=person,
        account=account,
        counts=counts,
        counts_by_history=asks_for_history(counted),
    )


def _evaluate(
    subject: Subject,
    scores: Sequence[Score],
    facts: Facts,
    at_s: float,
    *,
    people: Sequence[int],
    previous: Mapping[str, str] | None,
    previous_at_s: float | None,
    with_reasons: bool,
    with_recheck: bool,
) -> Evaluation:
    activities = facts.activities
    instants = instants_by_type(activities, subject.same_event) if activities else NOTHING
    state = subject.measure(
        facts, instants, at_s, previous=subject.numbers(previous), people=people
    )
    if previous_at_s is not None and previous_at_s < at_s and remembers(subject, state):
        state.previous = levels_before(subject, since_s=previous_at_s, state=state)
    subject.place(state)
    return Evaluation(
        position=subject.position(state.levels),
        scores=dict(zip(subject.scores, state.totals, strict=True)),
        reasons=reasons_of(scores, subject.scoring, state) if with_reasons else (),
        decided=deciding_of(subject, state) if with_reasons else (),
        unknown_types=state.unknown,
        # Last, since it uses the state up.
        recheck_at_s=recheck_at(subject, state) if with_recheck else None,
    )
