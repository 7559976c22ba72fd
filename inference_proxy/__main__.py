"""Runs the proxy: python -m inference_proxy --host 127.0.0.1 --port 8080"""

import argparse
import logging
import signal
import sys

import uvicorn

from inference_proxy.asgi import Application
from inference_proxy.server import configured, settle_memory
from inference_proxy.settings import Settings, SettingsError


def main() -> int:
    """Read the settings and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m inference_proxy", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    arguments = parser.parse_args()
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        sys.stderr.write(f"proxy: {error}\n")
        return 2
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    server = uvicorn.Server(configured(Application(settings), host=arguments.host, port=arguments.port))
    # The server raises the signal it was stopped by once more after it has ended in order.
    signal.signal(signal.SIGTERM, _already_stopped)
    signal.signal(signal.SIGINT, _already_stopped)
    settle_memory()
    server.run()
    return 0 if server.started else 1


def _already_stopped(number: int, frame: object) -> None:
    return


if __name__ == "__main__":
    sys.exit(main())
