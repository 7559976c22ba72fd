"""What the guard server is told when it starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import get_args

from guardrails.addresses import PrivateAddresses
from guardrails.encoder import WEIGHTS
from guardrails.server.models import Model, ModelsError, read_models

SHORTEST_TOKEN = 16
MOST_WORKERS = 8
"""Unless somebody asks for more; the other processes want cores, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Read once, at the entry."""

    workers: int = 2
    """Processes that run detectors."""
    threads: int = 1
    """Threads of each for the encoder."""
    device: str = "cpu"
    """Where the encoder runs: `cpu`, or PyTorch's name of a device, such as `cuda`."""
    weights: Path = WEIGHTS
    """The encoder's folder; where there is none, the guards that need it are refused and all others work."""
    models_file: Path | None = None
    models: Mapping[str, Model] = field(default_factory=dict)
    """What an installation has added to it."""
    private_addresses: PrivateAddresses = "none"
    """Which addresses those of its models that are far away may have besides public ones."""
    waiting: int = 2_048
    """Texts that may wait for a worker; further requests are told to come back."""
    collect_ms: float = 2.0
    """How long a text for the encoder waits for others to be read with."""
    silent_s: float = 2.0
    """A worker from which nothing is heard for so long is killed and replaced."""
    hang_s: float = 4.0
    """So is one that says that it lives and finishes nothing."""
    token: str = field(default="", repr=False)
    """What a request must bear, but for its health and its numbers; without one everybody is answered who can reach it."""
    log_level: str = "info"


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this machine and environment. Raises SystemExit with a sentence about a bad variable."""
    variables = os.environ if environment is None else environment  # noqa: TID251
    level = variables.get("PARAPET_LOG_LEVEL", "info").lower()
    if level not in ("debug", "info", "warning", "error", "critical"):
        raise SystemExit(f"PARAPET_LOG_LEVEL is {level!r}; expected debug, info, warning, error or critical")
    models_file = _path(variables, "PARAPET_GUARD_MODELS")
    try:
        models = read_models(models_file, variables) if models_file else {}
    except ModelsError as error:
        raise SystemExit(f"PARAPET_GUARD_MODELS: {error}") from None
    return Settings(
        workers=_workers(variables),
        weights=_path(variables, "PARAPET_GUARD_WEIGHTS") or WEIGHTS,
        models_file=models_file,
        models=models,
        private_addresses=_private(variables),
        token=_token(variables),
        log_level=level,
    )


def _workers(variables: Mapping[str, str]) -> int:
    value = variables.get("PARAPET_GUARD_WORKERS", "").strip()
    if not value:
        return max(1, min(MOST_WORKERS, _cores()))
    if not value.isdecimal() or not 1 <= int(value) <= 256:
        raise SystemExit(f"PARAPET_GUARD_WORKERS must be a number from 1 to 256, not {value!r}.")
    return int(value)


def _token(variables: Mapping[str, str]) -> str:
    token = variables.get("PARAPET_GUARD_TOKEN", "").strip()
    if token and (len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable()):
        raise SystemExit(
            f"PARAPET_GUARD_TOKEN must have at least {SHORTEST_TOKEN} characters, all of ASCII and without spaces around them."
        )
    return token


def _cores() -> int:
    """Return how many cores this process may use: of the machine's, those that are left to it, and its container's share."""
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return min(cores, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        return cores


def _path(variables: Mapping[str, str], name: str) -> Path | None:
    value = variables.get(name, "").strip()
    return Path(value).expanduser().absolute() if value else None


def _private(variables: Mapping[str, str]) -> PrivateAddresses:
    host = variables.get("PARAPET_HOST", "").strip() or "127.0.0.1"
    default = "loopback" if host == "localhost" or _is_loopback(host) else "none"
    value = variables.get("PARAPET_ALLOW_PRIVATE_UPSTREAMS", "").strip().lower() or default
    for known in get_args(PrivateAddresses):
        if value == known:
            private: PrivateAddresses = known
            return private
    raise SystemExit(f"PARAPET_ALLOW_PRIVATE_UPSTREAMS must be none, loopback or private, not {value!r}.")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
