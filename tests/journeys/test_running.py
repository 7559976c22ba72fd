"""Starting, stopping, and what happens to the pieces in between."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.journeys.instance import ROOT, Instance


def until(condition: object, *, within_s: float = 40.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture
def alone(tmp_path: Path) -> Instance:
    """An installation that nobody started yet."""
    return Instance(tmp_path / "home", {})


def test_a_second_start_keeps_what_the_first_one_made_and_nothing_outlives_the_supervisor(
    alone: Instance,
) -> None:
    alone.start()
    first = json.loads((alone.home / "credentials.json").read_text())
    mode = (alone.home / "credentials.json").stat().st_mode & 0o777
    alone.stop()
    code, left = alone.code, alone.pids()
    alone.lines.clear()
    alone.start()
    second = json.loads((alone.home / "credentials.json").read_text())
    alone.stop(sending=signal.SIGKILL)

    assert set(first) == {
        "console_url", "proxy_url", "otlp_url", "email", "password", "api_key", "project",
    }  # fmt: skip
    assert mode == 0o600
    assert first["proxy_url"].endswith("/v1")
    assert first == second
    assert (code, left) == (0, [])
    until(lambda: alone.pids() == [], within_s=20)


def test_a_process_that_is_killed_comes_back(instance: Instance) -> None:
    proxy = next(pid for pid in instance.pids() if "inference_proxy --host" in _command(pid))
    os.kill(proxy, signal.SIGKILL)

    port = int(instance.environment["PARAPET_PROXY_PORT"])
    until(lambda: "ended with signal SIGKILL" in instance.output)
    until(lambda: _listens(port))


def test_a_second_instance_on_the_same_home_is_told_so(instance: Instance) -> None:
    again = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "up"],
        cwd=ROOT,
        env=instance.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert again.returncode != 0
    assert "already runs in" in again.stderr
    assert len(again.stderr.strip().splitlines()) == 1


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
