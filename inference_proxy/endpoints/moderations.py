"""Moderations."""

from collections.abc import Iterator

from inference_proxy.endpoints.base import (
    Body,
    missing,
    parameter_slots,
    prompt_messages,
    prompt_slots,
    wrong_type,
)
from inference_proxy.errors import invalid
from inference_proxy.house import MODERATION
from inference_proxy.texts import Slot, every_text
from inference_proxy.wires.chat import ChatWire
from ingest.records import Message, SpanKind


class Moderations:
    """POST /v1/moderations"""

    path = "/moderations"
    kind: SpanKind = "guardrail"
    name = "moderation"
    otherwise = MODERATION
    """Who answers when no model is named, when it has no route, and when no upstream does."""

    def check(self, body: Body) -> None:
        """Raise RequestError when there is nothing to judge."""
        value = body.get("input")
        if value is None:
            raise missing("input")
        if not isinstance(value, str | list):
            raise wrong_type("input", "a string or an array", value)
        if not value:
            raise invalid("'input' must not be empty.", param="input", code="empty_array")
        if body.get("stream"):
            raise invalid("Moderations cannot be streamed.", param="stream")

    def request_slots(self, body: Body) -> list[Slot]:
        """Return the texts to judge and those of all other parameters."""
        return [*prompt_slots(body, "input"), *_parts(body), *parameter_slots(body, besides="input")]

    def unscannable(self, body: Body) -> str:
        """Return nothing: all text can be read."""
        return ""

    def input_messages(self, body: Body) -> list[Message]:
        """Return each text as a message."""
        value = body["input"]
        if isinstance(value, list) and any(isinstance(item, dict) for item in value):
            return [{"role": "input", "content": value}]
        return prompt_messages(value)

    def answer_slots(self, answer: Body) -> list[Slot]:
        """Return nothing: scores are no text."""
        return []

    def echo_slots(self, answer: Body) -> list[Slot]:
        """Return nothing: the request is not repeated."""
        return []

    def output_messages(self, answer: Body) -> list[Message]:
        """Return nothing: scores are not kept."""
        return []

    def wire(self, body: Body, *, hides_usage: bool) -> ChatWire:
        """Return what would read a stream; scores do not come in one."""
        return ChatWire(hides_usage=hides_usage)


def _parts(body: Body) -> Iterator[Slot]:
    value = body.get("input")
    for item in value if isinstance(value, list) else ():
        if not isinstance(item, str):
            yield from every_text(item, "user")
