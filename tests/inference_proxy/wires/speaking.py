"""Answers in every protocol, whole and streamed, and what a client makes of them.

An answer is a list of `Spoken`. On chat each one with `choice` 1 and more is a choice of its own, elsewhere an item or block.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from inference_proxy.endpoints.base import Endpoint
from inference_proxy.endpoints.chat import Chat
from inference_proxy.endpoints.messages import Messages
from inference_proxy.endpoints.responses import Responses

Kind = Literal["answer", "reasoning", "tool_arguments"]
Body = dict[str, Any]
Cut = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Spoken:
    """One text of an answer; arguments of tools are JSON."""

    kind: Kind
    text: str
    choice: int = 0


def at_once(text: str) -> Sequence[str]:
    """Cut nothing."""
    return [text] if text else []


@dataclass(frozen=True, slots=True)
class Speech:
    """A protocol: how an answer is written in it, streamed and whole, and how a client reads it."""

    name: str
    endpoint: Endpoint
    streamed: Callable[[Sequence[Spoken], Cut], list[Body]]
    whole: Callable[[Sequence[Spoken]], Body]
    read_stream: Callable[[Sequence[Body]], list[Spoken]]
    read_whole: Callable[[Body], list[Spoken]]
    is_named: bool = True
    """Events have the name of their type."""
    ends_with: bytes = b""

    def events(self, answer: Sequence[Spoken], cut: Cut, *, escapes: bool = False) -> list[bytes]:
        """Return the answer as server-sent events."""
        dump: Callable[[Body], bytes] = (
            (lambda value: json.dumps(value).encode()) if escapes else orjson.dumps
        )
        written = []
        for each in self.streamed(answer, cut):
            name = b"event: %b\n" % each["type"].encode() if self.is_named else b""
            written.append(name + b"data: " + dump(each) + b"\n\n")
        return [*written, self.ends_with] if self.ends_with else written

    def heard(self, stream: bytes) -> list[Spoken]:
        """Return what a client reads from a stream, however its lines end."""
        return self.read_stream(list(events_of(stream)))


def events_of(stream: bytes) -> Iterator[Body]:
    """Read server-sent events the way the specification says."""
    data: list[bytes] = []
    for line in stream.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
        elif not line and data:
            payload = b"\n".join(data)
            data = []
            if payload != b"[DONE]":
                yield orjson.loads(payload)


def _chat_streamed(answer: Sequence[Spoken], cut: Cut) -> list[Body]:
    base = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": "gpt-5.4",
    }
    waiting: dict[int, list[Body]] = {}
    calls: dict[int, int] = {}
    for each in answer:
        deltas = waiting.setdefault(each.choice, [{"role": "assistant", "content": ""}])
        if each.kind == "tool_arguments":
            number = calls[each.choice] = calls.get(each.choice, -1) + 1
            head = {"index": number, "id": f"call_{number}", "type": "function"}
            deltas.append({"tool_calls": [head | {"function": {"name": "mail", "arguments": ""}}]})
            deltas += [
                {"tool_calls": [{"index": number, "function": {"arguments": piece}}]}
                for piece in cut(each.text)
            ]
        else:
            field = "content" if each.kind == "answer" else "reasoning_content"
            deltas += [{field: piece} for piece in cut(each.text)]
    chance = random.Random(len(answer) * 7 + sum(map(len, waiting.values())))
    chunks: list[Body] = []
    while waiting:
        index = chance.choice(sorted(waiting))
        choice: Body = {"index": index, "delta": {}, "logprobs": None, "finish_reason": "stop"}
        if waiting[index]:
            choice |= {"delta": waiting[index].pop(0), "finish_reason": None}
        else:
            del waiting[index]
        chunks.append(base | {"choices": [choice]})
    return chunks


def _chat_whole(answer: Sequence[Spoken]) -> Body:
    messages: dict[int, Body] = {}
    for each in answer:
        message = messages.setdefault(each.choice, {"role": "assistant", "content": None})
        if each.kind == "tool_arguments":
            calls = message.setdefault("tool_calls", [])
            function = {"name": "mail", "arguments": each.text}
            calls.append({"id": f"call_{len(calls)}", "type": "function", "function": function})
        else:
            message["content" if each.kind == "answer" else "reasoning_content"] = each.text
    choices = [
        {"index": index, "message": message, "logprobs": None, "finish_reason": "stop"}
        for index, message in sorted(messages.items())
    ]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-5.4",
        "choices": choices,
    }


def _read_chat_stream(chunks: Sequence[Body]) -> list[Spoken]:
    texts: dict[tuple[int, Kind, int], str] = {}

    def add(choice: int, kind: Kind, number: int, text: str | None) -> None:
        if text is not None:
            texts[choice, kind, number] = texts.get((choice, kind, number), "") + text

    for chunk in chunks:
        for choice in chunk["choices"]:
            index, delta = choice["index"], choice["delta"]
            add(index, "answer", 0, delta.get("content"))
            add(index, "reasoning", 0, delta.get("reasoning_content"))
            for call in delta.get("tool_calls", ()):
                add(index, "tool_arguments", call["index"], call["function"]["arguments"])
    return [Spoken(kind, text, choice) for (choice, kind, _), text in sorted(texts.items()) if text]


def _read_chat(body: Body) -> list[Spoken]:
    found: list[Spoken] = []
    for choice in body["choices"]:
        message, index = choice["message"], choice["index"]
        found += [Spoken("answer", message["content"], index)] if message["content"] else []
        thought = message.get("reasoning_content")
        found += [Spoken("reasoning", thought, index)] if thought else []
        for call in message.get("tool_calls", ()):
            found.append(Spoken("tool_arguments", call["function"]["arguments"], index))
    return found


def _item(each: Spoken, index: int) -> Body:
    if each.kind == "answer":
        part = {"type": "output_text", "text": each.text, "annotations": [], "logprobs": []}
        return {
            "id": f"msg_{index}", "type": "message", "role": "assistant", "status": "completed", "content": [part],
        }  # fmt: skip
    if each.kind == "reasoning":
        return {
            "id": f"rs_{index}",
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": each.text}],
        }
    return {
        "id": f"fc_{index}", "type": "function_call", "call_id": f"call_{index}", "name": "mail",
        "arguments": each.text, "status": "completed",
    }  # fmt: skip


def _response(status: str, output: list[Body]) -> Body:
    usage = {
        "input_tokens": 21, "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 0}, "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 28,
    }  # fmt: skip
    return {
        "id": "resp_1", "object": "response", "created_at": 1_790_000_000, "status": status, "model": "gpt-5.4",
        "output": output, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "error": None,
        "incomplete_details": None, "instructions": None, "metadata": {}, "temperature": 1.0, "top_p": 1.0,
        "usage": usage if status == "completed" else None,
    }  # fmt: skip


def _responses_streamed(answer: Sequence[Spoken], cut: Cut) -> list[Body]:
    events: list[Body] = [
        {"type": "response.created", "response": _response("in_progress", [])},
        {"type": "response.in_progress", "response": _response("in_progress", [])},
    ]
    for index, each in enumerate(answer):
        item = _item(each, index)
        where = {"item_id": item["id"], "output_index": index}
        if each.kind == "answer":
            at = where | {"content_index": 0}
            empty = item | {"status": "in_progress", "content": []}
            events += [
                {"type": "response.output_item.added", "output_index": index, "item": empty},
                {"type": "response.content_part.added", "part": item["content"][0] | {"text": ""}} | at,
            ]
            said = at | {"logprobs": []}
            events += [
                {"type": "response.output_text.delta", "delta": piece, "obfuscation": "xY3"} | said
                for piece in cut(each.text)
            ]
            events += [
                {"type": "response.output_text.done", "text": each.text} | said,
                {"type": "response.content_part.done", "part": item["content"][0]} | at,
            ]
        elif each.kind == "reasoning":
            at = where | {"summary_index": 0}
            part = item["summary"][0]
            name = "response.reasoning_summary_text"
            events += [
                {"type": "response.output_item.added", "output_index": index, "item": item | {"summary": []}},
                {"type": "response.reasoning_summary_part.added", "part": part | {"text": ""}} | at,
            ]
            events += [{"type": f"{name}.delta", "delta": piece} | at for piece in cut(each.text)]
            events += [
                {"type": f"{name}.done", "text": each.text} | at,
                {"type": "response.reasoning_summary_part.done", "part": part} | at,
            ]
        else:
            empty = item | {"arguments": "", "status": "in_progress"}
            name = "response.function_call_arguments"
            events.append({"type": "response.output_item.added", "output_index": index, "item": empty})
            events += [{"type": f"{name}.delta", "delta": piece} | where for piece in cut(each.text)]
            events.append({"type": f"{name}.done", "arguments": each.text} | where)
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    events.append({"type": "response.completed", "response": _responses_whole(answer)})
    return [event | {"sequence_number": number} for number, event in enumerate(events)]


def _responses_whole(answer: Sequence[Spoken]) -> Body:
    return _response("completed", [_item(each, index) for index, each in enumerate(answer)])


def _read_responses_stream(events: Sequence[Body]) -> list[Spoken]:
    """Read the deltas, and insist that whatever repeats them says the same and that the numbers follow each other."""
    texts: dict[int, str] = {}
    kinds: dict[int, Kind] = {}
    assert [each["sequence_number"] for each in events] == list(range(len(events)))
    for each in events:
        kind, index = each["type"], each.get("output_index", 0)
        if kind.endswith(".delta"):
            texts[index] = texts.get(index, "") + each["delta"]
            kinds[index] = _KINDS[kind.removeprefix("response.").removesuffix(".delta")]
        elif kind.endswith("_text.done"):
            assert each["text"] == texts.get(index, "")
        elif kind == "response.function_call_arguments.done":
            assert each["arguments"] == texts.get(index, "")
        elif kind.endswith("_part.done"):
            assert each["part"]["text"] == texts.get(index, "")
        elif kind == "response.output_item.done":
            assert "".join(said.text for said in _read_item(each["item"])) == texts.get(index, "")
    said = [Spoken(kinds[index], text, 0) for index, text in sorted(texts.items()) if text]
    ended = events[-1]
    assert ended["type"] in ("response.completed", "response.incomplete")
    assert _read_responses(ended["response"]) == said
    return said


_KINDS: dict[str, Kind] = {
    "output_text": "answer",
    "reasoning_summary_text": "reasoning",
    "function_call_arguments": "tool_arguments",
}


def _read_responses(body: Body) -> list[Spoken]:
    return [each for item in body["output"] for each in _read_item(item) if each.text]


def _read_item(item: Body) -> list[Spoken]:
    if item["type"] == "message":
        return [Spoken("answer", part["text"]) for part in item["content"]]
    if item["type"] == "reasoning":
        return [Spoken("reasoning", part["text"]) for part in item["summary"]]
    return [Spoken("tool_arguments", item["arguments"])]


_DELTAS: dict[Kind, tuple[str, str]] = {
    "answer": ("text_delta", "text"),
    "reasoning": ("thinking_delta", "thinking"),
    "tool_arguments": ("input_json_delta", "partial_json"),
}


def _block(each: Spoken, index: int) -> Body:
    if each.kind == "answer":
        return {"type": "text", "text": each.text, "citations": None}
    if each.kind == "reasoning":
        return {
            "type": "thinking",
            "thinking": each.text,
            "signature": "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl",
        }
    return {"type": "tool_use", "id": f"toolu_{index}", "name": "mail", "input": orjson.loads(each.text)}


def _messages_streamed(answer: Sequence[Spoken], cut: Cut) -> list[Body]:
    message = _messages_whole([]) | {"stop_reason": None}
    events: list[Body] = [{"type": "message_start", "message": message}, {"type": "ping"}]
    for index, each in enumerate(answer):
        block = _block(each, index)
        kind, key = _DELTAS[each.kind]
        empty: Body = {"answer": {"text": ""}, "reasoning": {"thinking": "", "signature": ""}}.get(
            each.kind, {"input": {}}
        )
        events.append({"type": "content_block_start", "index": index, "content_block": block | empty})
        deltas: list[Body] = [{"type": kind, key: piece} for piece in cut(each.text)]
        if each.kind == "reasoning":
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    return [
        *events,
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 7}},
        {"type": "message_stop"},
    ]


def _messages_whole(answer: Sequence[Spoken]) -> Body:
    usage = {
        "input_tokens": 13, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 8, "output_tokens": 7,
    }  # fmt: skip
    return {
        "id": "msg_01", "type": "message", "role": "assistant", "model": "claude-sonnet-5", "stop_reason": "end_turn",
        "content": [_block(each, index) for index, each in enumerate(answer)], "stop_sequence": None, "usage": usage,
    }  # fmt: skip


def _read_messages_stream(events: Sequence[Body]) -> list[Spoken]:
    texts: dict[int, Spoken] = {}
    kinds = {kind: name for name, (kind, _) in _DELTAS.items()}
    open_blocks: list[int] = []
    for each in events:
        if each["type"] == "content_block_start":
            open_blocks.append(each["index"])
        elif each["type"] == "content_block_stop":
            open_blocks.remove(each["index"])
        elif each["type"] == "content_block_delta" and each["delta"]["type"] in kinds:
            assert each["index"] in open_blocks
            kind = kinds[each["delta"]["type"]]
            said = texts.get(each["index"], Spoken(kind, ""))
            texts[each["index"]] = replace(said, text=said.text + each["delta"][_DELTAS[kind][1]])
    assert (open_blocks, events[-1]["type"]) == ([], "message_stop")
    return [_parsed(texts[index]) for index in sorted(texts) if texts[index].text]


def _read_messages(body: Body) -> list[Spoken]:
    said = {"text": ("answer", "text"), "thinking": ("reasoning", "thinking")}
    found: list[Spoken] = []
    for block in body["content"]:
        if block["type"] == "tool_use":
            found.append(Spoken("tool_arguments", orjson.dumps(block["input"]).decode()))
        else:
            kind, key = said[block["type"]]
            found += [Spoken(kind, block[key])] if block[key] else []  # type: ignore[arg-type]
    return found


def _parsed(said: Spoken) -> Spoken:
    """Return arguments as they are read: a client of Messages never sees how they were written."""
    if said.kind != "tool_arguments":
        return said
    return replace(said, text=orjson.dumps(orjson.loads(said.text)).decode())


CHAT = Speech(
    "chat_completions",
    Chat(),
    _chat_streamed,
    _chat_whole,
    _read_chat_stream,
    _read_chat,
    is_named=False,
    ends_with=b"data: [DONE]\n\n",
)
RESPONSES = Speech(
    "responses", Responses(), _responses_streamed, _responses_whole, _read_responses_stream, _read_responses
)
MESSAGES = Speech(
    "messages", Messages(), _messages_streamed, _messages_whole, _read_messages_stream, _read_messages
)
SPEECHES = {each.name: each for each in (CHAT, RESPONSES, MESSAGES)}
