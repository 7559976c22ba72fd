"""A real guard server in a process of its own."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running_guard_server(
    *, workers: int = 1, weights: Path | None = None, models: Path | None = None, within_s: float = 90.0
) -> Iterator[str]:
    """Start a guard server, wait until it is warm, and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    told: Mapping[str, Path | None] = {"PARAPET_GUARD_WEIGHTS": weights, "PARAPET_GUARD_MODELS": models}
    command = [sys.executable, "-m", "guardrails.server", "--port", str(port), "--workers", str(workers)]
    environment = {"PATH": "/usr/bin:/bin"} | {name: str(path) for name, path in told.items() if path}
    process = subprocess.Popen(command, env=environment)
    try:
        deadline = time.monotonic() + within_s
        while not _is_warm(url) and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
        yield url
        process.terminate()
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.wait()


def _is_warm(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False
