"""Shippers that are killed at work, one after the other.

    python -m tests.fakes.killed_shippers SPOOL URL LIVES LONGEST_S

Each life is a fork, so that none spends its time on imports. The last one is not killed: it ships what is left.
"""

import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

from ingest.shipper.__main__ import ship
from ingest.shipper.settings import Settings
from ingest.shipper.shipper import Shipper


def main(spool: Path, url: str, lives: int, longest_s: float) -> None:
    """Start shippers and kill each after a moment."""
    settings = Settings(
        spool_dir=spool,
        clickhouse_url=url,
        batch_records=50,
        poll_s=0.01,
        first_pause_s=0.02,
        longest_pause_s=0.2,
        reserve_bytes=0,
    )
    chance = random.Random(11)
    for _ in range(lives):
        child = os.fork()
        if child == 0:
            os._exit(ship(settings))
        time.sleep(chance.uniform(0.02, longest_s))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    shipper = Shipper(settings)
    quiet = threading.Event()
    while shipper.step() or shipper.is_behind:
        quiet.wait(0.005)
    shipper.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
