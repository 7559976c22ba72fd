"""Two variants beside one another: case by case, slice by slice, in cost and time, and how their scores are spread."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from console.experiments.definition import Definition
from console.experiments.models import Experiment, Trial, TrialState
from evaluators import gate
from evaluators.gate import Finding, Gate, Rule
from evaluators.gate.comparison import compare
from evaluators.gate.experiment import Experiment as Evidence
from evaluators.score import NotApplicable, Score
from evaluators.stats.multiplicity import benjamini_hochberg

FEWEST_IN_SLICE, MOST_SLICES = 5, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseScores:
    """One case's mean score in each of two variants; None where there is none."""

    case: str
    baseline: float | None
    candidate: float | None
    is_better: bool | None
    """None when they are equal or one is missing."""

    @property
    def difference(self) -> float | None:
        """Candidate minus baseline."""
        if self.baseline is None or self.candidate is None:
            return None
        return self.candidate - self.baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The cases of one tag: advisory, since slices were not chosen beforehand."""

    tag: str
    cases: int
    finding: Finding
    q_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Expense:
    """What one variant took."""

    arm: str
    answers: int
    failed: int
    cost_usd: float | None
    """Of answers and judgements; None when nothing has a known price."""
    unknown_costs: int
    latency_ms: tuple[float, float] | None
    """The median and the 95th percentile."""
    input_tokens: float | None
    output_tokens: float | None
    latencies: Sequence[float] = field(default=(), repr=False)

    @property
    def median_us(self) -> float | None:
        """The median latency, in the unit in which pages write durations."""
        return None if self.latency_ms is None else self.latency_ms[0] * 1_000

    @property
    def p95_us(self) -> float | None:
        """The latency that 95 % of the answers stay below."""
        return None if self.latency_ms is None else self.latency_ms[1] * 1_000


def case_scores(
    trials: Iterable[gate.Trial], definition: Definition, metric: str, pair: tuple[str, str]
) -> list[CaseScores]:
    """Return every case's mean in both variants, in the order of the cases."""
    values: dict[tuple[str, str], list[float]] = {}
    for trial in trials:
        outcome = trial.outcomes.get(metric)
        if isinstance(outcome, Score):
            values.setdefault((trial.case, trial.arm), []).append(outcome.value)
    is_lower_better = definition.metrics()[metric].direction == "lower"
    found = []
    for case in definition.cases:
        sides = [_mean(values.get((case.id, arm))) for arm in pair]
        better = None
        if sides[0] is not None and sides[1] is not None and sides[0] != sides[1]:
            better = (sides[1] > sides[0]) != is_lower_better
        found.append(CaseScores(case=case.id, baseline=sides[0], candidate=sides[1], is_better=better))
    return found


def concerned(trials: Iterable[gate.Trial], metric: str) -> bool:
    """Tell whether a metric applies to anything."""
    return any(
        not isinstance(trial.outcomes.get(metric, NotApplicable(reason="")), NotApplicable)
        for trial in trials
    )


def slices(trials: Sequence[gate.Trial], definition: Definition, rules: Gate, metric: str) -> list[Slice]:
    """Compare the cases of each tag; false discoveries among the slices are held to one in twenty."""
    counts: dict[str, int] = {}
    for case in definition.cases:
        for tag in case.tags:
            counts[tag] = counts.get(tag, 0) + 1
    fitting = [tag for tag, count in counts.items() if FEWEST_IN_SLICE <= count < len(definition.cases)]
    chosen = sorted(fitting, key=lambda tag: (-counts[tag], tag))[:MOST_SLICES]
    evidence = Evidence(
        trials=trials, cases=definition.gate_cases(), metrics=definition.metrics(), gate=rules
    )
    look = max((trial.number for trial in trials), default=1)
    findings = []
    for tag in chosen:
        rule = Rule(metric=metric, tags=frozenset({tag}))
        found = compare(evidence.table(rule, look), rule, evidence.metric(rule), rules, look=look).finding
        if found.cases:
            findings.append((tag, found))
    p_values = [1.0 if found.p_regression is None else found.p_regression for _, found in findings]
    return [
        Slice(tag=tag, cases=found.cases, finding=found, q_value=q)
        for (tag, found), q in zip(findings, benjamini_hochberg(p_values), strict=True)
    ]


def expenses(experiment: Experiment, arms: Iterable[str]) -> list[Expense]:
    """Return what each variant took."""
    rows = (
        Trial.objects.filter(experiment=experiment, state__in=[TrialState.DONE, TrialState.DEAD])
        .values(
            "arm",
            "error",
            "cost_usd",
            "has_unknown_cost",
            "answer__latency_ms",
            "answer__input_tokens",
            "answer__output_tokens",
        )
        .iterator(chunk_size=2_000)
    )
    by_arm: dict[str, list[Mapping[str, Any]]] = {arm: [] for arm in arms}
    for row in rows:
        by_arm.setdefault(row["arm"], []).append(row)
    return [_expense(arm, found) for arm, found in by_arm.items()]


def _expense(arm: str, rows: Sequence[Mapping[str, Any]]) -> Expense:
    latencies = sorted(_known(rows, "answer__latency_ms"))
    unknown = sum(row["has_unknown_cost"] for row in rows)
    quantiles = np.quantile(latencies, [0.5, 0.95]) if latencies else None
    return Expense(
        arm=arm,
        answers=len(rows),
        failed=sum(bool(row["error"]) for row in rows),
        cost_usd=None if unknown and unknown == len(rows) else sum(row["cost_usd"] for row in rows),
        unknown_costs=unknown,
        latency_ms=None if quantiles is None else (float(quantiles[0]), float(quantiles[1])),
        input_tokens=_mean(_known(rows, "answer__input_tokens")),
        output_tokens=_mean(_known(rows, "answer__output_tokens")),
        latencies=latencies,
    )


def _known(rows: Iterable[Mapping[str, Any]], name: str) -> list[float]:
    return [float(row[name]) for row in rows if row[name] is not None]


def _mean(values: Sequence[float] | None) -> float | None:
    return sum(values) / len(values) if values else None
