"""Run the shipper: `python -m ingest.shipper`. With `--replay` it sends what is in quarantine once more."""

import argparse
import gc
import logging
import os
import signal
import sys
import threading

from ingest.shipper.quarantine import Quarantine
from ingest.shipper.settings import Settings, SettingsError, read_settings
from ingest.shipper.shipper import Shipper
from ingest.spool.homes import Lock, try_lock

GRACE_S = 6.0
log = logging.getLogger("ingest.shipper")


def main() -> int:
    """Read the settings and work until a signal."""
    parser = argparse.ArgumentParser(prog="python -m ingest.shipper", description=__doc__)
    parser.add_argument(
        "--replay", action="store_true", help="spool the records in quarantine again, then end"
    )
    arguments = parser.parse_args()
    try:
        settings = read_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if arguments.replay:
        log.info("%d records were spooled again", Quarantine(settings.spool_dir).replay())
        return 0
    return ship(settings)


def ship(settings: Settings) -> int:
    """Ship until SIGTERM or SIGINT; a second shipper on the same spool waits until the first has ended."""
    stop = threading.Event()

    def end(*_: object) -> None:
        stop.set()
        # An insert that hangs is as safe to leave as to finish: it is sent again under its token.
        timer = threading.Timer(GRACE_S, os._exit, args=(0,))
        timer.daemon = True
        timer.start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    settings.spool_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _lock(settings, stop)
    if lock is None:
        return 0
    log.info("shipping from %s", settings.spool_dir)
    # A batch is some hundred thousand objects that live until it is stored; looking among them for cycles finds none.
    gc.freeze()
    gc.set_threshold(1_000_000, 10, 10)
    try:
        Shipper(settings).run(stop)
    finally:
        lock.release()
    return 0


def _lock(settings: Settings, stop: threading.Event) -> Lock | None:
    has_said_so = False
    while not stop.is_set():
        lock = try_lock(settings.spool_dir / "shipper.lock")
        if lock is not None:
            return lock
        if not has_said_so:
            log.warning("another shipper works on %s; waiting for it to end", settings.spool_dir)
            has_said_so = True
        stop.wait(0.5)
    return None


if __name__ == "__main__":
    sys.exit(main())
