"""A worker of the guard server that does what the texts tell it to: `python -m tests.fakes.guard_worker`."""

import os
import sys
import time
from typing import Any

from guardrails.server.framing import frame, read
from guardrails.server.pieces import unpacked

LIES: dict[str, Any] = {
    "lie: more": [{"findings": []}, {"findings": []}],
    "lie: fewer": [],
    "lie: beyond": [{"findings": [{"entity": "X", "start": 0, "end": 10_000, "score": 1.0}]}],
    "lie: before": [{"findings": [{"entity": "X", "start": -1, "end": 2, "score": 1.0}]}],
    "lie: words": [{"findings": [{"entity": "X", "start": "0", "end": 2, "score": 1.0}]}],
    "lie: score": [{"findings": [{"entity": "X", "start": 0, "end": 2, "score": 7}]}],
    "lie: no score": [{"findings": [{"entity": "X", "start": 0, "end": 2, "score": None}]}],
    "lie: no list": [{"findings": "many"}],
    "lie: nothing": [{}],
}


def main() -> None:
    """Answer until told otherwise."""
    say({"ready": True, "encoder": False})
    while (batch := read(sys.stdin.buffer)) is not None:
        _, pieces = unpacked(batch)
        for place, (piece, numbers) in enumerate(pieces):
            if "die" in piece.text:
                os._exit(1)
            if "hang" in piece.text:
                time.sleep(60)
            if "babble" in piece.text:
                say("what?")
            while "busy" in piece.text:
                time.sleep(0.05)
                say({"alive": True})
            said = LIES.get(piece.text, [{"findings": [], "pid": os.getpid()} for _ in numbers])
            say({"done": [[place, said]]})


def say(message: Any) -> None:
    sys.stdout.buffer.write(frame(message))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
