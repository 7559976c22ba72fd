"""The texts in a request or an answer: where each one stands, so that a guard may read and change it."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from guardrails.verdict import Place


class Slot(NamedTuple):
    """One text and its place in a parsed body."""

    container: Any
    key: Any
    place: Place
    is_address: bool = False
    """It leads to an image or a page: it travels as it is, or it would lead nowhere, and is masked where it is kept."""

    @property
    def text(self) -> str:
        """The text as it stands now."""
        text: str = self.container[self.key]
        return text

    def put(self, text: str) -> None:
        """Replace the text."""
        self.container[self.key] = text


class JsonValue:
    """A value in a body that is read and replaced as the JSON it would be written as: names, numbers and all."""

    __slots__ = ("_container", "_key")

    def __init__(self, container: Any, key: Any) -> None:
        self._container = container
        self._key = key

    def __getitem__(self, _: Any) -> str:
        return orjson.dumps(self._container[self._key]).decode()

    def __setitem__(self, _: Any, text: str) -> None:
        try:
            self._container[self._key] = orjson.loads(text)
        except orjson.JSONDecodeError:
            self._container[self._key] = text  # a note in place of what is not kept


def json_slot(container: Any, key: Any, place: Place) -> Slot:
    """Return the slot of a value that is read as JSON."""
    return Slot(JsonValue(container, key), key, place)


def field_slots(
    container: Any, key: Any, place: Place, *, technical: frozenset[str] = frozenset()
) -> Iterator[Slot]:
    """Find the texts in one field, whatever it holds."""
    value = container[key]
    if isinstance(value, str):
        if value and not (key in technical and is_machinery(value)):
            is_address = key in _ADDRESSES & technical and value.startswith(("http://", "https://"))
            yield Slot(container, key, place, is_address=is_address)
    elif isinstance(value, dict | list):
        yield from every_text(value, place, technical=technical)


def put_all(slots: Sequence[Slot], texts: Sequence[str], *, travels: bool = False) -> bool:
    """Replace every text that differs; True when one did. In what travels, addresses stay as they are."""
    changed = False
    for slot, text in zip(slots, texts, strict=True):
        if slot.container[slot.key] != text and not (travels and slot.is_address):
            slot.container[slot.key] = text
            changed = True
    return changed


_ADDRESSES = frozenset({"url", "image_url", "file_url"})
TECHNICAL = _ADDRESSES | {
    "type", "id", "role", "model", "format", "detail", "index", "input_audio", "data", "file_data", "file_id",
    "tool_call_id", "call_id", "signature", "encrypted_content", "cache_control", "status", "object", "media_type",
    "mime_type",
}  # fmt: skip
"""Keys whose values are machinery, not text, as long as they look like it: a changed one would break the call."""
OF_SCHEMAS = frozenset({"type", "name", "format", "required", "strict", "$ref", "$schema", "$id"})
"""The same in the definition of a tool or of an answer's form."""
OF_CALLS = frozenset({"id", "type", "name", "index", "call_id", "status"})
"""The same in the call of a tool."""
_MACHINERY = re.compile(r"[\w.:/+=#$-]*|data:[^\s,]{1,100};base64,\S*")
_LOOKED_AT = 4_096
"""How much of a text tells packed bytes from words."""


def is_machinery(text: str) -> bool:
    """True for a name, a number, an id or packed bytes; a text that people write has spaces or marks of its own."""
    return _MACHINERY.fullmatch(text, 0, _LOOKED_AT) is not None


_LONG_WORD = re.compile(r"[A-Za-z0-9]{20}")


def is_name(text: str) -> bool:
    """True for what a part of a product or a model is called; a word as long as a key may be one."""
    return is_machinery(text) and not has_long_word(text)


def has_long_word(text: str) -> bool:
    """True when there is a run of letters and digits in the text that is as long as a key."""
    return _LONG_WORD.search(text) is not None


def every_text(value: Any, place: Place, *, technical: frozenset[str] = TECHNICAL) -> Iterator[Slot]:
    """Find all strings below a value, but for what stands under technical keys and is machinery indeed."""
    # A stack of our own: a body may be nested deeper than Python likes to recurse.
    stack: list[tuple[Any, Any]] = [(value, "")]
    while stack:
        container, name = stack.pop()
        pairs: Any
        if isinstance(container, dict):
            pairs = container.items()
        elif isinstance(container, list):
            pairs = enumerate(container)
        else:
            continue
        for key, item in pairs:
            known_as = name if isinstance(container, list) else key
            if isinstance(item, dict | list):
                stack.append((item, known_as))
            elif isinstance(item, str) and item and not (known_as in technical and is_machinery(item)):
                is_address = known_as in _ADDRESSES & technical and item.startswith(("http://", "https://"))
                yield Slot(container, key, place, is_address=is_address)


TECHNICAL_OF_ANSWERS = frozenset(
    {"id", "object", "created", "model", "system_fingerprint", "service_tier", "provider", "obfuscation"}
)
"""What an answer and its chunks say about themselves."""
_PARTS_OF_ANSWERS = TECHNICAL_OF_ANSWERS | {"choices", "usage", "error"}
_PARTS_OF_CHOICES = frozenset(
    {"index", "message", "delta", "text", "logprobs", "finish_reason", "native_finish_reason", "stop_reason"}
)


def other_texts(answer: dict[str, Any]) -> list[Slot]:
    """Find the texts of an answer, or of a chunk of one, in fields nobody knows."""
    slots = _texts_beside(answer, _PARTS_OF_ANSWERS)
    choices = answer.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict):
            slots += _texts_beside(choice, _PARTS_OF_CHOICES)
    return slots


def _texts_beside(container: dict[str, Any], known: frozenset[str]) -> list[Slot]:
    slots: list[Slot] = []
    for key, value in container.items():
        if key not in known:
            if isinstance(value, str) and value:
                slots.append(Slot(container, key, "answer"))
            elif isinstance(value, dict | list):
                slots.extend(every_text(value, "answer"))
    return slots
