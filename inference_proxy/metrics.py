"""Counters of this process, and their text for Prometheus. Tenants, models and users are in ClickHouse, not here."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

OVERHEAD_BUCKETS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What the proxy has done since it started."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        """By endpoint and status."""
        self.outcomes: Counter[str] = Counter()
        """Recorded calls by the status of their span."""
        self.in_flight = 0
        self.draining = 0
        self.retries = 0
        self.fallbacks = 0
        self.guard_actions: Counter[str] = Counter()
        self.guard_bypasses = 0
        """Guards that could not decide and whose policy let the text pass."""
        self.unguarded = 0
        """Calls of projects without a guard."""
        self._overhead = [0] * (len(OVERHEAD_BUCKETS_S) + 1)
        self._overhead_sum_s = 0.0

    def observe_overhead(self, seconds: float) -> None:
        """Note how long the proxy itself held one call up."""
        self._overhead[bisect_left(OVERHEAD_BUCKETS_S, seconds)] += 1
        self._overhead_sum_s += seconds

    def text(self, gauges: Iterable[tuple[str, str, float]] = ()) -> bytes:
        """Return everything in Prometheus' text format. `gauges` are name, help and value of what others count."""
        lines: list[str] = []
        _family(
            lines, "parapet_proxy_requests_total", "counter", "Requests answered, by endpoint and status."
        )
        for (endpoint, status), count in sorted(self.requests.items()):
            lines.append(f'parapet_proxy_requests_total{{endpoint="{endpoint}",status="{status}"}} {count}')
        _family(lines, "parapet_proxy_calls_total", "counter", "Recorded calls, by the status of their span.")
        for outcome, count in sorted(self.outcomes.items()):
            lines.append(f'parapet_proxy_calls_total{{status="{outcome}"}} {count}')
        _family(lines, "parapet_proxy_guard_actions_total", "counter", "Decisions of guards, by action.")
        for action, count in sorted(self.guard_actions.items()):
            lines.append(f'parapet_proxy_guard_actions_total{{action="{action}"}} {count}')
        for name, kind, text, number in (
            ("parapet_proxy_in_flight", "gauge", "Requests being served.", self.in_flight),
            ("parapet_proxy_draining", "gauge", "Answers read on after their caller left.", self.draining),
            ("parapet_proxy_retries_total", "counter", "Calls sent again.", self.retries),
            ("parapet_proxy_fallbacks_total", "counter", "Calls sent to another target.", self.fallbacks),
            (
                "parapet_proxy_guard_bypasses_total",
                "counter",
                "Guards that failed open.",
                self.guard_bypasses,
            ),
            (
                "parapet_proxy_unguarded_calls_total",
                "counter",
                "Calls that no guard looked at.",
                self.unguarded,
            ),
        ):
            _family(lines, name, kind, text)
            lines.append(f"{name} {number}")
        for name, text, amount in gauges:
            _family(lines, name, "counter" if name.endswith("_total") else "gauge", text)
            lines.append(f"{name} {amount:g}")
        self._histogram(lines)
        return ("\n".join(lines) + "\n").encode()

    def _histogram(self, lines: list[str]) -> None:
        name = "parapet_proxy_overhead_seconds"
        _family(lines, name, "histogram", "Time the proxy itself added to a call.")
        running = 0
        for bound, count in zip((*OVERHEAD_BUCKETS_S, "+Inf"), self._overhead, strict=True):
            running += count
            lines.append(f'{name}_bucket{{le="{bound}"}} {running}')
        lines.append(f"{name}_sum {self._overhead_sum_s:.6f}")
        lines.append(f"{name}_count {running}")


def _family(lines: list[str], name: str, kind: str, text: str) -> None:
    lines.append(f"# HELP {name} {text}")
    lines.append(f"# TYPE {name} {kind}")
