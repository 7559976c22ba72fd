"""Embeddings."""

from inference_proxy.endpoints.base import Body, has_tokens, parameter_slots, prompt_messages, prompt_slots
from inference_proxy.endpoints.inputs import NumbersFromInput
from inference_proxy.texts import Slot
from ingest.records import Message, SpanKind


class Embeddings(NumbersFromInput):
    """POST /v1/embeddings"""

    path = "/embeddings"
    kind: SpanKind = "embedding"
    name = "embeddings"
    plural = "Embeddings"

    def request_slots(self, body: Body) -> list[Slot]:
        """Return the texts to embed and those of all other parameters."""
        return [*prompt_slots(body, "input"), *parameter_slots(body, besides="input")]

    def unscannable(self, body: Body) -> str:
        """Name the input when it is given as tokens."""
        return "input" if has_tokens(body["input"]) else ""

    def input_messages(self, body: Body) -> list[Message]:
        """Return each text as a message."""
        return prompt_messages(body["input"])
