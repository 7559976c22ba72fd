"""Anthropic's Messages: blocks in, blocks out."""

from collections.abc import Iterator
from typing import Any

from guardrails.verdict import Place
from inference_proxy.endpoints.base import Body, expect, parameter_slots, wrong_type
from inference_proxy.endpoints.turns import checked_messages, end_of_history
from inference_proxy.texts import Slot
from inference_proxy.wires.messages import MessagesWire
from inference_proxy.wires.messages_blocks import as_message, content_slots, texts_besides
from ingest.records import Message, SpanKind

_OF_MESSAGES = frozenset({"content", "role"})


class Messages:
    """POST /v1/messages"""

    path = "/messages"
    kind: SpanKind = "llm"
    name = "message"

    def check(self, body: Body) -> None:
        """Raise RequestError when the messages are not messages."""
        for at, message in checked_messages(body):
            if not isinstance(message.get("content"), str | list):
                raise wrong_type(f"{at}.content", "a string or an array of objects", message.get("content"))
        expect(body, "system", (str, list), "a string or an array of objects")
        expect(body, "tools", list, "an array of objects")

    def request_slots(self, body: Body) -> list[Slot]:
        """Return the texts of the system prompt, of all messages and of all other parameters."""
        slots: list[Slot] = list(content_slots(body, "system", "system"))
        messages = body["messages"]
        newest = end_of_history(messages)
        for index, message in enumerate(messages):
            slots += _message_slots(message, is_history=index < newest)
        slots += parameter_slots(body, besides="messages", nor=frozenset({"system"}))
        return slots

    def unscannable(self, body: Body) -> str:
        """Return nothing: all text in blocks can be read."""
        return ""

    def input_messages(self, body: Body) -> list[Message]:
        """Return the system prompt and the messages as those of a span."""
        messages = as_message("system", body["system"]) if body.get("system") else []
        for message in body["messages"]:
            messages += as_message(str(message.get("role")), message.get("content"))
        return messages

    def answer_slots(self, answer: Body) -> list[Slot]:
        """Return the texts of all blocks, and of fields nobody knows."""
        besides = frozenset({"content", "usage", "stop_sequence", "stop_reason"})
        return [
            *content_slots(answer, "content", "answer"),
            *texts_besides(answer, "answer", besides=besides),
        ]

    def echo_slots(self, answer: Body) -> list[Slot]:
        """Return the sequence that stopped the answer: the caller sent it."""
        return (
            [Slot(answer, "stop_sequence", "answer")] if isinstance(answer.get("stop_sequence"), str) else []
        )

    def output_messages(self, answer: Body) -> list[Message]:
        """Return what was answered as messages of a span."""
        return as_message("assistant", answer.get("content"))

    def wire(self, body: Body, *, hides_usage: bool) -> MessagesWire:
        """Return how the answer is streamed, and whether it is JSON."""
        config = body.get("output_config")
        form: Any = body.get("output_format") or (config.get("format") if isinstance(config, dict) else None)
        return MessagesWire(is_json=isinstance(form, dict) and form.get("type") == "json_schema")


def _message_slots(message: Message, *, is_history: bool) -> Iterator[Slot]:
    place: Place = "history" if is_history or message["role"] == "assistant" else "user"
    if message["role"] == "system":
        place = "system"
    yield from content_slots(message, "content", place)
    yield from texts_besides(message, place, besides=_OF_MESSAGES)
