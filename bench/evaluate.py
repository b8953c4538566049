"""How many people one core places a second. Run: python bench/evaluate.py [people]

Each has 20 activities of many types spread evenly over two years; the standard policy; CPU time, so
that a busy machine disturbs little. Fetching and storing are not in it.

Measured 2026-11, Python 3.11, one of two shared cores, medians of three runs:

    plain                 54,000 people/s   18.5 us each
    with recheck          30,000 people/s   33.4 us each
    never placed before   48,400 people/s   20.6 us each   the path of levels that remember, from the start
    with reasons          16,700 people/s   60.0 us each
    everything            13,100 people/s   76.4 us each
    slow oracle            7,300 people/s                  what the tests compare with: 7 times slower
"""

import gc
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.domain import oracle
from tests.domain.people import NOW, bench_person
from tests.domain.standard import STANDARD

from stagesync.domain.compile import compile_policy
from stagesync.domain.facts import Facts

ROUNDS = 5


def seconds(act: Callable[[Facts], object], people: list[Facts]) -> float:
    """CPU seconds for everybody, the median of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        gc.collect()
        start = time.process_time()
        for person in people:
            act(person)
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def slowly(facts: Facts) -> object:
    """The same answer from the reading that the tests compare with."""
    return oracle.position(facts, NOW), oracle.scores(facts, NOW)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    rng = random.Random(7)
    people = [bench_person(rng, number) for number in range(count)]
    activities = sum(len(person.activities) for person in people) / count
    evaluate = compile_policy(STANDARD).evaluate
    ways: dict[str, Callable[[Facts], object]] = {
        "plain": lambda facts: evaluate(facts, NOW, with_recheck=False),
        "with recheck": lambda facts: evaluate(facts, NOW),
        "never placed before": lambda facts: evaluate(
            facts, NOW, previous_at_s=float("-inf"), with_recheck=False
        ),
        "with reasons": lambda facts: evaluate(facts, NOW, with_recheck=False, with_reasons=True),
        "everything": lambda facts: evaluate(facts, NOW, with_reasons=True),
    }
    print(f"{count} people, {activities:.1f} activities each, Python {sys.version.split()[0]}")
    plain = 0.0
    for name, act in ways.items():
        taken = seconds(act, people)
        plain = plain or taken
        print(f"{name:20} {count / taken:10,.0f} people/s  {taken / count * 1e6:7.1f} us each")
    few = people[: max(1, count // 20)]
    slow = seconds(slowly, few) / len(few)
    print(
        f"{'slow oracle':20} {1 / slow:10,.0f} people/s; plain is {slow / (plain / count):.0f} times as fast"
    )


if __name__ == "__main__":
    main()
