"""How far a run has come, on standard error: one line that is redrawn, or now and then a new one."""

import sys
import time

import click

_EVERY_S = 10.0
_REDRAW_S = 0.1


class ConsoleProgress:
    """Shows trials, cost and the time left."""

    def __init__(self, cost_cap_usd: float | None) -> None:
        self._cap = cost_cap_usd
        self._is_terminal = sys.stderr.isatty()
        self._total = self._done = self._at_start = 0
        self._started = self._shown = 0.0

    def begin(self, total: int, done: int) -> None:
        """Start a look."""
        self._total, self._done, self._at_start = total, done, done
        self._started = time.monotonic()
        self._shown = 0.0 if self._is_terminal else self._started

    def advance(self, cost_usd: float) -> None:
        """Count one more trial and show it when it is time."""
        self._done += 1
        now = time.monotonic()
        if now - self._shown < (_REDRAW_S if self._is_terminal else _EVERY_S) and self._done < self._total:
            return
        self._shown = now
        line = self._line(cost_usd, now)
        if self._is_terminal:
            click.echo(f"\r\x1b[K{line}", err=True, nl=self._done >= self._total)
        else:
            click.echo(line, err=True)

    def _line(self, cost_usd: float, now: float) -> str:
        fresh = self._done - self._at_start
        left_s = (now - self._started) / fresh * (self._total - self._done)
        cap = f" of ${self._cap:g}" if self._cap else ""
        return f"{self._done}/{self._total} trials · ${cost_usd:.4f}{cap} · {_duration(left_s)} left"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
