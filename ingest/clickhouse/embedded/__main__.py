"""Run the embedded store until SIGTERM or SIGINT."""

import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click
import uvicorn


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8123, show_default=True)
@click.option("--max-memory-mb", type=click.IntRange(500), default=2000, show_default=True)
def main(data_dir: Path, host: str, port: int, max_memory_mb: int) -> None:
    """Serve ClickHouse's HTTP interface over chDB from a directory nobody else has open."""
    data_dir = data_dir.absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = _lock(data_dir)
    listener = _listen(host, port)
    # The engine takes its time zone from here when it is loaded; every time in the store is UTC.
    os.environ["TZ"] = "UTC"  # noqa: TID251
    time.tzset()
    from ingest.clickhouse.embedded import app  # noqa: PLC0415
    from ingest.clickhouse.embedded.engine import Engine  # noqa: PLC0415

    engine = Engine(data_dir, max_memory_bytes=max_memory_mb * 1_000_000)
    config = uvicorn.Config(
        app.build(engine),
        lifespan="off",
        log_level="warning",
        access_log=False,
        loop="uvloop",
        http="httptools",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
        server_header=False,
    )
    click.echo(
        f"ClickHouse {engine.version} (chDB) in {data_dir} answers on {host}:{listener.getsockname()[1]}"
    )
    try:
        _Server(config).run(sockets=[listener])
    finally:
        if not engine.close(within_s=2):
            # A statement would not end. Leaving it behind loses nothing that was acknowledged.
            os._exit(0)
        lock.close()


class _Server(uvicorn.Server):
    """A server for which being asked to end is no failure: uvicorn's own would raise the signal again."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT end the server."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)
        yield


def _lock(data_dir: Path) -> IO[str]:
    lock = (data_dir / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"Another embedded store has {data_dir} open; stop it first, or choose another --data-dir.")
    return lock


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        sys.exit(
            f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --port, or stop what uses it."
        )
    listener.listen(512)
    return listener


main()
