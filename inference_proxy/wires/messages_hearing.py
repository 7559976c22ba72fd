"""What a streamed message said, put together from its events."""

from collections.abc import Mapping
from typing import Any

import orjson

from guardrails.moves import Moves
from inference_proxy.relay import payloads
from inference_proxy.wires.events import Channel, Chunk
from inference_proxy.wires.kept import KeptTexts
from inference_proxy.wires.messages_blocks import as_message
from ingest.records import Message


class MessagesHearing:
    """Listens to a stream of `message_*` and `content_block_*` events."""

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._blocks: dict[int, Chunk] = {}
        self._kept = KeptTexts()
        self._used: Chunk = {}
        self._stop_reason = ""
        self.model = ""
        self.service_tier = ""
        self.error: dict[str, Any] | None = None
        self.is_done = False

    @property
    def usage(self) -> dict[str, Any] | None:
        """The tokens as a chat would report them: what came from a cache is a part of the input."""
        return inclusive(self._used) if self._used and self._stop_reason else None

    @property
    def characters(self) -> int:
        """How much text was heard, for estimates."""
        return self._kept.characters

    @property
    def finish_reason(self) -> str:
        """Why the message ended; empty while it has not."""
        return self._stop_reason

    @property
    def is_finished(self) -> bool:
        """True when the message said why it ended."""
        return self.is_done or bool(self._stop_reason)

    def hear(self, events: bytes) -> None:
        """Take note of whole events; they are read later."""
        self._pending.append(events)

    def catch_up(self) -> None:
        """Read everything heard so far."""
        pending, self._pending = b"".join(self._pending), []
        for payload in payloads(pending):
            try:
                chunk = orjson.loads(payload)
            except orjson.JSONDecodeError:
                continue
            if isinstance(chunk, dict):
                self.add(chunk)

    def count(self, chunk: Chunk) -> None:
        """Take in of an event what is no text: the usage, the model, the end."""
        kind = chunk.get("type")
        message = chunk.get("message") if kind == "message_start" else None
        if isinstance(message, dict):
            self.model = str(message.get("model") or self.model)
        usage = message.get("usage") if isinstance(message, dict) else chunk.get("usage")
        if isinstance(usage, dict):
            # Counts grow; what the end leaves out was said at the beginning.
            self._used |= {name: count for name, count in usage.items() if count is not None}
            self.service_tier = str(usage.get("service_tier") or self.service_tier)
        delta = chunk.get("delta")
        if kind == "message_delta" and isinstance(delta, dict):
            self._stop_reason = str(delta.get("stop_reason") or self._stop_reason)
        if kind == "message_stop":
            self.is_done = True

    def add(self, chunk: Chunk) -> None:
        """Take in one event."""
        try:
            self._add(chunk)
        except (AttributeError, TypeError, ValueError, KeyError):
            return  # an event of a shape nobody promised

    def say(self, channel: Channel, text: str) -> None:
        """Take in some more of one text."""
        self._kept.say(channel, text)

    def messages(
        self,
        instead: Mapping[Channel, str] | None = None,
        moves: Mapping[Channel, Moves | None] | None = None,
    ) -> list[Message]:
        """Return what was said as messages. `instead` replaces the text of channels; no note counts places in them."""
        blocks = {index: dict(block) for index, block in self._blocks.items()}
        for channel, text in self._kept.texts(instead).items():
            kind, _, key = channel.field.partition(".")
            block = blocks.setdefault(channel.choice, {"type": kind.removesuffix("_delta")})
            block["input" if kind == "input_json_delta" else key] = text
        return as_message("assistant", [block for _, block in sorted(blocks.items())]) if blocks else []

    def _add(self, chunk: Chunk) -> None:
        self.count(chunk)
        kind, index = chunk.get("type"), int(chunk.get("index") or 0)
        if kind == "error":
            error = chunk.get("error") or {}
            self.error = {
                "type": str(error.get("type") or "error"),
                "message": str(error.get("message") or ""),
            }
        elif kind == "content_block_start":
            self._blocks[index] = chunk["content_block"]
        elif kind == "content_block_delta":
            delta = chunk["delta"]
            for key, value in delta.items():
                if key not in ("type", "signature") and isinstance(value, str):
                    self.say(Channel(index, f"{delta['type']}.{key}"), value)
                elif key == "citation":
                    block = self._blocks.setdefault(index, {"type": "text"})
                    block["citations"] = [*(block.get("citations") or ()), value]


def inclusive(used: Mapping[str, Any]) -> dict[str, Any]:
    """Return Anthropic's counts, which leave the cache out of the input, as counts that do not."""
    read = used.get("cache_read_input_tokens") or 0
    written = used.get("cache_creation_input_tokens") or 0
    if (
        not isinstance(used.get("input_tokens"), int)
        or not isinstance(read, int)
        or not isinstance(written, int)
    ):
        return dict(used)
    return dict(used) | {
        "input_tokens": used["input_tokens"] + read + written,
        "input_tokens_details": {"cached_tokens": read, "cache_creation_tokens": written},
    }
