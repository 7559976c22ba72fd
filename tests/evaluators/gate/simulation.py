"""Runs with a known truth: how often does the gate pass, fail or stay undecided?"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from evaluators import Outcome, Score
from evaluators.gate import Case, Decision, Gate, Margin, Metric, Rule, Trial, decide

RIGHT = Score(value=1.0, reason="right")
WRONG = Score(value=0.0, reason="wrong")
MEAN = 0.85


def outcome(value: bool) -> Outcome:
    return RIGHT if value else WRONG


def simulated_run(
    generator: np.random.Generator,
    *,
    cases: int,
    trials: int,
    drop: float,
    redrawn: float,
    clusters: int = 0,
    broken: float = 0.0,
) -> tuple[list[Case], list[Trial]]:
    """Draw a suite and its trials. Difficulty varies between cases; `redrawn` is the share the change deals anew,
    `broken` the share it breaks entirely."""
    numbers = np.arange(cases) % clusters if clusters else np.arange(cases)
    chances = generator.beta(1.7, 0.3, size=numbers.max() + 1)[numbers]
    other = np.where(generator.random(cases) < redrawn, generator.beta(1.7, 0.3, size=cases), chances)
    after = np.where(generator.random(cases) < broken / MEAN, 0.0, other * (1.0 - drop / MEAN))
    drawn = {
        "baseline": generator.random((trials, cases)) < chances,
        "candidate": generator.random((trials, cases)) < after,
    }
    known = [Case(id=str(i), cluster=str(number)) for i, number in enumerate(numbers)]
    return known, [
        Trial(case=case.id, arm=arm, number=trial + 1, outcomes={"right": outcome(drawn[arm][trial, i])})
        for trial in range(trials)
        for i, case in enumerate(known)
        for arm in drawn
    ]


def decided(
    seed: int,
    *,
    cases: int,
    drop: float,
    looks: Sequence[int] = (1, 2, 3, 4, 5),
    margin: float = 5.0,
    redrawn: float = 0.0,
    clusters: int = 0,
    broken: float = 0.0,
) -> Decision:
    """Simulate one run and let the gate decide."""
    generator = np.random.default_rng(
        [seed, cases, int(drop * 1000), int(redrawn * 100), clusters, int(broken * 1000)]
    )
    known, trials = simulated_run(
        generator, cases=cases, trials=looks[-1], drop=drop, redrawn=redrawn, clusters=clusters, broken=broken
    )
    gate = Gate(rules=(Rule(metric="right", margin=Margin(value=margin)),), looks=tuple(looks))
    return decide(trials, gate=gate, metrics={"right": Metric(name="right")}, cases=known)


def shares(repetitions: int, **scenario: object) -> dict[str, float]:
    """Return the share of each decision over many runs, and the mean number of trials per case."""
    decisions = [decided(seed, **scenario) for seed in range(repetitions)]  # type: ignore[arg-type]
    counts = Counter(decision.state for decision in decisions)
    found: dict[str, float] = {
        state: counts[state] / repetitions for state in ("PASS", "FAIL", "INCONCLUSIVE", "ERROR")
    }
    return found | {"trials": sum(decision.look for decision in decisions) / repetitions}
