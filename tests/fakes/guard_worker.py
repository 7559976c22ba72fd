"""A worker of the guard server that does what the texts tell it to: `python -m tests.fakes.guard_worker --control N`."""

import os
import signal
import socket
import sys
import time
from typing import Any

from guardrails.server.framing import read
from guardrails.server.nursery import have_workers
from guardrails.server.pieces import Piece, unpacked
from guardrails.server.worker import Mouth

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


def work(conversation: socket.socket) -> None:
    """Answer until told otherwise."""
    mouth = Mouth(conversation)
    mouth.say({"ready": True, "encoder": False})
    batches = conversation.makefile("rb")
    while (batch := read(batches)) is not None:
        _, pieces = unpacked(batch)
        number = batch["number"]
        for place, (piece, numbers) in enumerate(pieces):
            if "die" in piece.text:
                os._exit(1)
            if "stop" in piece.text:
                os.kill(os.getpid(), signal.SIGSTOP)
            if "babble" in piece.text:
                mouth.say("what?")
            if "mixed up" in piece.text:
                mouth.say(
                    {"number": number, "done": [[place, Piece("another text").mark, [{"findings": []}]]]}
                )
            if "slow" in piece.text:
                time.sleep(0.5)
            while "busy" in piece.text:
                time.sleep(0.05)
            said = LIES.get(piece.text, [{"findings": [], "pid": os.getpid()} for _ in numbers])
            mouth.say({"number": number, "done": [[place, piece.mark, said]]})
            if "late" in piece.text:
                mouth.say({"number": number, "done": [[place, piece.mark, said]]})


if __name__ == "__main__":
    have_workers(int(sys.argv[2]), work)
