"""What every target is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from evaluators.suites.cases import SuiteCase


class TargetError(Exception):
    """The target gave no answer; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAnswer:
    """One answer of one arm to one case."""

    output: str
    input: str = ""
    """What was asked, as a judge should read it."""
    context: tuple[str, ...] = ()
    finish_reason: str | None = None
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    model: str | None = None
    latency_ms: float | None = None
    cost_usd: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Target(Protocol):
    """Answers cases, arm by arm."""

    def fingerprint(self, arm: str, case: SuiteCase) -> str:
        """Return a hash of everything that decides the answer beside chance."""
        ...

    async def answer(self, arm: str, case: SuiteCase) -> TargetAnswer:
        """Answer a case, or raise TargetError."""
        ...
