"""What a streamed answer said, put together from its chunks after they were passed on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from guardrails.moves import Moves
from inference_proxy.plain_chunks import PlainChunks
from inference_proxy.relay import DONE, payloads
from inference_proxy.wires.annotations import moved_notes
from inference_proxy.wires.events import Channel
from inference_proxy.wires.kept import KeptTexts
from ingest.records import Message

GATHER_BYTES = 128 * 1024
"""Chunks are kept as bytes until there are this many, then read in one go."""

TEXT_FIELDS = ("content", "refusal", "reasoning_content", "reasoning")
"""Fields of a delta that carry text and grow from chunk to chunk."""


@dataclass(slots=True)
class _Choice:
    role: str = "assistant"
    tools: dict[int, dict[str, Any]] = field(default_factory=dict)
    function_name: str = ""
    audio_id: str = ""
    annotations: list[Any] = field(default_factory=list)
    finish_reason: str = ""


class Transcript:
    """Listens to a stream. Whatever it cannot understand it leaves out; it never fails."""

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._choices: dict[int, _Choice] = {}
        self._kept = KeptTexts()
        self._plain = PlainChunks()
        self._plain_channel = Channel(0, "content")
        self.model = ""
        self.service_tier = ""
        self.usage: dict[str, Any] | None = None
        self.error: dict[str, Any] | None = None
        self.is_done = False
        """True once the stream said [DONE]."""

    def hear(self, events: bytes) -> None:
        """Take note of whole events; they are read later."""
        self._pending.append(events)
        self._pending_bytes += len(events)
        if self._pending_bytes >= GATHER_BYTES:
            self.catch_up()

    def catch_up(self) -> None:
        """Read everything heard so far."""
        pending, self._pending, self._pending_bytes = b"".join(self._pending), [], 0
        plain = self._plain
        if b"\r" in pending:
            self._read_each(pending)
            return
        for event in pending.split(b"\n\n"):
            if not plain.take(event) and event:
                self._drain_plain()
                self._read_each(event)
        self._drain_plain()

    def _read_each(self, events: bytes) -> None:
        for payload in payloads(events):
            if payload == DONE:
                self.is_done = True
                continue
            try:
                chunk = orjson.loads(payload)
            except orjson.JSONDecodeError:
                continue
            if isinstance(chunk, dict):
                self.add(chunk)
                if says_content_only(chunk):
                    self._plain_channel = Channel(chunk["choices"][0].get("index") or 0, "content")
                    self._plain.learn(events)

    def _drain_plain(self) -> None:
        texts, unread = self._plain.drain()
        if texts:
            self.say(self._plain_channel, "".join(texts))
        for event in unread:
            self._read_each(event)

    def add(self, chunk: dict[str, Any]) -> None:
        """Take in one chunk."""
        try:
            self._add(chunk)
        except (AttributeError, TypeError, ValueError, KeyError):
            return  # a chunk of a shape nobody promised

    @property
    def characters(self) -> int:
        """How much text was heard, for estimates."""
        return self._kept.characters

    @property
    def finish_reason(self) -> str:
        """Why the first choice ended; empty while it has not."""
        return self._choices[min(self._choices)].finish_reason if self._choices else ""

    @property
    def is_finished(self) -> bool:
        """True when the stream said all it had to say."""
        return self.is_done or (
            bool(self._choices) and all(choice.finish_reason for choice in self._choices.values())
        )

    def messages(
        self,
        instead: Mapping[Channel, str] | None = None,
        moves: Mapping[Channel, Moves | None] | None = None,
    ) -> list[Message]:
        """Return the answer's messages, one for each choice. `instead` replaces the text of channels.

        `moves` says where the places of that text are then.
        """
        texts = self._kept.texts(instead)
        return [self._message(index, texts, moves or {}) for index in sorted(self._choices)]

    def count(self, chunk: dict[str, Any]) -> None:
        """Take in of a chunk what is no text: the usage, the model."""
        if not self.model:
            self.model = str(chunk.get("model") or "")
        if chunk.get("service_tier"):
            self.service_tier = str(chunk["service_tier"])
        if chunk.get("usage"):
            self.usage = chunk["usage"]

    def _add(self, chunk: dict[str, Any]) -> None:
        self.count(chunk)
        if chunk.get("error"):
            error = chunk["error"]
            self.error = error if isinstance(error, dict) else {"message": str(error)}
        for raw in chunk.get("choices") or ():
            index = int(raw.get("index") or 0)
            choice = self._choices.get(index)
            if choice is None:
                choice = self._choices[index] = _Choice()
            if raw.get("finish_reason"):
                choice.finish_reason = str(raw["finish_reason"])
            if isinstance(raw.get("text"), str):
                self.say(Channel(index, "content"), raw["text"])
            delta = raw.get("delta")
            if delta:
                self._add_delta(index, choice, delta)

    def _add_delta(self, index: int, choice: _Choice, delta: dict[str, Any]) -> None:
        for name, value in delta.items():
            if name in TEXT_FIELDS:
                if value:
                    self.say(Channel(index, name), str(value))
            elif name == "role":
                choice.role = str(value or choice.role)
            elif name == "tool_calls":
                for position, call in enumerate(value or ()):
                    self._add_tool(index, choice, position, call)
            elif name == "function_call" and value:
                choice.function_name += str(value.get("name") or "")
                self.say(Channel(index, "function_call"), str(value.get("arguments") or ""))
            elif name == "audio" and value:
                choice.audio_id = str(value.get("id") or choice.audio_id)
                self.say(Channel(index, "audio"), str(value.get("transcript") or ""))
            elif name == "annotations" and isinstance(value, list):
                choice.annotations += value

    def _add_tool(self, index: int, choice: _Choice, position: int, call: dict[str, Any]) -> None:
        number = int(call.get("index", position))
        tool = choice.tools.setdefault(number, {"id": "", "type": "function", "name": ""})
        tool["id"] = call.get("id") or tool["id"]
        tool["type"] = call.get("type") or tool["type"]
        custom = call.get("custom")
        body = custom or call.get("function") or {}
        tool["name"] = body.get("name") or tool["name"]
        if custom:
            self.say(Channel(index, "custom", number), str(custom.get("input") or ""))
        else:
            self.say(Channel(index, "tool_calls", number), str(body.get("arguments") or ""))

    def say(self, channel: Channel, text: str) -> None:
        """Take in some more of one text, up to a length."""
        self._kept.say(channel, text)

    def _message(
        self, index: int, texts: Mapping[Channel, str], moves: Mapping[Channel, Moves | None]
    ) -> Message:
        choice = self._choices[index]
        message: Message = {"role": choice.role, "content": texts.get(Channel(index, "content")) or None}
        for name in TEXT_FIELDS[1:]:
            text = texts.get(Channel(index, name))
            if text:
                message[name] = text
        if choice.tools:
            message["tool_calls"] = [
                _tool_call(index, number, tool, texts) for number, tool in sorted(choice.tools.items())
            ]
        if choice.function_name:
            arguments = texts.get(Channel(index, "function_call"), "")
            message["function_call"] = {"name": choice.function_name, "arguments": arguments}
        transcript = texts.get(Channel(index, "audio"))
        if choice.audio_id or transcript:
            message["audio"] = {"id": choice.audio_id, "transcript": transcript or ""}
        if choice.annotations:
            message["annotations"] = moved_notes(
                choice.annotations, moves.get(Channel(index, "content"), Moves())
            )
        return message


def says_content_only(chunk: dict[str, Any]) -> bool:
    """True for a chunk of one choice that adds some content to it and says nothing else."""
    choices = chunk.get("choices")
    if not isinstance(choices, list) or len(choices) != 1 or chunk.get("usage") or chunk.get("error"):
        return False
    choice = choices[0]
    return (
        isinstance(choice, dict)
        and not choice.get("finish_reason")
        and isinstance(choice.get("index") or 0, int)
        and isinstance(choice.get("delta"), dict)
        and list(choice["delta"]) == ["content"]
        and isinstance(choice["delta"]["content"], str)
    )


def _tool_call(index: int, number: int, tool: dict[str, Any], texts: Mapping[Channel, str]) -> dict[str, Any]:
    if tool["type"] == "custom":
        body = {"name": tool["name"], "input": texts.get(Channel(index, "custom", number), "")}
        return {"id": tool["id"], "type": "custom", "custom": body}
    arguments = texts.get(Channel(index, "tool_calls", number), "")
    return {
        "id": tool["id"],
        "type": tool["type"],
        "function": {"name": tool["name"], "arguments": arguments},
    }
