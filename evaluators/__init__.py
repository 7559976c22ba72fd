"""Evaluators: samples in, scores and gate decisions out.

Importing this package loads neither models nor statistics; those come with what uses them.
"""

from evaluators.completion import Complete, Completion, CompletionError, TokenChoices
from evaluators.errors import EvaluatorError, ParameterError, UnknownEvaluatorError
from evaluators.evaluator import Evaluator
from evaluators.run import evaluate
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score, Unscored

__all__ = [
    "Complete",
    "Completion",
    "CompletionError",
    "Evaluator",
    "EvaluatorError",
    "NotApplicable",
    "Outcome",
    "ParameterError",
    "Sample",
    "Score",
    "TokenChoices",
    "UnknownEvaluatorError",
    "Unscored",
    "evaluate",
]
