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
    arguments = parser.parse_args()
    settings = read()
    if arguments.workers is not None:
        if arguments.workers < 1:
            parser.error(f"--workers must be at least 1, not {arguments.workers}")
        settings = dataclasses.replace(settings, workers=arguments.workers)
    logging.basicConfig(level=settings.log_level.upper(), format="%(levelname)s %(name)s %(message)s")
    # uvicorn stops on the signal, then raises it once more for whoever listened before; a clean stop ends with 0.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    uvicorn.run(
        GuardApp(settings),
        host=arguments.host,
        port=arguments.port,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=3,
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main()
