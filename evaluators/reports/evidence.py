"""What a decision rests on, for reports that show more than the decision: trials, answers, what each cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evaluators import stored
from evaluators.gate import Finding, Rule
from evaluators.gate.comparison import compare
from evaluators.gate.experiment import Experiment
from evaluators.gate.quantiles import compare_quantiles
from evaluators.stats.sequential import nominal_level
from evaluators.trials import StoredAnswer, TrialLog

Answers = Mapping[tuple[str, str, int], StoredAnswer]
"""By case, arm and number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one metric's comparison came to when the gate looked."""

    finding: Finding
    level: float
    """The one-sided p each test had to reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A run's trials as the gate saw them, with the answers behind them."""

    experiment: Experiment
    answers: Answers = field(default_factory=dict)

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that were compared, the baseline first."""
        gate = self.experiment.gate
        return tuple(arm for arm in (gate.baseline, gate.candidate) if arm)

    def versions(self) -> dict[str, str]:
        """Return each metric's evaluator version, or how many there are where cases fill in its parameters."""
        found: dict[str, set[str]] = {}
        for trial in self.experiment.trials:
            for name, outcome in trial.outcomes.items():
                if outcome.version:
                    found.setdefault(name, set()).add(outcome.version)
        return {
            name: next(iter(versions)) if len(versions) == 1 else f"{len(versions)} by case"
            for name, versions in found.items()
        }

    def costs(self) -> dict[str, float]:
        """Return what each metric's judgements cost, where anything did."""
        found: dict[str, float] = {}
        for trial in self.experiment.trials:
            for name, outcome in trial.outcomes.items():
                if outcome.cost_usd is not None:
                    found[name] = found.get(name, 0.0) + outcome.cost_usd
        return found

    def path(self, upto: int) -> dict[str, tuple[Look, ...]]:
        """Return, for each compared metric, what every complete look up to this number of trials saw."""
        gate = self.experiment.gate
        looks = [look for look in self.experiment.complete_looks() if look <= upto]
        found: dict[str, tuple[Look, ...]] = {}
        for check in self.experiment.checks():
            if check.kind == "margin" and looks:
                seen = tuple(
                    Look(
                        finding=self._compared(check.rule, look),
                        level=nominal_level(gate.looks, gate.looks.index(look), gate.alpha),
                    )
                    for look in looks
                )
                found[seen[0].finding.name] = seen
        return found

    def _compared(self, rule: Rule, look: int) -> Finding:
        experiment = self.experiment
        table, metric = experiment.table(rule, look), experiment.metric(rule)
        if rule.quantile is not None:
            return compare_quantiles(table, rule, metric, look=look)
        return compare(table, rule, metric, experiment.gate, look=look).finding


def evidence_of(log: TrialLog) -> Evidence:
    """Return what a stored run's own decision rests on."""
    return Evidence(
        experiment=Experiment(
            trials=stored.gate_trials(log),
            cases=stored.stored_cases(log),
            metrics=stored.stored_metrics(log),
            gate=stored.stored_gate(log),
        ),
        answers=answers_of([(log, {})]),
    )


def answers_of(logs: Sequence[tuple[TrialLog, Mapping[str, str]]]) -> Answers:
    """Return the newest answer of every trial; each log's arms may be called something else."""
    return {
        (key.case, names.get(key.arm, key.arm), key.number): answer
        for log, names in logs
        for key, answer in log.answers.items()
        if not names or key.arm in names
    }
