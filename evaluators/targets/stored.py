"""An arm whose answers are all stored: nobody is asked."""

from dataclasses import dataclass

from evaluators.suites.cases import SuiteCase
from evaluators.targets.base import TargetAnswer, TargetError

FINGERPRINT = "stored"
"""What stands in the place of a request's hash."""


@dataclass(frozen=True, slots=True)
class StoredArm:
    """A stored run's arm; what the run does not hold cannot be answered."""

    run: str

    def fingerprint(self, arm: str, case: SuiteCase) -> str:
        """Return the mark of a stored answer."""
        return FINGERPRINT

    async def answer(self, arm: str, case: SuiteCase) -> TargetAnswer:
        """Say that the run has no such answer."""
        raise TargetError(f"run {self.run} has no such answer")
