"""What the guard server is told when it starts."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Read once, at the entry."""

    workers: int = 2
    """Processes that run detectors."""
    waiting: int = 256
    """Jobs that may wait for a worker; further requests are told to come back."""
    hang_s: float = 10.0
    """A worker that is silent for so long is killed and replaced."""
    log_level: str = "info"


def read() -> Settings:
    """Return the settings of this machine and environment."""
    level = os.environ.get("PARAPET_LOG_LEVEL", "info").lower()  # noqa: TID251
    if level not in ("debug", "info", "warning", "error", "critical"):
        raise SystemExit(f"PARAPET_LOG_LEVEL is {level!r}; expected debug, info, warning, error or critical")
    return Settings(workers=max(1, min(4, os.cpu_count() or 1)), log_level=level)
