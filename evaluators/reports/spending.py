"""What each arm's answers took: time, money and tokens."""

from dataclasses import dataclass

import numpy as np

from evaluators.reports.evidence import Evidence
from evaluators.stats.clustered import Array
from evaluators.trials import StoredAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """One arm's answers; only those that came and whose figure is known count."""

    arm: str
    answers: int
    errors: int
    unpriced: int
    """Answers of a model whose price nobody knows."""
    latency_ms: Array
    cost_usd: Array
    input_tokens: Array
    output_tokens: Array

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Return the figures as a table shows them; a dash where nothing is known."""
        latency = self.latency_ms
        return (
            ("answers", f"{self.answers:,}"),
            ("errors", f"{self.errors:,}"),
            ("latency, median", _milliseconds(latency, 0.5)),
            ("latency, 95 of 100 within", _milliseconds(latency, 0.95)),
            ("latency, slowest", _milliseconds(latency, 1.0)),
            ("cost, total", f"${self.cost_usd.sum():.4f}" if self.cost_usd.size else "–"),
            ("cost, per answer", f"${self.cost_usd.mean():.6f}" if self.cost_usd.size else "–"),
            ("answers without a known price", f"{self.unpriced:,}"),
            ("input tokens, mean", f"{self.input_tokens.mean():,.0f}" if self.input_tokens.size else "–"),
            ("output tokens, mean", f"{self.output_tokens.mean():,.0f}" if self.output_tokens.size else "–"),
        )


def spending_of(evidence: Evidence, arm: str) -> Spending:
    """Add up what an arm's answers took."""
    own = [answer for (_, of_arm, _), answer in evidence.answers.items() if of_arm == arm]
    came = [answer for answer in own if not answer.error]
    return Spending(
        arm=arm,
        answers=len(came),
        errors=len(own) - len(came),
        unpriced=sum(answer.cost_usd is None and bool(answer.model) for answer in came),
        latency_ms=_known(came, "latency_ms"),
        cost_usd=_known(came, "cost_usd"),
        input_tokens=_known(came, "input_tokens"),
        output_tokens=_known(came, "output_tokens"),
    )


def _known(answers: list[StoredAnswer], name: str) -> Array:
    values = [getattr(answer, name) for answer in answers]
    return np.array([value for value in values if value is not None], dtype=np.float64)


def _milliseconds(values: Array, share: float) -> str:
    return f"{np.quantile(values, share):,.0f} ms" if values.size else "–"
