"""The items of a response: where their texts stand, and the messages they are to a reader of traces."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from guardrails.verdict import Place
from inference_proxy.endpoints.base import parameter_slots
from inference_proxy.texts import TECHNICAL, Slot, every_text, field_slots
from ingest.records import Message

Item = dict[str, Any]

TECHNICAL_OF_ITEMS = TECHNICAL | {
    "name", "namespace", "call_id", "item_id", "server_label", "container_id", "approval_request_id", "fingerprint",
    "background", "quality", "size", "output_format", "phase", "created_by", "response_id", "partial_image_b64",
    "obfuscation", "code_interpreter_call_id", "event_id",
}  # fmt: skip
"""Keys of items and of events about them whose values are machinery, as long as they look like it."""
_PLACES: Mapping[str, Place] = {
    "arguments": "tool_arguments",
    "input": "tool_arguments",
    "code": "tool_arguments",
    "action": "tool_arguments",
    "actions": "tool_arguments",
    "operation": "tool_arguments",
    "queries": "tool_arguments",
    "output": "tool_results",
    "outputs": "tool_results",
    "result": "tool_results",
    "error": "tool_results",
    "results": "context",
    "tools": "system",
}
"""Where the fields of an item that is no message belong."""
_TOLD_OF_ITSELF = frozenset(
    {
        "id", "object", "created_at", "completed_at", "status", "model", "output", "usage", "incomplete_details",
        "error", "service_tier", "tool_usage", "access_programs", "prompt_cache_diagnostics", "input_transformations",
    }
)  # fmt: skip
"""What a response says about itself; all else repeats the request."""


def item_slots(item: Item, place: Place) -> Iterator[Slot]:
    """Find the texts of an item. `place` is where it belongs when it is a message, or nothing that is known."""
    kind = item.get("type") or "message"
    for key in item:
        if kind == "message":
            yield from _content_slots(item, key, place)
        elif kind == "reasoning":
            yield from _content_slots(item, key, "reasoning" if place == "answer" else place)
        else:
            technical = (
                TECHNICAL_OF_ITEMS | {"result"} if kind == "image_generation_call" else TECHNICAL_OF_ITEMS
            )
            yield from field_slots(item, key, _PLACES.get(key, place), technical=technical)


def part_slots(part: Item, place: Place) -> Iterator[Slot]:
    """Find the texts of a part of a message; the probabilities of its tokens are not texts of their own."""
    for key in part:
        if key != "logprobs":
            yield from field_slots(part, key, place, technical=TECHNICAL_OF_ITEMS)


def response_slots(response: Item) -> Iterator[Slot]:
    """Find the texts of a response, but for those that repeat the request."""
    output = response.get("output")
    for item in output if isinstance(output, list) else ():
        if isinstance(item, dict):
            yield from item_slots(item, "answer")
    for key in ("error", "incomplete_details"):
        if isinstance(response.get(key), dict):
            yield from every_text(response[key], "answer")


def echo_slots(response: Item) -> Iterator[Slot]:
    """Find what a response repeats of its request: instructions, tools, labels."""
    for slot in parameter_slots(response, besides="output", nor=_TOLD_OF_ITSELF):
        yield slot._replace(place="answer")


def as_messages(items: Sequence[Any]) -> list[Message]:
    """Return items as messages; what the model says in a row is one."""
    messages: list[Message] = []
    for item in items:
        if not isinstance(item, dict):
            continue
        message = _message(item)
        last = messages[-1] if messages else None
        if last is not None and last["role"] == message["role"] == "assistant" and _fits(last, message):
            calls = [*last.get("tool_calls", ()), *message.get("tool_calls", ())]
            last |= message | ({"tool_calls": calls} if calls else {})
        else:
            messages.append(message)
    return messages


def _content_slots(item: Item, key: str, place: Place) -> Iterator[Slot]:
    value = item[key]
    if key in ("content", "summary") and isinstance(value, list):
        for index, part in enumerate(value):
            if isinstance(part, dict):
                yield from part_slots(part, place)
            elif isinstance(part, str) and part:
                yield Slot(value, index, place)
    else:
        yield from field_slots(item, key, place, technical=TECHNICAL_OF_ITEMS)


def _message(item: Item) -> Message:
    kind = item.get("type") or "message"
    if kind == "message":
        return {"role": str(item.get("role") or "assistant"), **_said(item.get("content"))}
    if kind == "reasoning":
        parts = [*(item.get("summary") or ()), *(item.get("content") or ())]
        return {"role": "assistant", "reasoning_content": "\n\n".join(_texts_of(parts))}
    if kind == "function_call":
        function = {"name": item.get("name", ""), "arguments": item.get("arguments", "")}
        call = {"id": item.get("call_id", ""), "type": "function", "function": function}
        return {"role": "assistant", "tool_calls": [call]}
    if kind == "custom_tool_call":
        custom = {"name": item.get("name", ""), "input": item.get("input", "")}
        return {
            "role": "assistant",
            "tool_calls": [{"id": item.get("call_id", ""), "type": "custom", "custom": custom}],
        }
    if str(kind).endswith("_output"):
        return {"role": "tool", "tool_call_id": item.get("call_id", ""), "content": item.get("output")}
    return {"role": "assistant", "tool_calls": [{"id": item.get("id", ""), **item}]}


def _said(content: Any) -> Item:
    """Return the content of a message: a text where it is nothing but text."""
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        return {"content": content}
    said: Item = {}
    texts = [part for part in content if part.get("type") in ("output_text", "input_text", "text")]
    refusals = [str(part.get("refusal") or "") for part in content if part.get("type") == "refusal"]
    if len(texts) + len(refusals) < len(content):
        return {"content": content}
    said["content"] = "".join(_texts_of(texts)) or None
    if refusals:
        said["refusal"] = "".join(refusals)
    annotations = [each for part in texts for each in part.get("annotations") or ()]
    if annotations:
        said["annotations"] = annotations
    return said


def _texts_of(parts: Sequence[Any]) -> list[str]:
    return [str(part.get("text") or "") for part in parts if isinstance(part, dict)]


def _fits(last: Message, message: Message) -> bool:
    """True when the second message says nothing that the first one has a word for."""
    return not (message.keys() & last.keys()) - {"role", "tool_calls"}
