"""A whole installation, started the way a user starts it, in a folder of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[2]


class Instance:
    """`manage.py up` as a process, with its credentials and everything it printed."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self.home = home
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("PARAPET_", "OPENAI_"))
            },
            "PARAPET_HOME": str(home),
            "PARAPET_CONSOLE_PORT": str(free_port()),
            "PARAPET_PROXY_PORT": str(free_port()),
            "PARAPET_OTLP_PORT": str(free_port()),
            **environment,
        }
        self.lines: list[str] = []
        self.process: subprocess.Popen[str] | None = None

    def start(self, timeout_s: float = 150) -> float:
        """Start, wait for `ready`, and return how many seconds that took."""
        began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "up"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        while "ready" not in self.lines:
            if self.process.poll() is not None or time.monotonic() - began > timeout_s:
                raise AssertionError("the instance did not become ready:\n" + "\n".join(self.lines[-60:]))
            time.sleep(0.05)
        return time.monotonic() - began

    def stop(self, *, sending: signal.Signals = signal.SIGINT) -> float:
        """Stop as Ctrl-C does and return how many seconds that took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(sending)
        self.process.wait(30)
        took_s = time.monotonic() - began
        self._reader.join(10)
        return took_s

    @property
    def code(self) -> int | None:
        """The supervisor's exit code, once it has ended."""
        return self.process.returncode if self.process else None

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    @property
    def credentials(self) -> SimpleNamespace:
        return SimpleNamespace(**json.loads((self.home / "credentials.json").read_text()))

    @property
    def told(self) -> dict[str, str]:
        """Where the parts answer, as the supervisor noted it."""
        noted: dict[str, str] = json.loads((self.home / "instance.json").read_text())
        return noted

    def pids(self) -> list[int]:
        """Every process of this installation that is alive, by its PARAPET_HOME."""
        mark = f"PARAPET_HOME={self.home}".encode()
        return [
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdecimal() and mark in _environment_of(entry).split(b"\0")
        ]

    def _read(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.lines.append(line.rstrip("\n"))


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL cluster of Debian's package and give the URL of an empty database."""
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    with tempfile.TemporaryDirectory(prefix="parapet-postgresql-") as folder:
        as_whom: list[str] = []
        if os.getuid() == 0:
            # PostgreSQL refuses to run as root.
            shutil.chown(folder, "postgres")
            as_whom = ["runuser", "-u", "postgres", "--"]
        data, port = f"{folder}/data", free_port()

        def run(program: str, *arguments: str) -> None:
            command = [*as_whom, str(binaries / program), *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)

        run("initdb", "-D", data, "-U", "parapet", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run("pg_ctl", "-D", data, "-o", options, "-l", f"{folder}/log", "-w", "start")
        try:
            run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "parapet", "parapet")
            yield f"postgresql://parapet@127.0.0.1:{port}/parapet"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a Redis of its own, as an installation would that has one already."""
    from console.supervisor.redis_binary import find_redis

    folder.mkdir(parents=True)
    port = free_port()
    server = subprocess.Popen(
        [str(find_redis()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for_port(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


def _wait_for_port(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


def _environment_of(entry: Path) -> bytes:
    try:
        return (entry / "environ").read_bytes()
    except OSError:
        return b""
