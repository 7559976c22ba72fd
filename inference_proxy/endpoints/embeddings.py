"""Embeddings."""

from inference_proxy.endpoints.base import (
    Body,
    has_tokens,
    missing,
    parameter_slots,
    prompt_messages,
    prompt_slots,
    wrong_type,
)
from inference_proxy.errors import invalid
from inference_proxy.texts import Slot
from inference_proxy.wires.chat import ChatWire
from ingest.records import Message, SpanKind


class Embeddings:
    """POST /v1/embeddings"""

    path = "/embeddings"
    kind: SpanKind = "embedding"
    name = "embeddings"

    def check(self, body: Body) -> None:
        """Raise RequestError when there is nothing to embed."""
        value = body.get("input")
        if value is None:
            raise missing("input")
        if not isinstance(value, str | list):
            raise wrong_type("input", "a string or an array", value)
        if not value:
            raise invalid("'input' must not be empty.", param="input", code="empty_array")
        if body.get("stream"):
            raise invalid("Embeddings cannot be streamed.", param="stream")

    def request_slots(self, body: Body) -> list[Slot]:
        """Return the texts to embed and those of all other parameters."""
        return [*prompt_slots(body, "input"), *parameter_slots(body, besides="input")]

    def unscannable(self, body: Body) -> str:
        """Name the input when it is given as tokens."""
        return "input" if has_tokens(body["input"]) else ""

    def input_messages(self, body: Body) -> list[Message]:
        """Return each text as a message."""
        return prompt_messages(body["input"])

    def answer_slots(self, answer: Body) -> list[Slot]:
        """Return nothing: vectors are no text."""
        return []

    def echo_slots(self, answer: Body) -> list[Slot]:
        """Return nothing: the request is not repeated."""
        return []

    def output_messages(self, answer: Body) -> list[Message]:
        """Return nothing: vectors are not kept."""
        return []

    def wire(self, body: Body, *, hides_usage: bool) -> ChatWire:
        """Return what would read a stream; vectors do not come in one."""
        return ChatWire(hides_usage=hides_usage)
