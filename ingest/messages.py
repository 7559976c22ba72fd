"""Messages as they are stored: once per trace, known by the hash of what they say."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from ingest.records import Message
from ingest.sanitising import json_bytes

PREVIEW_CHARACTERS = 120


class StoredMessage(NamedTuple):
    """One message as its row holds it."""

    hash: int
    """128 bits of BLAKE2b over the message's canonical JSON."""
    role: str
    text: str
    """What it says, flattened for search and previews."""
    body: str
    """Its JSON; empty when it is no more than its role and its text."""


def stored(message: Message) -> StoredMessage:
    """Return a message as it is stored. Equal messages have equal hashes, whatever the order of their keys."""
    canonical = json_bytes(message)
    digest = int.from_bytes(blake2b(canonical, digest_size=16).digest(), "little")
    role, content = message.get("role"), message.get("content")
    role_name = role if isinstance(role, str) else ""
    if len(message) == 2 and isinstance(content, str) and isinstance(role, str):
        return StoredMessage(digest, role_name, content, "")
    return StoredMessage(digest, role_name, text_of(message), canonical.decode())


def restored(role: str, text: str, body: str) -> Message:
    """Return the message a row holds."""
    if body:
        message: Message = orjson.loads(body)
        return message
    return {"role": role, "content": text}


def text_of(message: Message) -> str:
    """Return all that a message says in words: content, reasoning, refusal, the calls of tools."""
    pieces = [*_words(message.get("reasoning_content")), *_words(message.get("content"))]
    pieces += _words(message.get("refusal"))
    for call in _items(message.get("tool_calls")):
        function = call.get("function")
        if isinstance(function, dict):
            pieces += [*_words(function.get("name")), *_words(function.get("arguments"))]
    return "\n".join(piece for piece in pieces if piece)


def _words(content: Any) -> Iterable[str]:
    """Yield the texts in a content, which is a string, a part, or a list of parts."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            yield from _words(part)
    elif isinstance(content, dict):
        for name in ("text", "thinking", "refusal", "content", "output"):
            yield from _words(content.get(name))
        if isinstance(content.get("input"), dict):
            yield json_bytes(content["input"]).decode()


def _items(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def input_preview(messages: Sequence[StoredMessage]) -> str:
    """Return the beginning of what was asked: of the last message by the user, or of the last one."""
    for message in reversed(messages):
        if message.role in ("user", "input") and message.text:
            return preview(message.text)
    return preview(messages[-1].text) if messages else ""


def output_preview(messages: Sequence[StoredMessage]) -> str:
    """Return the beginning of the answer."""
    for message in messages:
        if message.text:
            return preview(message.text)
    return ""


def preview(text: str) -> str:
    """Return the first words of a text on one line."""
    line = " ".join(text[: 2 * PREVIEW_CHARACTERS].split())
    if len(line) <= PREVIEW_CHARACTERS and len(text) > 2 * PREVIEW_CHARACTERS:
        # Runs of spaces have shrunk: four times the length leaves enough.
        line = " ".join(text[: 4 * PREVIEW_CHARACTERS].split())
    return line if len(line) <= PREVIEW_CHARACTERS else line[: PREVIEW_CHARACTERS - 1] + "…"


class SeenMessages:
    """Remembers which messages are surely stored, so that a growing history is not sent again and again.

    Two generations: when the young one is full it becomes the old one, and the old one is forgotten.
    Forgetting is harmless: the message is sent once more and merged away.
    """

    def __init__(self, capacity: int = 200_000) -> None:
        self._capacity = max(1, capacity // 2)
        self._young: set[tuple[object, str, int]] = set()
        self._old: set[tuple[object, str, int]] = set()

    def __contains__(self, key: tuple[object, str, int]) -> bool:
        if key in self._young:
            return True
        if key in self._old:
            self._young.add(key)
            return True
        return False

    def add(self, keys: Iterable[tuple[object, str, int]]) -> None:
        """Remember messages that ClickHouse has acknowledged."""
        self._young.update(keys)
        if len(self._young) >= self._capacity:
            self._old, self._young = self._young, set()
