"""Text completions, the older form that evaluation harnesses still use."""

from inference_proxy.endpoints.base import (
    Body,
    has_tokens,
    missing,
    parameter_slots,
    prompt_messages,
    prompt_slots,
    wrong_type,
)
from inference_proxy.texts import Slot, other_texts
from inference_proxy.wires.chat import ChatWire
from ingest.records import Message, SpanKind


class Completions:
    """POST /v1/completions"""

    path = "/completions"
    kind: SpanKind = "llm"
    name = "completion"

    def check(self, body: Body) -> None:
        """Raise RequestError when the prompt is none."""
        prompt = body.get("prompt")
        if prompt is None:
            raise missing("prompt")
        if not isinstance(prompt, str | list):
            raise wrong_type("prompt", "a string or an array", prompt)

    def request_slots(self, body: Body) -> list[Slot]:
        """Return the texts of the prompt and of all other parameters."""
        return [*prompt_slots(body, "prompt"), *parameter_slots(body, besides="prompt")]

    def unscannable(self, body: Body) -> str:
        """Name the prompt when it is given as tokens."""
        return "prompt" if has_tokens(body["prompt"]) else ""

    def input_messages(self, body: Body) -> list[Message]:
        """Return each prompt as a message."""
        return prompt_messages(body["prompt"])

    def answer_slots(self, answer: Body) -> list[Slot]:
        """Return the texts of all choices, and of fields nobody knows."""
        return _texts_of_choices(answer) + other_texts(answer)

    def echo_slots(self, answer: Body) -> list[Slot]:
        """Return nothing: the request is not repeated."""
        return []

    def output_messages(self, answer: Body) -> list[Message]:
        """Return each choice as a message."""
        return [{"role": "assistant", "content": slot.text} for slot in _texts_of_choices(answer)]

    def wire(self, body: Body, *, hides_usage: bool) -> ChatWire:
        """Return how the answer is streamed: as a chat's, with other names."""
        return ChatWire(hides_usage=hides_usage)


def _texts_of_choices(answer: Body) -> list[Slot]:
    choices = answer.get("choices")
    return [
        Slot(choice, "text", "answer")
        for choice in (choices if isinstance(choices, list) else ())
        if isinstance(choice, dict) and isinstance(choice.get("text"), str)
    ]
