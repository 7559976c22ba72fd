"""The receiver's process: `python -m inference_proxy.receiver --host H --port P`.

It stands here because it is where the ground-floor rooms meet: spans are received and spooled by
`ingest`, masked by `guardrails`, under the keys and policies of the snapshot the proxy follows too.
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import Iterator

import uvicorn
import uvloop

from guardrails.client import GuardServer
from inference_proxy.current import Current, sources_of
from inference_proxy.masking import MaskingIntake
from inference_proxy.settings import Settings, SettingsError
from inference_proxy.snapshot import Snapshot
from ingest.keys import pepper_from
from ingest.receiver.app import build
from ingest.spool import SpoolWriter

DRAIN_S = 5
"""How long requests in progress may take after SIGTERM; the spool is flushed after them."""


async def serve(settings: Settings, *, host: str, port: int) -> None:
    """Receive until SIGTERM or SIGINT, then finish what is in progress and make it durable."""
    detector = GuardServer(settings.guard_url, token=settings.guard_token) if settings.guard_url else None
    pepper = pepper_from(settings.secret_key)
    in_force: list[MaskingIntake] = []

    def put_in_force(snapshot: Snapshot) -> None:
        in_force[:] = [MaskingIntake(snapshot, pepper, detector)]

    current = Current(
        sources_of(redis_url=settings.redis_url, snapshot_file=settings.snapshot_file),
        on_change=put_in_force,
    )
    spool = SpoolWriter(
        settings.spool_dir, durability=settings.durability, max_bytes=settings.spool_max_bytes
    )
    try:
        app = build(
            intake=lambda: in_force[0] if in_force else None,
            spool=spool,
            pepper=pepper,
        )
        await current.start()
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="off",
            access_log=False,
            server_header=False,
            date_header=False,
            log_config=None,
            timeout_graceful_shutdown=DRAIN_S,
        )
        await _Server(config).serve()
    finally:
        await current.stop()
        if detector is not None:
            await detector.close()
        await asyncio.to_thread(spool.close)


class _Server(uvicorn.Server):
    """uvicorn, ending with exit code 0 after SIGTERM: it would raise the signal again."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def main() -> None:
    """Read the command line and the environment, and serve."""
    parser = argparse.ArgumentParser(prog="python -m inference_proxy.receiver", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4318)
    arguments = parser.parse_args()
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        sys.exit(f"parapet receiver: {error}")
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # What is loaded stays, and what a request makes dies with it: looking for cycles less often is cheaper.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, host=arguments.host, port=arguments.port))


if __name__ == "__main__":
    main()
