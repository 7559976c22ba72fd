"""What the shipper reads from the environment, once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingsError(ValueError):
    """A variable has a value that cannot be understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the spools and the store are, and how patient to be."""

    spool_dir: Path
    clickhouse_url: str
    max_bytes: int = 10 * 1024**3
    """The limit the spool's writers keep; shipped segments are given up long before it."""
    retention_s: float = 900.0
    """How long a shipped segment is kept."""
    batch_records: int = 5000
    batch_bytes: int = 16 * 1024**2
    poll_s: float = 0.2
    first_pause_s: float = 0.2
    longest_pause_s: float = 30.0
    reserve_bytes: int = 16 * 1024**2
    """Disk space kept back, so that progress can be noted on a disk that is full."""
    log_level: str = "INFO"


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:  # noqa: TID251
    """Read the settings. Raises SettingsError with a sentence naming the variable."""
    home = environment.get("PARAPET_HOME", ".parapet")
    return Settings(
        spool_dir=Path(environment.get("PARAPET_SPOOL_DIR") or f"{home}/spool").resolve(),
        clickhouse_url=_clickhouse_url(environment.get("PARAPET_CLICKHOUSE_URL", "")),
        max_bytes=int(_number(environment, "PARAPET_SPOOL_MAX_BYTES", 10 * 1024**3)),
        retention_s=_number(environment, "PARAPET_SPOOL_RETENTION_S", 900.0),
        log_level=_log_level(environment.get("PARAPET_LOG_LEVEL", "INFO")),
    )


def _clickhouse_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise SettingsError(
            f"PARAPET_CLICKHOUSE_URL is {url!r}; give ClickHouse's HTTP address, such as http://127.0.0.1:8123/parapet"
        )
    return url


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name, "")
    try:
        number = float(text) if text else default
    except ValueError as error:
        raise SettingsError(f"{name} is {text!r}; give a number") from error
    if not number >= 0:
        raise SettingsError(f"{name} is {text!r}; give a number that is not negative")
    return number


def _log_level(text: str) -> str:
    level = text.upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise SettingsError(f"PARAPET_LOG_LEVEL is {text!r}; give DEBUG, INFO, WARNING or ERROR")
    return level
