"""Stored messages made readable: what a message says, asks of tools, and carries, as blocks of plain text.

Everything here came from a model or a stranger. Blocks are text; templates escape them; nothing is fetched.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from ingest.records import Message

FOLD_AT = 1_600
FOLD_TO = 700
FOLD_AT_LINES = 24
_KNOWN = {"role", "content", "name", "tool_calls", "tool_call_id", "refusal", "reasoning", "reasoning_content", "function_call"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of a message."""

    kind: Literal["text", "reasoning", "refusal", "tool_call", "json", "media"]
    text: str
    title: str = ""
    note: str = ""

    @property
    def head(self) -> str:
        """The beginning of a text that is too long to be shown at once; empty for others."""
        if len(self.text) <= FOLD_AT:
            lines = self.text.split("\n", FOLD_AT_LINES)
            return "\n".join(lines[: FOLD_AT_LINES // 2]) if len(lines) > FOLD_AT_LINES else ""
        cut = self.text.rfind(" ", FOLD_TO // 2, FOLD_TO)
        return self.text[: cut if cut > 0 else FOLD_TO]

    @property
    def is_code(self) -> bool:
        """Whether it reads better with every letter equally wide."""
        return self.kind in ("json", "tool_call")


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """A message with who said it."""

    role: str
    name: str
    blocks: tuple[Block, ...]
    is_missing: bool = False


def readable(messages: Sequence[Message]) -> list[Readable]:
    """Return messages as people read them."""
    return [_message(message) for message in messages]


def pretty(value: Any) -> str:
    """Return JSON with its structure visible; text that is no JSON as it stands."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _message(message: Message) -> Readable:
    name = message.get("name") or message.get("tool_call_id") or ""
    return Readable(
        role=str(message.get("role", "")),
        name=str(name),
        blocks=tuple(_blocks(message)),
        # The store returns a message that is gone as its role with no content at all.
        is_missing=message.keys() <= {"role", "content"} and message.get("content") is None,
    )


def _blocks(body: Mapping[str, Any]) -> Iterator[Block]:
    for key in ("reasoning", "reasoning_content"):
        if body.get(key):
            yield Block(kind="reasoning", text=_as_text(body[key]), title="Reasoning")
    yield from _content(body.get("content"))
    if body.get("refusal"):
        yield Block(kind="refusal", text=_as_text(body["refusal"]), title="Refusal")
    calls = body.get("tool_calls")
    for call in calls if isinstance(calls, list) else []:
        yield _tool_call(call)
    if isinstance(body.get("function_call"), Mapping):
        yield _tool_call({"function": body["function_call"]})
    rest = {
        key: value for key, value in body.items() if key not in _KNOWN and value not in (None, "", [], {})
    }
    if rest:
        yield Block(kind="json", text=pretty(rest), title="Other fields")


def _content(content: Any) -> Iterator[Block]:
    if content is None or content == "":
        return
    if isinstance(content, list):
        for part in content:
            yield _part(part)
    else:
        yield _text_or_json(content)


def _part(part: Any) -> Block:
    if not isinstance(part, Mapping):
        return _text_or_json(part)
    kind = str(part.get("type", ""))
    if kind in ("text", "input_text", "output_text") and isinstance(part.get("text"), str):
        return Block(kind="text", text=part["text"])
    if kind in ("thinking", "reasoning"):
        text = part.get("thinking") or part.get("text") or part.get("summary") or ""
        return Block(kind="reasoning", text=_as_text(text), title="Reasoning")
    if kind == "refusal":
        return Block(kind="refusal", text=_as_text(part.get("refusal", "")), title="Refusal")
    if kind in ("tool_use", "function_call"):
        return _tool_call({"id": part.get("id") or part.get("call_id"), "function": {
            "name": part.get("name"), "arguments": part.get("input", part.get("arguments"))}})  # fmt: skip
    if kind == "tool_result":
        blocks = list(_content(part.get("content")))
        text = "\n".join(block.text for block in blocks)
        return Block(kind="text", text=text, title="Tool result", note=str(part.get("tool_use_id", "")))
    if kind in (
        "image_url",
        "input_image",
        "image",
        "input_audio",
        "audio",
        "file",
        "input_file",
        "document",
    ):
        return _media(kind, part)
    return Block(kind="json", text=pretty(part), title=kind)


def _tool_call(call: Any) -> Block:
    if not isinstance(call, Mapping):
        return Block(kind="json", text=pretty(call), title="Tool call")
    function = call.get("function")
    function = function if isinstance(function, Mapping) else call
    arguments = function.get("arguments")
    return Block(
        kind="tool_call",
        text="" if arguments in (None, "") else pretty(arguments),
        title=str(function.get("name") or "unnamed tool"),
        note=str(call.get("id") or ""),
    )


def _media(kind: str, part: Mapping[str, Any]) -> Block:
    """Say what it is; loading it would tell a stranger's server who reads the trace."""
    held = part.get("image_url") or part.get("input_audio") or part.get("file") or part.get("source") or part
    address = (
        held.get("url") or held.get("data") or held.get("file_data") or ""
        if isinstance(held, Mapping)
        else held
    )
    address = str(address)
    what = {"image_url": "Image", "input_image": "Image"}.get(kind, kind.replace("_", " ").capitalize())
    if address.startswith(("http://", "https://")):
        return Block(kind="media", text=address, title=what, note=f"at {_host(address)}, not loaded")
    size = f"{len(address) * 3 // 4 // 1024:,} KB inline, " if address else ""
    return Block(kind="media", text="", title=what, note=f"{size}not shown")


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or "an unreadable address"
    except ValueError:
        return "an unreadable address"


def _text_or_json(value: Any) -> Block:
    if isinstance(value, str):
        stripped = value.strip()
        if stripped[:1] in ("{", "[") and stripped[-1:] in ("}", "]") and _is_json(stripped):
            return Block(kind="json", text=pretty(stripped))
        return Block(kind="text", text=value)
    return Block(kind="json", text=pretty(value))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else pretty(value)
