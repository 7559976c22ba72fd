"""A process that runs detectors: takes batches from the server and says what they hold.

It ends when the server does, whatever it is doing then.
"""

import os
import socket
import threading
from typing import TYPE_CHECKING, Any

from guardrails.server.framing import frame, read
from guardrails.server.pieces import Piece, asked, unpacked

if TYPE_CHECKING:
    from guardrails.server.detectors import Detectors

SELF_TEST = "Write to jane.doe@example.com or pay with 4111 1111 1111 1111."
HEARTBEAT_S = 0.4
_EXPECTED = ["EMAIL_ADDRESS", "CREDIT_CARD"]


def work(detectors: "Detectors", conversation: socket.socket, *, is_loaded: bool) -> None:
    """Say that the detectors are ready and work, then answer batches."""
    mouth = Mouth(conversation)
    if not is_loaded:
        detectors.load()
    test(detectors)
    mouth.say({"ready": True, "encoder": detectors.reader.is_loaded})
    batches = conversation.makefile("rb")
    while (batch := read(batches)) is not None:
        guards, pieces = unpacked(batch)
        for answers in detectors.look(guards, pieces):
            done = [(place, pieces[place][0].mark, said) for place, said in answers]
            mouth.say({"number": batch["number"], "done": done})


def test(detectors: "Detectors") -> None:
    """See to it that detectors find what they must; the first time, they are built for it. Raises SystemExit."""
    ((_, (answer,)),) = next(iter(detectors.look([asked("pii", {})], [(Piece(SELF_TEST), [0])])))
    found = [each["entity"] for each in answer.get("findings", ())]
    if found != _EXPECTED:
        raise SystemExit(f"the recognizers found {found} in a text that holds {_EXPECTED}")


class Mouth:
    """Speaks to the server, and be it only to say that the process lives."""

    def __init__(self, conversation: socket.socket) -> None:
        self._conversation = conversation
        self._lock = threading.Lock()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def say(self, message: Any) -> None:
        """Send a message. Raises OSError when nobody hears it any more."""
        data = frame(message)
        with self._lock:
            self._conversation.sendall(data)

    def _beat(self) -> None:
        never = threading.Event()
        while not never.wait(HEARTBEAT_S):
            try:
                self.say({"alive": True})
            except OSError:
                # The server is gone. What the other thread may be stuck in nobody waits for.
                os._exit(1)
