"""Chat completions."""

from collections.abc import Iterator

from guardrails.verdict import Place
from inference_proxy.endpoints.base import Body, expect, parameter_slots, wrong_type
from inference_proxy.endpoints.turns import checked_messages, end_of_history
from inference_proxy.texts import OF_CALLS, Slot, every_text, is_machinery, other_texts
from inference_proxy.transcript import TEXT_FIELDS
from inference_proxy.wires.chat import ChatWire
from ingest.records import Message, SpanKind

_PLACES: dict[str, Place] = {
    "system": "system",
    "developer": "system",
    "tool": "tool_results",
    "function": "tool_results",
    "assistant": "history",
}
_NAMES = frozenset({"role", "tool_call_id", "id"})
_ROLES = frozenset({"user", *_PLACES})


class Chat:
    """POST /v1/chat/completions"""

    path = "/chat/completions"
    kind: SpanKind = "llm"
    name = "chat"

    def check(self, body: Body) -> None:
        """Raise RequestError when the messages are not messages."""
        for at, message in checked_messages(body):
            content = message.get("content")
            if content is not None and not isinstance(content, str | list):
                raise wrong_type(f"{at}.content", "a string or an array of objects", content)
            calls = message.get("tool_calls")
            if calls is not None and not isinstance(calls, list):
                raise wrong_type(f"{at}.tool_calls", "an array of objects", calls)
        expect(body, "tools", list, "an array of objects")

    def request_slots(self, body: Body) -> list[Slot]:
        """Return the texts of the messages and of all other parameters."""
        messages = body["messages"]
        newest = end_of_history(messages)
        slots: list[Slot] = []
        for index, message in enumerate(messages):
            place: Place = _PLACES.get(message["role"]) or ("history" if index < newest else "user")
            content = message.get("content")
            if isinstance(content, str) and len(message) == 2 and _is_reference(message["role"]):
                if content:
                    slots.append(Slot(message, "content", place))
            else:
                slots.extend(_message_slots(message, place))
        slots.extend(parameter_slots(body, besides="messages"))
        return slots

    def unscannable(self, body: Body) -> str:
        """Return nothing: all text in a chat can be read."""
        return ""

    def input_messages(self, body: Body) -> list[Message]:
        """Return the messages as they are."""
        messages: list[Message] = body["messages"]
        return messages

    def answer_slots(self, answer: Body) -> list[Slot]:
        """Return the texts of all choices, and of fields nobody knows."""
        slots: list[Slot] = []
        for message in _answers(answer):
            slots += _message_slots(message, "answer")
        return slots + other_texts(answer)

    def echo_slots(self, answer: Body) -> list[Slot]:
        """Return nothing: the request is not repeated."""
        return []

    def output_messages(self, answer: Body) -> list[Message]:
        """Return the message of each choice."""
        return list(_answers(answer))

    def wire(self, body: Body, *, hides_usage: bool) -> ChatWire:
        """Return how the answer is streamed, and whether it is JSON."""
        form = body.get("response_format")
        is_json = isinstance(form, dict) and form.get("type") in ("json_object", "json_schema")
        return ChatWire(is_json=is_json, hides_usage=hides_usage)


def _answers(answer: Body) -> Iterator[Message]:
    choices = answer.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and isinstance(choice.get("message"), dict):
            yield choice["message"]


def _message_slots(message: Message, place: Place) -> Iterator[Slot]:
    for key, value in message.items():
        if not value or (key in _NAMES and isinstance(value, str) and _is_reference(value)):
            continue
        if key in ("tool_calls", "function_call"):
            yield from every_text(value, "tool_arguments", technical=OF_CALLS)
        elif isinstance(value, str):
            yield Slot(message, key, _place_of(key, place))
        elif key == "content" and isinstance(value, list):
            for index, part in enumerate(value):
                if isinstance(part, str):
                    yield Slot(value, index, place)
                else:
                    yield from every_text(part, place)
        else:
            yield from every_text(value, _place_of(key, place))


def _is_reference(text: str) -> bool:
    return text in _ROLES or is_machinery(text)


def _place_of(key: str, place: Place) -> Place:
    return "reasoning" if place == "answer" and key in TEXT_FIELDS[2:] + ("reasoning_details",) else place
