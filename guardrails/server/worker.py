"""A process that runs detectors: reads batches from its standard input, writes what they say to its standard output.

It ends when its input does, so that it never outlives the server.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

from guardrails.encoder import WEIGHTS
from guardrails.server.detectors import Detectors
from guardrails.server.framing import frame, read
from guardrails.server.models import local_models
from guardrails.server.pieces import Piece, asked, unpacked

SELF_TEST = "Write to jane.doe@example.com or pay with 4111 1111 1111 1111."
HEARTBEAT_S = 0.25
_EXPECTED = ["EMAIL_ADDRESS", "CREDIT_CARD"]
_log = logging.getLogger(__name__)


def main() -> None:
    """Say that the detectors are ready and work, then answer batches."""
    parser = argparse.ArgumentParser(prog="python -m guardrails.server.worker")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    batches = sys.stdin.buffer
    # Whatever a library prints must not end up between two answers.
    mouth = _Mouth(os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    detectors = Detectors(
        weights=arguments.weights,
        models=local_models(arguments.models) if arguments.models else {},
        threads=arguments.threads,
        device=arguments.device,
    )
    detectors.load()
    _test(detectors)
    mouth.say({"ready": True, "encoder": detectors.reader.is_loaded})
    while (batch := read(batches)) is not None:
        guards, pieces = unpacked(batch)
        mouth.is_busy.set()
        for done in detectors.look(guards, pieces):
            mouth.say({"done": done})
        mouth.is_busy.clear()


def _test(detectors: Detectors) -> None:
    ((_, (answer,)),) = next(iter(detectors.look([asked("pii", {})], [(Piece(SELF_TEST), [0])])))
    found = [each["entity"] for each in answer.get("findings", ())]
    if found != _EXPECTED:
        raise SystemExit(f"the recognizers found {found} in a text that holds {_EXPECTED}")


class _Mouth:
    """Speaks to the server; while there is work to do also just to say that the process lives."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()
        self.is_busy = threading.Event()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def say(self, message: Any) -> None:
        data = memoryview(frame(message))
        with self._lock:
            while data:
                data = data[self._pipe.write(data) or 0 :]

    def _beat(self) -> None:
        never = threading.Event()
        while self.is_busy.wait():
            if not never.wait(HEARTBEAT_S) and self.is_busy.is_set():
                try:
                    self.say({"alive": True})
                except OSError:
                    return


if __name__ == "__main__":
    main()
