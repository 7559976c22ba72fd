"""What the server and its workers hand each other: guards, the texts they look at, and what they say."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

CHARACTERS_PER_TOKEN = 4
TOKENS_AROUND = 8
"""What even an empty text costs."""


class Asked(NamedTuple):
    """A guard as it is asked for: its kind, and its parameters as JSON with sorted keys."""

    kind: str
    parameters: bytes

    @property
    def values(self) -> Mapping[str, Any]:
        """The parameters."""
        values: Mapping[str, Any] = orjson.loads(self.parameters)
        return values


class Piece(NamedTuple):
    """A text to look at, and what stands beside it."""

    text: str
    task: str = ""
    """What the user asked for, when somebody else says the text."""
    context: str = ""
    """What the text should rest on."""

    @property
    def cost(self) -> int:
        """About how many tokens there are to read."""
        characters = len(self.text) + len(self.task) + len(self.context)
        return TOKENS_AROUND + characters // CHARACTERS_PER_TOKEN

    @property
    def mark(self) -> int:
        """By which an answer says what it is about, so that none is taken for the answer to another text."""
        return zlib.crc32("\0".join(self).encode())


Answer = Mapping[str, Any]
"""What one guard says of one piece: `findings`, something else that was asked for, or `error` with a name and a sentence."""


def asked(kind: str, parameters: Mapping[str, Any]) -> Asked:
    """Write down which guard is asked."""
    return Asked(kind, orjson.dumps(dict(parameters), option=orjson.OPT_SORT_KEYS))


def failed(kind: str, message: str) -> Answer:
    """Say that a guard has no verdict, and why."""
    return {"error": {"type": kind, "message": message}}


def packed(guards: Sequence[Asked], pieces: Sequence[tuple[Piece, Sequence[int]]]) -> Mapping[str, Any]:
    """Return a batch as it goes through the pipe: the guards, and each piece with the numbers of those that look at it."""
    return {
        "guards": [[guard.kind, guard.parameters.decode()] for guard in guards],
        "pieces": [[*piece, list(numbers)] for piece, numbers in pieces],
    }


def unpacked(batch: Mapping[str, Any]) -> tuple[list[Asked], list[tuple[Piece, list[int]]]]:
    """Read a batch back."""
    guards = [Asked(kind, parameters.encode()) for kind, parameters in batch["guards"]]
    pieces = [(Piece(*piece), numbers) for *piece, numbers in batch["pieces"]]
    return guards, pieces
