"""`python -m guardrails.server --host 127.0.0.1 --port 8070` starts the guard server."""

import argparse
import dataclasses
import logging
import signal

import uvicorn

from guardrails.server.app import GuardApp
from guardrails.server.settings import read


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(
        prog="python -m guardrails.server", description="Serve detectors over HTTP."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8070)
    parser.add_argument("--workers", type=int, help="processes that run detectors; one per core by default")
    parser.add_argument("--threads", type=int, help="threads of each for the encoder; 1 by default")
    parser.add_argument("--device", help="where the encoder runs: cpu, or cuda with PyTorch installed")
    arguments = parser.parse_args()
    settings = read()
    for name in ("workers", "threads"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            parser.error(f"--{name} must be at least 1, not {value}")
    told = {name: getattr(arguments, name) for name in ("workers", "threads", "device")}
    if arguments.device not in (None, "cpu") and arguments.workers is None:
        # One process keeps a GPU busy; a second would only hold another copy of the weights.
        told["workers"] = 1
    settings = dataclasses.replace(
        settings, **{name: value for name, value in told.items() if value is not None}
    )
    logging.basicConfig(level=settings.log_level.upper(), format="%(levelname)s %(name)s %(message)s")
    # uvicorn stops on the signal, then raises it once more for whoever listened before; a clean stop ends with 0.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    uvicorn.Server(configured(GuardApp(settings), host=arguments.host, port=arguments.port)).run()


def configured(app: GuardApp, *, host: str, port: int) -> uvicorn.Config:
    """Say how the server listens. One that is told to stop finishes what it has begun, for three seconds at the most."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=3,
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main()
