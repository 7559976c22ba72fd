"""What a streamed response said, put together from its events."""

from collections.abc import Mapping
from typing import Any

import orjson

from guardrails.moves import Moves
from inference_proxy.relay import payloads
from inference_proxy.wires.events import Channel, Chunk
from inference_proxy.wires.kept import KeptTexts
from inference_proxy.wires.responses_items import as_messages
from ingest.records import Message

_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
_TEXTS = {
    "output_text": ("content", "text"),
    "refusal": ("content", "refusal"),
    "reasoning_text": ("content", "text"),
    "reasoning_summary_text": ("summary", "text"),
}
_CALLS = {
    "function_call_arguments": "arguments",
    "mcp_call_arguments": "arguments",
    "custom_tool_call_input": "input",
    "code_interpreter_call_code": "code",
}


class ResponsesHearing:
    """Listens to a stream of `response.*` events."""

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._items: dict[int, Chunk] = {}
        self._kept = KeptTexts()
        self._status = ""
        self.model = ""
        self.service_tier = ""
        self.usage: dict[str, Any] | None = None
        self.error: dict[str, Any] | None = None
        self.is_done = False

    @property
    def characters(self) -> int:
        """How much text was heard, for estimates."""
        return self._kept.characters

    @property
    def finish_reason(self) -> str:
        """How the response ended, or why it did not."""
        return self._status

    @property
    def is_finished(self) -> bool:
        """True when the response came to its end, whichever that is."""
        return self.is_done

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
        response = chunk.get("response")
        if not isinstance(response, dict):
            return
        self.model = str(response.get("model") or self.model)
        self.service_tier = str(response.get("service_tier") or self.service_tier)
        if isinstance(response.get("usage"), dict):
            self.usage = response["usage"]
        if chunk.get("type") in _ENDS:
            self.is_done = True
            details = response.get("incomplete_details")
            reason = details.get("reason") if isinstance(details, dict) else None
            self._status = str(reason or response.get("status") or "")

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
        """Return what was said as messages. `instead` replaces the text of channels; notes in the items have moved already."""
        items = {index: dict(item) for index, item in self._items.items()}
        for channel, text in sorted(self._kept.texts(instead).items()):
            item = items.setdefault(channel.choice, {"type": "message", "role": "assistant"})
            name = channel.field
            if name in _CALLS:
                item[_CALLS[name]] = text
            elif name in _TEXTS:
                into, key = _TEXTS[name]
                parts = item[into] = list(item.get(into) or ())
                position = min(channel.tool, len(parts))
                there = parts[position] if position < len(parts) and isinstance(parts[position], dict) else {}
                parts[position : position + 1] = [there | {"type": there.get("type", name), key: text}]
        return as_messages([item for _, item in sorted(items.items())])

    def _add(self, chunk: Chunk) -> None:
        self.count(chunk)
        kind, index = str(chunk.get("type")), int(chunk.get("output_index") or 0)
        response = chunk.get("response")
        error = chunk if kind == "error" else response.get("error") if isinstance(response, dict) else None
        if isinstance(error, dict):
            self.error = {
                "type": str(error.get("code") or "error"),
                "message": str(error.get("message") or ""),
            }
        if isinstance(response, dict) and chunk.get("type") in _ENDS:
            self._items |= {
                number: item
                for number, item in enumerate(response.get("output") or ())
                if isinstance(item, dict)
            }
        elif isinstance(chunk.get("item"), dict):
            self._items[index] = chunk["item"]
        elif kind.endswith(".delta") and isinstance(chunk.get("delta"), str):
            name = kind.removeprefix("response.").removesuffix(".delta")
            position = int(chunk.get("content_index") or chunk.get("summary_index") or 0)
            self.say(Channel(index, name, position), chunk["delta"])
