"""Anthropic's Messages as they are streamed: blocks that begin, grow and stop."""

from collections.abc import Mapping, Sequence
from typing import Any

from guardrails.verdict import Place
from inference_proxy.plain_chunks import PlainChunks
from inference_proxy.texts import Slot, every_text
from inference_proxy.wires.events import (
    Aside,
    Channel,
    ChoiceEnds,
    Chunk,
    Echo,
    Event,
    Said,
    as_named_event,
    parapet,
)
from inference_proxy.wires.messages_blocks import (
    TECHNICAL_OF_BLOCKS,
    block_slots,
    content_slots,
    texts_besides,
)
from inference_proxy.wires.messages_hearing import MessagesHearing

_BEGINS = {"text": ("text_delta", "text"), "thinking": ("thinking_delta", "thinking")}
"""By the type of a block: what adds to its text, and under which key."""
_WITHOUT_TEXT = frozenset({"type", "index", "usage"})


class MessagesWire:
    """A stream of `message_*` and `content_block_*` events. Each block is a choice of its own."""

    keep_alive = as_named_event({"type": "ping"})
    repeats = False

    def __init__(self, *, is_json: bool = False) -> None:
        self.hearing = MessagesHearing()
        self.plain = PlainChunks()
        self._is_json = is_json
        self._has_begun = False
        self._usage: Chunk = {}
        self._open: list[int] = []

    def see(self, chunk: Chunk) -> None:
        """Remember what was used so far."""
        if chunk["type"] == "message_start" and isinstance(chunk["message"].get("usage"), dict):
            self._usage = chunk["message"]["usage"]

    def read(self, chunk: Chunk) -> Sequence[Event]:
        """Return what an event says: growing texts, their ends, and all that is said whole."""
        kind = chunk["type"]
        index = int(chunk.get("index") or 0)
        if kind == "content_block_delta":
            return self._delta(index, chunk["delta"])
        if kind == "content_block_start":
            return self._start(index, chunk["content_block"])
        if kind == "content_block_stop":
            return [ChoiceEnds(index)]
        if kind == "message_start":
            message = chunk["message"]
            return [
                Aside(
                    [
                        *content_slots(message, "content", "answer"),
                        *texts_besides(message, "answer", besides=frozenset({"content", "usage"})),
                    ]
                )
            ]
        if kind == "message_delta":
            delta = chunk["delta"]
            echo = [Slot(delta, "stop_sequence", "answer")] if delta.get("stop_sequence") else []
            others = [
                *texts_besides(delta, "answer", besides=frozenset({"stop_sequence", "stop_reason"})),
                *texts_besides(chunk, "answer", besides=_WITHOUT_TEXT | {"delta"}),
            ]
            return [ChoiceEnds(), Echo(echo), Aside(others)]
        if kind == "ping":
            return ()
        ends = [ChoiceEnds()] if kind in ("message_stop", "error") else []
        return [*ends, Aside(texts_besides(chunk, "answer", besides=_WITHOUT_TEXT))]

    def is_hidden(self, chunk: Chunk) -> bool:
        """Hide nothing."""
        return False

    def plain_channel(self, chunk: Chunk) -> Channel | None:
        """Return nothing: every event is parsed."""
        return None

    def passed(self, event: bytes, chunk: Chunk) -> bytes:
        """Return the event as it came."""
        self._note(chunk)
        return event

    def changed(self, chunk: Chunk) -> bytes:
        """Return the changed event, unless it would add nothing to a text."""
        delta = chunk.get("delta") if chunk["type"] == "content_block_delta" else None
        if delta is not None and not any(value for key, value in delta.items() if key != "type"):
            return b""
        self._note(chunk)
        return as_named_event(chunk)

    def saying(self, channel: Channel, text: str) -> bytes:
        """Return an event that adds some text to a block."""
        kind, _, key = channel.field.partition(".")
        delta = {"type": kind, key: text}
        return as_named_event({"type": "content_block_delta", "index": channel.choice, "delta": delta})

    def noting(self, channel: Channel, note: Any, chunk: Chunk) -> bytes:
        """Return the event as it came: what a message cites is placed in documents, not in its own text."""
        return as_named_event(chunk)

    def ending(self, said: Mapping[Channel, str], note: Mapping[str, str]) -> bytes:
        """Return the events that end a blocked answer the way Anthropic ends a refused one."""
        start: list[Chunk] = []
        if not self._has_begun:
            message: Chunk = {
                "id": "msg_blocked",
                "type": "message",
                "role": "assistant",
                "model": self.hearing.model or "unknown",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {"input_tokens": 0, "output_tokens": 0} | self._usage,
            }
            start.append({"type": "message_start", "message": message})
        stops = [{"type": "content_block_stop", "index": index} for index in self._open]
        usage = {"output_tokens": self._usage.get("output_tokens") or 0}
        delta: Chunk = {"stop_reason": "refusal", "stop_sequence": None}
        if note:
            delta["stop_details"] = {"type": "refusal", "category": None, "explanation": note.get("message")}
        ends: list[Chunk] = [
            {"type": "message_delta", "delta": delta, "usage": usage} | parapet(note),
            {"type": "message_stop"},
        ]
        return b"".join(as_named_event(each) for each in (*start, *stops, *ends))

    def _delta(self, index: int, delta: Chunk) -> Sequence[Event]:
        kind = str(delta["type"])
        if kind == "signature_delta":
            return ()
        place: Place = "answer"
        if kind == "input_json_delta":
            place = "tool_arguments"
        elif kind == "thinking_delta":
            place = "reasoning"
        events: list[Event] = []
        others: list[Slot] = []
        for key, value in delta.items():
            if isinstance(value, str) and key != "type":
                is_json = place == "tool_arguments" or (self._is_json and kind == "text_delta")
                events.append(Said(Channel(index, f"{kind}.{key}"), place, delta, key, is_json))
            elif isinstance(value, dict | list):
                others += every_text(value, "answer", technical=TECHNICAL_OF_BLOCKS)
        return [*events, Aside(others)] if others else events

    def _start(self, index: int, block: Chunk) -> Sequence[Event]:
        kind, key = _BEGINS.get(str(block.get("type")), ("", ""))
        if not kind or not isinstance(block.get(key), str):
            return [Aside(list(block_slots(block, "answer")))]
        place: Place = "reasoning" if kind == "thinking_delta" else "answer"
        is_json = self._is_json and kind == "text_delta"
        others = [
            each for each in block_slots(block, "answer") if each.key != key or each.container is not block
        ]
        said = Said(Channel(index, f"{kind}.{key}"), place, block, key, is_json)
        return [said, Aside(others)] if others else [said]

    def _note(self, chunk: Chunk) -> None:
        kind = chunk["type"]
        if kind == "message_start":
            self._has_begun = True
        elif kind == "content_block_start":
            self._open.append(int(chunk.get("index") or 0))
        elif kind == "content_block_stop" and int(chunk.get("index") or 0) in self._open:
            self._open.remove(int(chunk.get("index") or 0))
