"""Moderations."""

from collections.abc import Iterator

from inference_proxy.endpoints.base import Body, parameter_slots, prompt_messages, prompt_slots
from inference_proxy.endpoints.inputs import NumbersFromInput
from inference_proxy.house import MODERATION
from inference_proxy.texts import Slot, every_text
from ingest.records import Message, SpanKind


class Moderations(NumbersFromInput):
    """POST /v1/moderations"""

    path = "/moderations"
    kind: SpanKind = "guardrail"
    name = "moderation"
    plural = "Moderations"
    otherwise = MODERATION
    """Who answers when no model is named, when it has no route, and when no upstream does."""

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


def _parts(body: Body) -> Iterator[Slot]:
    value = body.get("input")
    for item in value if isinstance(value, list) else ():
        if not isinstance(item, str):
            yield from every_text(item, "user")
