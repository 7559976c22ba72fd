"""What a suite tests: a prompt sent to a model, or a Python callable."""

from evaluators.targets.base import Target, TargetAnswer, TargetError

__all__ = ["Target", "TargetAnswer", "TargetError"]
