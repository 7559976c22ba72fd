"""What the proxy's processes are told by their environment, read once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, get_args

PrivateUpstreams = Literal["none", "loopback", "private"]
Durability = Literal["fsync", "page_cache"]
Audit = Literal["available", "strict"]
OnFailure = Literal["allow", "refuse"]
LogLevel = Literal["debug", "info", "warning", "error"]


class SettingsError(ValueError):
    """A variable is missing or cannot be understood; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The installation as the proxy sees it."""

    secret_key: str = field(repr=False)
    spool_dir: Path
    redis_url: str | None = None
    snapshot_file: Path | None = None
    guard_url: str | None = None
    guard_token: str = field(default="", repr=False)
    durability: Durability = "fsync"
    audit: Audit = "available"
    """With `strict` an answer is sent only after the span that records its call is durable."""
    allow_private_upstreams: PrivateUpstreams = "none"
    limits_on_redis_failure: OnFailure = "allow"
    spool_max_bytes: int = 10 * 1024**3
    """How much may wait on this host for ClickHouse; the shipper is told the same."""
    max_body_bytes: int = 50 * 1024 * 1024
    max_in_flight: int = 2_000
    drain_timeout_s: float = 30.0
    """How long an answer is read on after its caller has gone, so that its usage is exact."""
    max_drains: int = 200
    log_level: LogLevel = "info"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment. Raises SettingsError with a sentence about the first bad variable."""
        variables = _Variables(os.environ if environment is None else environment)  # noqa: TID251
        home = variables.path("PARAPET_HOME", Path(".parapet"))
        settings = cls(
            secret_key=variables.required("PARAPET_SECRET_KEY"),
            spool_dir=variables.path("PARAPET_SPOOL_DIR", home / "spool"),
            redis_url=variables.text("PARAPET_REDIS_URL") or None,
            snapshot_file=variables.optional_path("PARAPET_SNAPSHOT_FILE"),
            guard_url=variables.text("PARAPET_GUARD_URL") or None,
            guard_token=variables.text("PARAPET_GUARD_TOKEN"),
            durability=variables.choice("PARAPET_DURABILITY", Durability, "fsync"),
            audit=variables.choice("PARAPET_AUDIT", Audit, "available"),
            allow_private_upstreams=variables.choice(
                "PARAPET_ALLOW_PRIVATE_UPSTREAMS",
                PrivateUpstreams,
                # An installation that only this machine can reach guards nobody from this machine.
                "loopback" if _is_loopback(variables.text("PARAPET_HOST", "127.0.0.1")) else "none",
            ),
            limits_on_redis_failure=variables.choice("PARAPET_LIMITS_ON_REDIS_FAILURE", OnFailure, "allow"),
            spool_max_bytes=variables.count("PARAPET_SPOOL_MAX_BYTES", 10 * 1024**3),
            max_body_bytes=variables.count("PARAPET_MAX_BODY_BYTES", 50 * 1024 * 1024),
            max_in_flight=variables.count("PARAPET_MAX_IN_FLIGHT", 2_000),
            drain_timeout_s=float(variables.count("PARAPET_DRAIN_TIMEOUT_S", 30)),
            max_drains=variables.count("PARAPET_MAX_DRAINS", 200),
            log_level=variables.choice("PARAPET_LOG_LEVEL", LogLevel, "info"),
        )
        if settings.redis_url is None and settings.snapshot_file is None:
            raise SettingsError(
                "set PARAPET_REDIS_URL or PARAPET_SNAPSHOT_FILE: the proxy learns its keys and routes from there"
            )
        return settings


@dataclass(frozen=True, slots=True)
class _Variables:
    values: Mapping[str, str]

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name, "").strip() or default

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise SettingsError(f"{name} is not set. See docs/reference/settings.md.")
        return value

    def path(self, name: str, default: Path) -> Path:
        return Path(self.text(name, str(default))).expanduser().absolute()

    def optional_path(self, name: str) -> Path | None:
        return Path(self.text(name)).expanduser().absolute() if self.text(name) else None

    def choice(self, name: str, options: Any, default: str) -> Any:
        value, allowed = self.text(name, default).lower(), get_args(options)
        if value not in allowed:
            raise SettingsError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
        return value

    def count(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not value.isascii() or not value.isdigit() or int(value) == 0:
            raise SettingsError(f"{name} must be a whole number of at least 1, not {value!r}.")
        return int(value)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
