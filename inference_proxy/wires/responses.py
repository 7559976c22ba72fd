"""OpenAI's Responses as they are streamed: events with names and numbers, that say everything several times."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from guardrails.verdict import Place
from inference_proxy.plain_chunks import PlainChunks
from inference_proxy.texts import Slot, every_text, field_slots
from inference_proxy.wires.events import (
    Aside,
    Channel,
    ChannelEnds,
    ChoiceEnds,
    Chunk,
    Echo,
    Event,
    Noted,
    Said,
    as_named_event,
    parapet,
)
from inference_proxy.wires.responses_hearing import ResponsesHearing
from inference_proxy.wires.responses_items import (
    TECHNICAL_OF_ITEMS,
    echo_slots,
    item_slots,
    part_slots,
    response_slots,
)

PARTS = {
    "output_text": ("output_text", "text"),
    "refusal": ("refusal", "refusal"),
    "reasoning_text": ("reasoning_text", "text"),
    "summary_text": ("reasoning_summary_text", "text"),
}
"""By the type of a part: the name of its channel, and the key of its text."""
CALLS = {
    "function_call": ("function_call_arguments", "arguments"),
    "mcp_call": ("mcp_call_arguments", "arguments"),
    "custom_tool_call": ("custom_tool_call_input", "input"),
    "code_interpreter_call": ("code_interpreter_call_code", "code"),
}
"""The same by the type of an item that calls a tool."""
_OPAQUE = frozenset({"response.audio.delta", "response.image_generation_call.partial_image"})
_TOLD_BY_DELTAS = frozenset({"delta", "sequence_number", "logprobs", "obfuscation"})
_NOTED = "response.output_text.annotation.added"
_INDICES = ("content_index", "summary_index", "command_index")


class ResponsesWire:
    """A stream of `response.*` events. What its items said in pieces it repeats: in parts, in items, in its end."""

    keep_alive = b": keep-alive\n\n"
    repeats = True

    def __init__(self, *, is_json: bool = False) -> None:
        self.hearing = ResponsesHearing()
        self.plain = PlainChunks()
        self._is_json = is_json
        self._shapes: dict[Channel, Chunk] = {}
        """An event that says something in a channel, without what it says."""
        self._number: int | None = None
        """The number of the next event."""
        self._response: Chunk = {}
        """The response as it was shown to the caller."""
        self._items: dict[int, Chunk] = {}
        self._parts: dict[int, dict[tuple[str, int], Chunk]] = {}
        """The items and parts that have begun, as the caller knows them."""
        self._done: set[tuple[int, str, int] | int] = set()

    def see(self, chunk: Chunk) -> None:
        """Remember how an event looks that says something in a channel."""
        for channel, *_ in _deltas(chunk):
            if channel not in self._shapes:
                self._shapes[channel] = {k: v for k, v in chunk.items() if k not in _TOLD_BY_DELTAS}

    def read(self, chunk: Chunk) -> Sequence[Event]:
        """Return what an event says: growing texts, their ends, and all that is said whole or once more."""
        kind = str(chunk["type"])
        if kind in _OPAQUE:
            return ()
        response, item, part = chunk.get("response"), chunk.get("item"), chunk.get("part")
        if isinstance(response, dict):
            events: list[Event] = []
            if kind not in ("response.created", "response.queued", "response.in_progress"):
                events.append(ChoiceEnds())
            return [*events, Aside(list(response_slots(response))), Echo(list(echo_slots(response)))]
        if kind.endswith(".delta"):
            return [self._said(*each) for each in _deltas(chunk)]
        if kind.endswith(".added"):
            return self._begun(chunk, item, part)
        index = int(chunk.get("output_index") or 0)
        if isinstance(item, dict):
            return [ChoiceEnds(index), Aside(list(item_slots(item, "answer")))]
        place = _place_of(kind)
        if isinstance(part, dict):
            place = "reasoning" if str(part.get("type")) in ("summary_text", "reasoning_text") else "answer"
            name = PARTS.get(str(part.get("type")), ("", ""))[0]
            ended = Channel(index, name, _position(chunk))
            return [ChannelEnds(ended), Aside(list(part_slots(part, place)))]
        if kind == "error":
            return [ChoiceEnds(), Aside(list(_texts_besides(chunk, "answer")))]
        if kind.endswith(".done"):
            name = kind.removeprefix("response.").removesuffix(".done")
            ends = [ChannelEnds(channel) for channel in self._shapes if _is_of(channel, index, name, chunk)]
            ends = ends or [ChannelEnds(Channel(index, name, _position(chunk)))]
            return [*ends, Aside(list(_texts_besides(chunk, place)))]
        return [Aside(list(_texts_besides(chunk, place)))]

    def is_hidden(self, chunk: Chunk) -> bool:
        """Hide nothing."""
        return False

    def plain_channel(self, chunk: Chunk) -> Channel | None:
        """Return nothing: no two events have the same number."""
        return None

    def passed(self, event: bytes, chunk: Chunk) -> bytes:
        """Return the event as it came, unless its number is no longer the next one."""
        return event if self._count(chunk) else as_named_event(chunk)

    def changed(self, chunk: Chunk) -> bytes:
        """Return the changed event, unless it would add nothing to a text."""
        deltas = [container[key] for _, _, container, key in _deltas(chunk)]
        is_empty_note = chunk.get("type") == _NOTED and chunk.get("annotation") is None
        if is_empty_note or (deltas and not any(deltas)):
            return b""
        self._count(chunk)
        return as_named_event(chunk)

    def saying(self, channel: Channel, text: str) -> bytes:
        """Return an event that adds some text to a channel."""
        name, _, key = channel.field.partition("/")
        chunk: Chunk = {"type": f"response.{name}.delta", "output_index": channel.choice}
        if name not in (field for field, _ in CALLS.values()):
            chunk["summary_index" if name == "reasoning_summary_text" else "content_index"] = channel.tool
        item = self._items.get(channel.choice)
        if item is not None and item.get("id"):
            chunk["item_id"] = item["id"]
        chunk = self._shapes.get(channel) or chunk
        chunk = chunk | {"delta": {key: text} if key else text}
        if name == "output_text":
            chunk["logprobs"] = []
        return self._numbered(chunk)

    def noting(self, channel: Channel, note: Any, chunk: Chunk) -> bytes:
        """Return the event that adds an annotation."""
        return self._numbered(chunk | {"annotation": note})

    def ending(self, said: Mapping[Channel, str], note: Mapping[str, str]) -> bytes:
        """Return the events that end a blocked response as an incomplete one, every item as far as it went out."""
        events = [
            event
            for index, item in sorted(self._items.items())
            if index not in self._done
            for event in self._item_ending(index, item, said)
        ]
        response: Chunk = {"object": "response", "status": "in_progress", "output": []} | self._response
        response |= {
            "status": "incomplete",
            "incomplete_details": {"reason": "content_filter"},
            "output": [item for _, item in sorted(self._items.items())],
        }
        response |= parapet(note)
        return b"".join([*events, self._numbered({"type": "response.incomplete", "response": response})])

    def _said(self, channel: Channel, place: Place, container: Any, key: Any) -> Said:
        is_json = place == "tool_arguments" or (self._is_json and channel.field == "output_text")
        return Said(channel, place, container, key, is_json)

    def _begun(self, chunk: Chunk, item: Any, part: Any) -> Sequence[Event]:
        """Return what the event says that begins an item, a part or a command."""
        index, kind = int(chunk.get("output_index") or 0), str(chunk["type"])
        if isinstance(part, dict):
            name, key = PARTS.get(str(part.get("type")), ("", ""))
            place: Place = "reasoning" if name.startswith("reasoning") else "answer"
            others = [
                each for each in part_slots(part, place) if each.key != key or each.container is not part
            ]
            begins = [self._said(Channel(index, name, _position(chunk)), place, part, key)] if name else []
            return [*begins, Aside(others)]
        if isinstance(item, dict):
            name, key = CALLS.get(str(item.get("type")), ("", ""))
            begins = []
            if name and isinstance(item.get(key), str):
                begins = [self._said(Channel(index, name), "tool_arguments", item, key)]
            slots = [each for each in item_slots(item, "answer") if not (begins and each.key == key)]
            return [*begins, Aside(slots)]
        if kind == "response.shell_call_command.added" and isinstance(chunk.get("command"), str):
            channel = Channel(index, "shell_call_command", _position(chunk))
            return [self._said(channel, "tool_arguments", chunk, "command")]
        besides = Aside(list(_texts_besides(chunk, _place_of(kind))))
        if kind == _NOTED and isinstance(chunk.get("annotation"), dict):
            return [besides, Noted(Channel(index, "output_text", _position(chunk)), chunk, "annotation")]
        return [besides]

    def _count(self, chunk: Chunk) -> bool:
        """Give an event the next number, and remember what the caller knows by it; True when it had that number."""
        self._note(chunk)
        number = chunk.get("sequence_number")
        if not isinstance(number, int):
            return True
        if self._number is None:
            self._number = number
        is_next = number == self._number
        chunk["sequence_number"] = self._number
        self._number += 1
        return is_next

    def _numbered(self, chunk: Chunk) -> bytes:
        if self._number is not None:
            chunk["sequence_number"] = self._number
            self._number += 1
        return as_named_event(chunk)

    def _note(self, chunk: Chunk) -> None:
        kind, index = chunk.get("type"), int(chunk.get("output_index") or 0)
        if isinstance(chunk.get("response"), dict):
            self._response = chunk["response"]
        elif isinstance(chunk.get("item"), dict):
            self._items[index] = dict(chunk["item"])
            if kind == "response.output_item.done":
                self._done.add(index)
        elif isinstance(chunk.get("part"), dict):
            part = chunk["part"]
            name = PARTS.get(str(part.get("type")), ("", ""))[0]
            self._parts.setdefault(index, {})[name, _position(chunk)] = dict(part)
            if str(kind).endswith(".done"):
                self._done.add((index, name, _position(chunk)))

    def _item_ending(self, index: int, item: Chunk, said: Mapping[Channel, str]) -> Iterator[bytes]:
        where = {"output_index": index} | ({"item_id": item["id"]} if item.get("id") else {})
        parts = self._parts.get(index, {})
        for (name, position), part in sorted(parts.items()):
            key = PARTS.get(str(part.get("type")), ("", "text"))[1]
            part[key] = said.get(Channel(index, name, position), "")
            if (index, name, position) in self._done or not name:
                continue
            is_summary = name == "reasoning_summary_text"
            at = where | {"summary_index" if is_summary else "content_index": position}
            whole = {"type": f"response.{name}.done", key: part[key]} | at
            if name == "output_text":
                whole["logprobs"] = []
            yield self._numbered(whole)
            named = "reasoning_summary_part" if is_summary else "content_part"
            yield self._numbered({"type": f"response.{named}.done", "part": part} | at)
        for key, is_summary in (("content", False), ("summary", True)):
            there = [
                part
                for (name, _), part in sorted(parts.items(), key=lambda each: each[0][1])
                if (name == "reasoning_summary_text") is is_summary
            ]
            if there or key in item:
                item[key] = there
        name, key = CALLS.get(str(item.get("type")), ("", ""))
        if name:
            item[key] = said.get(Channel(index, name), "")
        item["status"] = "incomplete"
        yield self._numbered({"type": "response.output_item.done", "output_index": index, "item": item})


def _deltas(chunk: Chunk) -> Iterator[tuple[Channel, Place, Any, Any]]:
    """Find the growing texts of an event: channel, place, container and key of each."""
    kind = str(chunk.get("type"))
    if not kind.endswith(".delta") or kind in _OPAQUE:
        return
    name = kind.removeprefix("response.").removesuffix(".delta")
    index, position = int(chunk.get("output_index") or 0), _position(chunk)
    delta, place = chunk.get("delta"), _place_of(kind)
    if isinstance(delta, str):
        yield Channel(index, name, position), place, chunk, "delta"
    elif isinstance(delta, dict):
        for key, value in delta.items():
            if isinstance(value, str):
                yield Channel(index, f"{name}/{key}", position), place, delta, key


def _position(chunk: Chunk) -> int:
    return next((int(chunk[name]) for name in _INDICES if chunk.get(name) is not None), 0)


def _is_of(channel: Channel, index: int, name: str, chunk: Chunk) -> bool:
    is_named = channel.field == name or channel.field.startswith(f"{name}/")
    return is_named and channel.choice == index and channel.tool == _position(chunk)


def _place_of(kind: str) -> Place:
    """Return where the text of an event belongs, by the event's name."""
    name = kind.removeprefix("response.")
    if name.startswith("reasoning"):
        return "reasoning"
    if "_output" in name and not name.startswith("output"):
        return "tool_results"
    is_call = "_call" in name or name.partition(".")[0].endswith(
        ("_arguments", "_input", "_code", "_command")
    )
    return "tool_arguments" if is_call else "answer"


def _texts_besides(chunk: Chunk, place: Place) -> Iterator[Slot]:
    for key in chunk:
        if key == "annotation":
            yield from every_text(chunk[key], "answer", technical=TECHNICAL_OF_ITEMS)
        elif key not in ("type", "logprobs"):
            yield from field_slots(chunk, key, place, technical=TECHNICAL_OF_ITEMS)
