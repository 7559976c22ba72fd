"""The gate: stored trials in, PASS, FAIL, INCONCLUSIVE or ERROR out, with error rates that are known."""

from evaluators.gate.decide import decide
from evaluators.gate.decision import Decision, Finding, State
from evaluators.gate.rules import Gate, Margin, Rule
from evaluators.gate.trials import Case, Metric, Trial

__all__ = ["Case", "Decision", "Finding", "Gate", "Margin", "Metric", "Rule", "State", "Trial", "decide"]
