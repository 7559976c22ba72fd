"""OpenAI's Responses: items in, items out."""

from collections.abc import Mapping
from typing import Any

from guardrails.verdict import Place
from inference_proxy.endpoints.base import Body, expect, missing, parameter_slots, wrong_type
from inference_proxy.texts import TECHNICAL, Slot, field_slots
from inference_proxy.wires.responses import ResponsesWire
from inference_proxy.wires.responses_items import as_messages, echo_slots, item_slots, response_slots
from ingest.records import Message, SpanKind

_ROLES: Mapping[str, Place] = {"system": "system", "developer": "system", "assistant": "history"}


class Responses:
    """POST /v1/responses"""

    path = "/responses"
    kind: SpanKind = "llm"
    name = "response"

    def check(self, body: Body) -> None:
        """Raise RequestError when the input is none."""
        value = body.get("input")
        if value is None and not body.get("prompt") and not body.get("previous_response_id"):
            raise missing("input")
        expect(body, "input", (str, list), "a string or an array of objects")
        expect(body, "instructions", (str, list), "a string")
        for index, item in enumerate(value if isinstance(value, list) else ()):
            if not isinstance(item, dict):
                raise wrong_type(f"input[{index}]", "an object", item)
        expect(body, "tools", list, "an array of objects")

    def request_slots(self, body: Body) -> list[Slot]:
        """Return the texts of the instructions, of all items and of all other parameters."""
        slots: list[Slot] = []
        if body.get("instructions"):
            slots += field_slots(body, "instructions", "system", technical=TECHNICAL)
        value = body.get("input")
        if isinstance(value, str):
            slots.append(Slot(body, "input", "user"))
        elif isinstance(value, list):
            newest = _end_of_history(value)
            for index, item in enumerate(value):
                place = _ROLES.get(str(item.get("role"))) or ("history" if index < newest else "user")
                is_said_by_a_model = item.get("type", "message") != "message"
                slots += item_slots(item, "history" if is_said_by_a_model else place)
        slots += parameter_slots(body, besides="input", nor=frozenset({"instructions"}))
        return slots

    def unscannable(self, body: Body) -> str:
        """Return nothing: all text in items can be read."""
        return ""

    def input_messages(self, body: Body) -> list[Message]:
        """Return the instructions and the items as messages of a span."""
        messages: list[Message] = []
        if body.get("instructions"):
            messages.append({"role": "system", "content": body["instructions"]})
        value = body.get("input")
        if isinstance(value, str):
            messages.append({"role": "user", "content": value})
        elif isinstance(value, list):
            messages += as_messages(value)
        return messages

    def answer_slots(self, answer: Body) -> list[Slot]:
        """Return the texts of all items."""
        return list(response_slots(answer))

    def echo_slots(self, answer: Body) -> list[Slot]:
        """Return what the answer repeats of its request."""
        return list(echo_slots(answer))

    def output_messages(self, answer: Body) -> list[Message]:
        """Return what was answered as messages of a span."""
        output = answer.get("output")
        return as_messages(output) if isinstance(output, list) else []

    def wire(self, body: Body, *, hides_usage: bool) -> ResponsesWire:
        """Return how the answer is streamed, and whether it is JSON."""
        text = body.get("text")
        form = text.get("format") if isinstance(text, dict) else None
        is_json = isinstance(form, dict) and form.get("type") in ("json_object", "json_schema")
        return ResponsesWire(is_json=is_json)


def _end_of_history(items: list[Any]) -> int:
    """Return the index of the first item after the last one that the model said."""
    for index in range(len(items) - 1, -1, -1):
        item = items[index]
        if item.get("role") == "assistant" or str(item.get("type", "")).endswith(("_call", "reasoning")):
            return index + 1
    return 0
