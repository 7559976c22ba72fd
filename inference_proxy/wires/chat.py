"""Chat completions, and the older text completions, as they are streamed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from guardrails.verdict import Place
from inference_proxy.plain_chunks import PlainChunks
from inference_proxy.texts import (
    OF_CALLS,
    TECHNICAL,
    TECHNICAL_OF_ANSWERS,
    Slot,
    every_text,
    field_slots,
    other_texts,
)
from inference_proxy.transcript import TEXT_FIELDS, Transcript, says_content_only
from inference_proxy.wires.events import (
    Aside,
    Channel,
    ChoiceEnds,
    Chunk,
    Event,
    Noted,
    Said,
    as_event,
    parapet,
)

GROWING_PARTS = frozenset({*TEXT_FIELDS, "tool_calls", "function_call", "audio", "reasoning_details"})
"""Parts of a delta whose texts grow from chunk to chunk, beside its plain strings."""
_Growing = tuple[Channel, Any, str, Place]


class ChatWire:
    """A stream of `chat.completion.chunk` or `text_completion`, ended by `[DONE]`."""

    keep_alive = b": keep-alive\n\n"
    repeats = False

    def __init__(self, *, is_json: bool = False, hides_usage: bool = False) -> None:
        self.hearing = Transcript()
        self.plain = PlainChunks()
        self._is_json = is_json
        self._hides_usage = hides_usage
        self._template: Chunk = {}
        self._open: set[int] = set()
        self._ended: set[int] = set()

    def see(self, chunk: Chunk) -> None:
        """Remember what every chunk says about itself, and which choices there are."""
        choices = chunk.get("choices") or ()
        if choices and not self._template:
            self._template = {key: value for key, value in chunk.items() if key in TECHNICAL_OF_ANSWERS}
        for choice in choices:
            index = int(choice.get("index") or 0)
            self._open.add(index)
            if choice.get("finish_reason"):
                self._ended.add(index)

    def read(self, chunk: Chunk) -> Sequence[Event]:
        """Return the growing texts of every choice, which of them end, and what else is said."""
        events: list[Event] = []
        aside = _other_texts(chunk)
        if chunk.get("error"):
            aside += every_text({"error": chunk["error"]}, "answer")
            events.append(ChoiceEnds())
        for choice in chunk.get("choices") or ():
            is_last = bool(choice.get("finish_reason"))
            texts = _growing_texts(choice)
            lasts = {text[0]: number for number, text in enumerate(texts)} if is_last else {}
            for number, (channel, holder, key, place) in enumerate(texts):
                is_json = place == "tool_arguments" or (self._is_json and channel.field == "content")
                events.append(Said(channel, place, holder, key, is_json, lasts.get(channel) == number))
            delta = choice.get("delta")
            if isinstance(delta, dict) and isinstance(delta.get("annotations"), list):
                channel = Channel(int(choice.get("index") or 0), "content")
                events.append(Noted(channel, delta, "annotations"))
            if is_last:
                events.append(ChoiceEnds(int(choice.get("index") or 0)))
        if aside:
            events.append(Aside(aside))
        return events

    def is_hidden(self, chunk: Chunk) -> bool:
        """True for the chunk that only reports usage, where the caller did not ask for it."""
        return self._hides_usage and not chunk.get("choices") and bool(chunk.get("usage"))

    def plain_channel(self, chunk: Chunk) -> Channel | None:
        """Return the channel of a chunk that adds some content to one choice."""
        if not says_content_only(chunk) or chunk["choices"][0].get("logprobs"):
            return None
        return Channel(int(chunk["choices"][0].get("index") or 0), "content")

    def passed(self, event: bytes, chunk: Chunk) -> bytes:
        """Return the event as it came."""
        return event

    def changed(self, chunk: Chunk) -> bytes:
        """Return the changed chunk, unless nothing is left of it."""
        choices = chunk.get("choices")
        return b"" if choices and all(map(_says_nothing, choices)) else as_event(chunk)

    def saying(self, channel: Channel, text: str) -> bytes:
        """Return a chunk that adds some text to a channel."""
        said: Chunk = {"text": text} if self._is_text else {"delta": _delta_with(channel, text)}
        choice = {"index": channel.choice, **said, "logprobs": None, "finish_reason": None}
        return as_event(self._template | {"choices": [choice]})

    def noting(self, channel: Channel, note: Any, chunk: Chunk) -> bytes:
        """Return a chunk with an annotation."""
        choice = {"index": channel.choice, "delta": {"annotations": [note]}, "finish_reason": None}
        return as_event(self._template | {"choices": [choice]})

    def ending(self, said: Mapping[Channel, str], note: Mapping[str, str]) -> bytes:
        """Return the events that end a blocked answer the way OpenAI ends a filtered one."""
        nothing: Chunk = {"text": ""} if self._is_text else {"delta": {}}
        choices = [
            {"index": index, **nothing, "logprobs": None, "finish_reason": "content_filter"}
            for index in sorted(self._open - self._ended or {0})
        ]
        return as_event(self._template | {"choices": choices} | parapet(note)) + b"data: [DONE]\n\n"

    @property
    def _is_text(self) -> bool:
        return bool(self._template.get("object") == "text_completion")


def _delta_with(channel: Channel, text: str) -> Chunk:
    if channel.field == "function_call":
        return {"function_call": {"arguments": text}}
    if channel.field == "audio":
        return {"audio": {"transcript": text}}
    if channel.field == "tool_calls":
        return {"tool_calls": [{"index": channel.tool, "function": {"arguments": text}}]}
    if channel.field == "custom":
        return {"tool_calls": [{"index": channel.tool, "custom": {"input": text}}]}
    if channel.field.startswith("reasoning_details."):
        key = channel.field.partition(".")[2]
        return {"reasoning_details": [{"index": channel.tool, key: text}]}
    return {channel.field: text}


def _growing_texts(choice: Chunk) -> list[_Growing]:
    """Find the texts of one choice of a chunk: channel, container, key and place of each."""
    index = int(choice.get("index") or 0)
    found: list[_Growing] = []
    if isinstance(choice.get("text"), str):
        found.append((Channel(index, "content"), choice, "text", "answer"))
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        return found
    for name, value in delta.items():
        place: Place = "reasoning" if name in TEXT_FIELDS[2:] else "answer"
        if isinstance(value, str) and name != "role":
            found.append((Channel(index, name), delta, name, place))
        elif name in TEXT_FIELDS:  # in parts, as some servers put it
            parts = range(len(value)) if isinstance(value, list) else ()
            slots = [slot for part in parts for slot in field_slots(value, part, place, technical=TECHNICAL)]
            slots += every_text(value, place) if isinstance(value, dict) else ()
            found += [(Channel(index, name), each.container, each.key, place) for each in slots]
    audio = delta.get("audio")
    if isinstance(audio, dict) and isinstance(audio.get("transcript"), str):
        found.append((Channel(index, "audio"), audio, "transcript", "answer"))
    function = delta.get("function_call")
    if isinstance(function, dict) and isinstance(function.get("arguments"), str):
        found.append((Channel(index, "function_call"), function, "arguments", "tool_arguments"))
    for position, call in enumerate(delta.get("tool_calls") or ()):
        number = int(call.get("index", position))
        for part, key in (("function", "arguments"), ("custom", "input")):
            holder = call.get(part)
            if isinstance(holder, dict) and isinstance(holder.get(key), str):
                channel = Channel(index, "tool_calls" if part == "function" else "custom", number)
                found.append((channel, holder, key, "tool_arguments"))
    for position, detail in enumerate(delta.get("reasoning_details") or ()):
        for key in ("text", "summary"):
            if isinstance(detail, dict) and isinstance(detail.get(key), str):
                number = int(detail.get("index", position))
                found.append((Channel(index, f"reasoning_details.{key}", number), detail, key, "reasoning"))
    return found


def _other_texts(chunk: Chunk) -> list[Slot]:
    """Find the texts of a chunk that do not grow: whole arguments, annotations, fields nobody knows."""
    slots = other_texts(chunk)
    for choice in chunk.get("choices") or ():
        slots.extend(every_text(choice.get("message"), "answer"))
        delta = choice.get("delta")
        for name, value in delta.items() if isinstance(delta, dict) else ():
            if name in ("tool_calls", "function_call"):
                slots.extend(_of_calls(value or []))
            elif name not in GROWING_PARTS and isinstance(value, dict | list):
                slots.extend(every_text(value, "answer"))
    return slots


def _of_calls(value: Any) -> Iterator[Slot]:
    """Find the texts of calls but for the arguments that grow."""
    calls = value if isinstance(value, list) else [{"function": value}]
    growing = {(id(call.get("function")), "arguments") for call in calls}
    growing |= {(id(call.get("custom")), "input") for call in calls}
    for slot in every_text(calls, "tool_arguments", technical=OF_CALLS):
        if (id(slot.container), slot.key) not in growing:
            yield slot


def _says_nothing(choice: Chunk) -> bool:
    """True when all that a chunk had to say of a choice is held back for later."""
    if choice.get("finish_reason") or choice.get("text"):
        return False
    delta = choice.get("delta") or {}
    for name, value in delta.items():
        if name == "tool_calls":
            if any(_is_more_than_arguments(call) for call in value or ()):
                return False
        elif value:
            return False
    return True


def _is_more_than_arguments(call: Chunk) -> bool:
    body = call.get("function") or call.get("custom") or {}
    return bool(call.get("id") or body.get("name") or body.get("arguments") or body.get("input"))
