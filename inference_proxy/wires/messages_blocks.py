"""The content blocks of Anthropic's Messages: where their texts stand, and the messages they are in a trace."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from guardrails.verdict import Place
from inference_proxy.texts import TECHNICAL, Slot, every_text, field_slots, json_slot
from ingest.records import Message

Block = dict[str, Any]

TECHNICAL_OF_BLOCKS = TECHNICAL | {
    "name", "tool_use_id", "encrypted_index", "encrypted_stdout", "caller", "file_type", "stop_reason", "page_age",
    "server_name", "container_id", "ttl", "error_code",
}  # fmt: skip
"""Keys of blocks whose values are machinery, as long as they look like it."""
_PLACES: Mapping[str, Place] = {"document": "context", "search_result": "context"}
_THOUGHTS = frozenset({"thinking", "redacted_thinking"})


def content_slots(container: Block, key: str, place: Place) -> Iterator[Slot]:
    """Find the texts of a content: a text, or blocks."""
    content = container.get(key)
    if isinstance(content, str):
        if content:
            yield Slot(container, key, place)
    elif isinstance(content, list):
        for index, block in enumerate(content):
            if isinstance(block, dict):
                yield from block_slots(block, place)
            elif isinstance(block, str) and block:
                yield Slot(content, index, place)
    elif isinstance(content, dict):
        yield from block_slots(content, place)


def block_slots(block: Block, place: Place) -> Iterator[Slot]:
    """Find the texts of a block. `place` is where it belongs when nothing else is known of it."""
    kind = str(block.get("type"))
    if kind.endswith("tool_use"):
        if block.get("input"):
            yield json_slot(block, "input", "tool_arguments")
        yield from _fields(block, place, besides=frozenset({"input"}))
    elif kind.endswith("tool_result"):
        yield from content_slots(block, "content", "tool_results")
        yield from _fields(block, "tool_results", besides=frozenset({"content"}))
    elif kind in _PLACES:
        yield from _document_slots(block, _PLACES[kind] if place != "tool_results" else place)
    elif kind in _THOUGHTS:
        yield from _fields(block, "reasoning" if place == "answer" else place)
    else:
        yield from _fields(block, place)


def as_message(role: str, content: Any) -> list[Message]:
    """Return a content as messages of a span: what tools said stands by itself."""
    if not isinstance(content, list):
        return [{"role": role, "content": content}]
    message: Message = {"role": role, "content": None}
    results: list[Message] = []
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[Any] = []
    others: list[Any] = []
    for block in content:
        kind = str(block.get("type")) if isinstance(block, dict) else ""
        if kind == "text":
            texts.append(str(block.get("text") or ""))
        elif kind == "thinking":
            thoughts.append(str(block.get("thinking") or ""))
        elif kind.endswith("tool_use"):
            calls.append(_call(block))
        elif kind.endswith("tool_result"):
            call = block.get("tool_use_id", "")
            results.append({"role": "tool", "tool_call_id": call, "content": block.get("content")})
        else:
            others.append(block)
    if others:
        message["content"] = [*({"type": "text", "text": text} for text in texts), *others]
    elif texts:
        message["content"] = "".join(texts) if role == "assistant" else "\n".join(texts)
    if thoughts:
        message["reasoning_content"] = "\n\n".join(thoughts)
    if calls:
        message["tool_calls"] = calls
    says_nothing = message["content"] is None and not thoughts and not calls
    return results if results and says_nothing else [*results, message]


def _fields(block: Block, place: Place, *, besides: frozenset[str] = frozenset()) -> Iterator[Slot]:
    for key in block:
        if key not in besides:
            yield from field_slots(block, key, place, technical=TECHNICAL_OF_BLOCKS)


def _document_slots(block: Block, place: Place) -> Iterator[Slot]:
    source = block.get("source")
    if isinstance(source, dict) and source.get("type") == "text" and isinstance(source.get("data"), str):
        yield Slot(source, "data", place)  # a text even where it looks like packed bytes
    elif isinstance(source, dict):
        yield from every_text(source, place, technical=TECHNICAL_OF_BLOCKS)
    yield from _fields(
        block, place, besides=frozenset({"source"}) if isinstance(source, dict) else frozenset()
    )


def _call(block: Block) -> Message:
    given = block.get("input")
    arguments = given if isinstance(given, str) else orjson.dumps(given or {}).decode()
    function = {"name": block.get("name", ""), "arguments": arguments}
    return {"id": block.get("id", ""), "type": "function", "function": function}


def texts_besides(chunk: Block, place: Place, *, besides: frozenset[str]) -> Sequence[Slot]:
    """Return the texts of an event but for some of its fields."""
    return list(_fields(chunk, place, besides=besides))
