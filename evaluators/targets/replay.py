"""A stored run as a target: it gives again what was answered then, so that other evaluators can judge it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import fields

from evaluators.suites.cases import SuiteCase
from evaluators.targets.base import TargetAnswer, TargetError
from evaluators.trials import StoredAnswer, TrialKey, TrialLog

_FIELDS = tuple(item.name for item in fields(TargetAnswer))


class ReplayTarget:
    """Answers each case with its stored trials, one after the other, as the runner asks for them: by ascending number."""

    def __init__(self, log: TrialLog) -> None:
        self._given: Counter[tuple[str, str]] = Counter()
        self._stored: dict[tuple[str, str], dict[int, tuple[TrialKey, StoredAnswer]]] = {}
        for key, answer in log.answers.items():
            self._stored.setdefault((key.arm, key.case), {})[key.number] = (key, answer)

    def fingerprint(self, arm: str, case: SuiteCase) -> str:
        """Return the newest stored answer's own fingerprint."""
        found = self._stored.get((arm, case.id))
        return found[max(found)][0].fingerprint if found else ""

    async def answer(self, arm: str, case: SuiteCase) -> TargetAnswer:
        """Return the next stored trial."""
        self._given[arm, case.id] += 1
        found = self._stored.get((arm, case.id), {}).get(self._given[arm, case.id])
        if found is None:
            raise TargetError("the stored run has no such answer")
        if found[1].error:
            raise TargetError(found[1].error)
        return TargetAnswer(**{name: getattr(found[1], name) for name in _FIELDS})

    def trials_of_all(self, arms: Iterable[str], cases: Iterable[SuiteCase]) -> int:
        """Return how many trials every case has in every arm."""
        known = list(cases)
        return min((len(self._stored.get((arm, case.id), {})) for arm in arms for case in known), default=0)

    def has(self, case: SuiteCase, arm: str | None = None) -> bool:
        """Say whether the run holds any answer to a case, of one arm or of any."""
        if arm is not None:
            return (arm, case.id) in self._stored
        return any(stored == case.id for _, stored in self._stored)
