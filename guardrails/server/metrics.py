"""What the server counts, in the text that Prometheus reads."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

CONTENT_TYPE = b"text/plain; version=0.0.4"
STEPS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass(slots=True)
class Metrics:
    """Counts of requests and texts."""

    answered: Counter[int] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    """By kind of guard."""
    failures: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By kind of guard and of failure."""
    seconds: float = 0.0
    _steps: list[int] = field(default_factory=lambda: [0] * (len(STEPS_S) + 1))

    def note(self, status: int, seconds: float) -> None:
        """Count a request."""
        self.answered[status] += 1
        self.seconds += seconds
        self._steps[bisect_left(STEPS_S, seconds)] += 1

    def text(self, gauges: Iterable[tuple[str, str, float]]) -> str:
        """Return everything; gauges come with their name, their type and their value."""
        lines = ["# TYPE parapet_guard_requests_total counter"]
        lines += [
            f'parapet_guard_requests_total{{status="{status}"}} {n}'
            for status, n in sorted(self.answered.items())
        ]
        lines += ["# TYPE parapet_guard_request_seconds histogram"]
        so_far = 0
        for step, count in zip((*STEPS_S, "+Inf"), self._steps, strict=True):
            so_far += count
            lines.append(f'parapet_guard_request_seconds_bucket{{le="{step}"}} {so_far}')
        lines += [
            f"parapet_guard_request_seconds_sum {self.seconds:.6f}",
            f"parapet_guard_request_seconds_count {so_far}",
            "# TYPE parapet_guard_texts_total counter",
        ]
        lines += [f'parapet_guard_texts_total{{kind="{kind}"}} {n}' for kind, n in sorted(self.texts.items())]
        lines += ["# TYPE parapet_guard_failures_total counter"]
        lines += [
            f'parapet_guard_failures_total{{kind="{kind}",error="{error}"}} {n}'
            for (kind, error), n in sorted(self.failures.items())
        ]
        for name, type_, value in gauges:
            lines += [f"# TYPE {name} {type_}", f"{name} {value:g}"]
        return "\n".join(lines) + "\n"
