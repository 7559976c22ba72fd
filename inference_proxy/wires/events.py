"""What a streamed answer says, whatever protocol says it, and what a protocol must know to be guarded."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import orjson

from guardrails.moves import Moves
from guardrails.verdict import Place
from inference_proxy.plain_chunks import PlainChunks
from inference_proxy.texts import Slot
from ingest.records import Message

Chunk = dict[str, Any]
"""One event's payload, parsed. What it says is changed in place."""


class Channel(NamedTuple):
    """One growing text of an answer: a field of a choice or of an output item, or the arguments of a tool call."""

    choice: int
    field: str
    tool: int = 0


class Said(NamedTuple):
    """Some more of a text that grows."""

    channel: Channel
    place: Place
    container: Any
    key: Any
    is_json: bool = False
    is_last: bool = False
    """Nothing follows in this channel: what was held back goes out with it."""


class Aside(NamedTuple):
    """Texts that are whole as they stand: titles, names, copies of what was said, fields nobody knows."""

    slots: Sequence[Slot]


class Noted(NamedTuple):
    """Notes about stretches of a text that grows. They go out once the text before their places has."""

    channel: Channel
    container: Any
    key: Any


class Echo(NamedTuple):
    """Texts of the request that an answer repeats: no guard looks at them again, and placeholders are turned back."""

    slots: Sequence[Slot]


class ChannelEnds(NamedTuple):
    """Nothing follows in a channel: what was held back goes out before this."""

    channel: Channel


class ChoiceEnds(NamedTuple):
    """Nothing follows in the channels of a choice; of any choice where it is None."""

    choice: int | None = None


Event = Said | Aside | Noted | Echo | ChannelEnds | ChoiceEnds
"""A chunk of which nothing is an event, such as a ping, passes as it came."""


class Hearing(Protocol):
    """Takes down what an answer said, for its record. Whatever it cannot understand it leaves out; it never fails."""

    is_done: bool
    """True once the stream said that it is over."""

    @property
    def model(self) -> str:
        """Who answered; empty while that was not said."""

    @property
    def service_tier(self) -> str:
        """How it was served; empty while that was not said."""

    @property
    def usage(self) -> dict[str, Any] | None:
        """The tokens as they were reported; None while they were not."""

    @property
    def error(self) -> dict[str, Any] | None:
        """What went wrong; None when nothing did."""

    def hear(self, events: bytes) -> None:
        """Take note of whole events that no guard looks at; they are read later."""

    def catch_up(self) -> None:
        """Read everything heard so far."""

    def add(self, chunk: Chunk) -> None:
        """Take in one chunk."""

    def count(self, chunk: Chunk) -> None:
        """Take in of a chunk what is no text: the usage, the model. It may be taken in again with the rest."""

    def say(self, channel: Channel, text: str) -> None:
        """Take in some more of one text."""

    @property
    def characters(self) -> int:
        """How much text was heard, for estimates."""

    @property
    def finish_reason(self) -> str:
        """Why the first choice ended; empty while it has not."""

    @property
    def is_finished(self) -> bool:
        """True when the stream said all it had to say."""

    def messages(
        self,
        instead: Mapping[Channel, str] | None = None,
        moves: Mapping[Channel, Moves | None] | None = None,
    ) -> list[Message]:
        """Return the answer's messages. `instead` replaces the text of channels, and `moves` says where its places are then."""


class Wire(Protocol):
    """One answer in one protocol: how its chunks are read into events, and how changed ones are written.

    A wire sees every chunk of one stream in order: `see` before the guards, `passed` or `changed` after them.
    """

    plain: PlainChunks
    """Knows the many chunks that differ in nothing but a few words; it learns none where there is no such thing."""
    keep_alive: bytes
    """What says that the stream is alive, and nothing else."""
    repeats: bool
    """True where an answer says again as a whole what it has said in pieces."""

    @property
    def hearing(self) -> Hearing:
        """Who takes down what is said."""

    def see(self, chunk: Chunk) -> None:
        """Take note of how the stream is built, not of what it says."""

    def read(self, chunk: Chunk) -> Sequence[Event]:
        """Return what a chunk says, in the order in which it is to be guarded. Raises for a shape nobody promised."""

    def is_hidden(self, chunk: Chunk) -> bool:
        """True for a chunk that the caller did not ask for."""

    def plain_channel(self, chunk: Chunk) -> Channel | None:
        """Return the channel of a chunk that says some words in it and nothing else; None for any other."""

    def passed(self, event: bytes, chunk: Chunk) -> bytes:
        """Return an event that no guard changed."""

    def changed(self, chunk: Chunk) -> bytes:
        """Return the event of a chunk that was changed; empty when all it had to say is held back."""

    def saying(self, channel: Channel, text: str) -> bytes:
        """Return an event of our own that says some more in a channel."""

    def noting(self, channel: Channel, note: Any, chunk: Chunk) -> bytes:
        """Return an event of our own for a note that came with a chunk and had to wait."""

    def ending(self, said: Mapping[Channel, str], note: Mapping[str, str]) -> bytes:
        """Return what ends an answer that a guard has stopped, after all that went out in its channels.

        `note` says why: it stands under `parapet`, which clients pass over, and where the protocol has a word for it.
        """


def parapet(note: Mapping[str, str]) -> Chunk:
    """Return the field in which an event says why an answer was stopped; none when there is nothing to say."""
    return {"parapet": dict(note)} if note else {}


def as_event(value: object) -> bytes:
    """Return a server-sent event without a name."""
    return b"data: " + orjson.dumps(value) + b"\n\n"


def as_named_event(value: Chunk) -> bytes:
    """Return a server-sent event that is named after its type."""
    return b"event: %b\ndata: %b\n\n" % (str(value.get("type", "message")).encode(), orjson.dumps(value))


def forget_log_probabilities(chunk: Chunk) -> None:
    """Take out the probabilities of tokens, wherever they stand: they spell out what was changed."""
    stack: list[Any] = [chunk]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack += value
            continue
        if not isinstance(value, dict):
            continue
        for key, item in value.items():
            if key == "logprobs" and item:
                value[key] = [] if isinstance(item, list) else None
            elif isinstance(item, dict | list):
                stack.append(item)
