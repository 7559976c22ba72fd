"""From a trial log to what the gate reads, so that a run can be decided again without the suite or any call."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from evaluators.errors import TrialLogError
from evaluators.gate import Case, Gate, Margin, Metric, Rule, Trial
from evaluators.sample import Sample
from evaluators.score import Outcome, Score, Unscored
from evaluators.suites.load import LoadedSuite
from evaluators.trials import StoredAnswer, TrialKey, TrialLog


def header_of(suite: LoadedSuite) -> dict[str, Any]:
    """Return what a run must remember to be decided again."""
    return {
        "suite": suite.suite.suite,
        "digest": suite.digest(),
        "same_but_cases": suite.digest(with_cases=False),
        "cases": [
            {"id": case.id, "cluster": case.cluster, "tags": sorted(case.tags)} for case in suite.gate_cases()
        ],
        "metrics": [asdict(entry.metric()) for entry in suite.entries],
        "gate": _gate_as_json(suite.gate),
        "inconclusive": suite.suite.inconclusive,
    }


def gate_trials(log: TrialLog) -> list[Trial]:
    """Return the trials whose every metric has its word; the newest answer of a trial counts.

    What was taken over from earlier runs and then found to hold no longer does not count.
    """
    newest: dict[tuple[str, str, int], TrialKey] = {}
    is_void = log.recheck is not None and log.recheck.state == "refused"
    for key, answer in log.answers.items():
        if not (is_void and answer.reused):
            newest[key.case, key.arm, key.number] = key
    outcomes: dict[TrialKey, dict[str, Outcome]] = {}
    for (key, metric, _), outcome in log.scores.items():
        outcomes.setdefault(key, {})[metric] = outcome
    wanted = {metric["name"] for metric in log.header["metrics"]}
    return [
        Trial(
            case=key.case,
            arm=key.arm,
            number=key.number,
            outcomes=outcomes[key],
            again=log.again.get((key.case, key.arm, key.number), {}),
        )
        for key in newest.values()
        if wanted <= set(outcomes.get(key, ()))
    ]


def answer_as_sample(answer: StoredAnswer) -> Sample:
    """Return a stored answer as a judge sees it, without what only the suite knows."""
    return Sample(
        output=answer.output,
        input=answer.input,
        context=answer.context,
        finish_reason=answer.finish_reason,
        tool_calls=answer.tool_calls,
        model=answer.model,
        latency_ms=answer.latency_ms,
        cost_usd=answer.cost_usd,
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        attributes=answer.attributes,
    )


def stored_cases(log: TrialLog) -> list[Case]:
    """Return a run's cases."""
    return [
        Case(id=case["id"], cluster=case["cluster"], tags=frozenset(case["tags"]))
        for case in log.header["cases"]
    ]


def failing_cases(log: TrialLog) -> set[str]:
    """Return the cases whose candidate gave no answer, no score, or a score in the worse half of its scale."""
    metrics, candidate = stored_metrics(log), stored_gate(log).candidate
    failing = {key.case for key, answer in log.answers.items() if key.arm == candidate and answer.error}
    for trial in gate_trials(log):
        if trial.arm == candidate:
            failing |= {
                trial.case for name, outcome in trial.outcomes.items() if _is_bad(outcome, metrics.get(name))
            }
    return failing


def _is_bad(outcome: Outcome, metric: Metric | None) -> bool:
    if isinstance(outcome, Unscored):
        return True
    if not isinstance(outcome, Score) or metric is None or metric.bounds is None:
        return False
    middle = sum(metric.bounds) / 2.0
    return outcome.value < middle if metric.direction == "higher" else outcome.value > middle


def stored_metrics(log: TrialLog) -> dict[str, Metric]:
    """Return a run's metrics, with what its canaries said about their judges."""
    metrics = [
        Metric(**metric | {"bounds": tuple(metric["bounds"]) if metric["bounds"] else None})
        for metric in log.header["metrics"]
    ]
    return {metric.name: watched(metric, log) for metric in metrics}


def watched(metric: Metric, log: TrialLog) -> Metric:
    """Return a metric as its run's canaries leave it: an alarm makes its judge stale."""
    check = log.canaries.get(metric.name)
    return metric if check is None or not check.alarm else replace(metric, trust="stale", alarm=check.alarm)


def stored_gate(log: TrialLog) -> Gate:
    """Return the gate a run was started with."""
    try:
        given = dict(log.header["gate"])
        rules = tuple(_rule(rule) for rule in given.pop("rules"))
        return Gate(rules=rules, **given | {"looks": tuple(given["looks"])})
    except (KeyError, TypeError) as error:
        raise TrialLogError(
            f"run {log.name}: its gate cannot be read; give the suite with --suite"
        ) from error


def _gate_as_json(gate: Gate) -> dict[str, Any]:
    content = asdict(gate)
    content["rules"] = [rule | {"tags": sorted(rule["tags"])} for rule in content["rules"]]
    return content


def _rule(given: Mapping[str, Any]) -> Rule:
    margin = Margin(**given["margin"]) if given["margin"] else None
    return Rule(**dict(given) | {"margin": margin, "tags": frozenset(given["tags"])})
