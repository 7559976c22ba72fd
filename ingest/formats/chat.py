"""Messages of every dialect in the one shape we keep: that of OpenAI's chat."""

from typing import Any

from ingest.formats.values import as_json, items, parsed, text
from ingest.records import Message

_CALL_TYPES = {"tool_call", "tool-call", "tool_use", "function_call"}
_RESULT_TYPES = {"tool_call_response", "tool-result", "tool_result", "function_call_output"}
_REASONING_TYPES = {"reasoning", "thinking"}
_ROLES = {"human": "user", "ai": "assistant", "model": "assistant", "function": "tool"}


def messages(value: Any, *, role: str) -> list[Message]:
    """Return the messages in a list, a JSON list or a single message; `role` is for those that have none."""
    found: list[Message] = []
    for item in items(value):
        plain = _plain_message(item)
        if plain is None:
            found += _message(item, role)
        else:
            found.append(plain)
    return found


def said(role: str, content: Any) -> list[Message]:
    """Return one message with this content as text, or none when there is nothing in it."""
    content = text(content)
    return [{"role": role, "content": content}] if content else []


def tool_call(*, name: Any, arguments: Any, id: Any = None) -> dict[str, Any]:
    """Return a tool call in OpenAI's shape: the arguments are JSON in a string."""
    call: dict[str, Any] = {
        "type": "function",
        "function": {"name": text(name), "arguments": text(arguments)},
    }
    if id:
        call["id"] = text(id)
    return call


def document(*, content: Any, id: Any = None, score: Any = None, metadata: Any = None) -> Message:
    """Return a retrieved document as a message."""
    message: Message = {"role": "document", "content": text(content)}
    for key, value in (("id", id), ("score", score), ("metadata", parsed(metadata))):
        if value is not None and value != "":
            message[key] = value
    return message


def documents(value: Any) -> list[Message]:
    """Return retrieved documents given as a list, or as JSON, of texts or objects."""
    found = []
    for item in items(value):
        if isinstance(item, dict):
            item = item.get("document", item)
        if isinstance(item, dict):
            content = item.get("content") or item.get("text") or item.get("page_content")
            found.append(
                document(
                    content=as_json(item) if content is None else content,
                    id=item.get("id"),
                    score=item.get("score"),
                    metadata=item.get("metadata"),
                )
            )
        else:
            found.append(document(content=item))
    return found


def _plain_message(item: Any) -> Message | None:
    """Return the message most messages are: a role and one text. None for any other, which takes longer."""
    if type(item) is not dict or len(item) != 2:
        return None
    role, content = item.get("role"), item.get("content")
    parts = item.get("parts")
    if type(parts) is list and len(parts) == 1 and type(parts[0]) is dict and parts[0].get("type") == "text":
        content = parts[0].get("content")
    elif type(content) is str and content[:1] in ("[", "{"):
        return None
    if type(role) is not str or type(content) is not str or not role or not content:
        return None
    return {"role": _ROLES.get(role, role), "content": content}


def _message(item: Any, role: str) -> list[Message]:
    if not isinstance(item, dict):
        return said(role, item)
    if not item.keys() & {"role", "content", "parts", "tool_calls", "type"}:
        return said(role, item)
    role = text(item.get("role")) or role
    role = _ROLES.get(role, role)
    message: Message = {"role": role, "content": None}
    for key in ("name", "tool_call_id", "refusal", "finish_reason", "reasoning_content"):
        if item.get(key):
            message[key] = text(item[key])
    if item.get("tool_calls"):
        message["tool_calls"] = [_call(call) for call in items(item["tool_calls"])]
    content = item.get("parts") or parsed(item.get("content"))
    if isinstance(content, list):
        return _with_parts(message, content)
    if isinstance(content, dict) and "type" in content:
        return _with_parts(message, [content])
    message["content"] = text(content) if content is not None else None
    return _if_any(message)


def _with_parts(message: Message, parts: list[Any]) -> list[Message]:
    """Sort parts into content, reasoning and tool calls; each tool result becomes a message of its own."""
    kept: list[dict[str, Any]] = []
    reasoning: list[str] = []
    calls: list[dict[str, Any]] = []
    results: list[Message] = []
    for part in parts:
        if not isinstance(part, dict):
            kept.append({"type": "text", "text": text(part)})
            continue
        kind = text(part.get("type"))
        if kind in _CALL_TYPES:
            calls.append(_call(part))
        elif kind in _RESULT_TYPES:
            results.append(_result(part))
        elif kind in _REASONING_TYPES:
            reasoning.append(text(_of(part, "content", "text", "thinking", "reasoning")))
        elif kind in ("text", "input_text", "output_text") or (not kind and "text" in part):
            kept.append({"type": "text", "text": text(_of(part, "content", "text"))})
        else:
            kept.append(part)
    if calls:
        message["tool_calls"] = [*message.get("tool_calls", []), *calls]
    if reasoning:
        message["reasoning_content"] = "\n".join(reasoning)
    if len(kept) == 1 and kept[0].get("type") == "text":
        message["content"] = kept[0]["text"]
    elif kept:
        message["content"] = kept
    return [*results, *_if_any(message)]


def _if_any(message: Message) -> list[Message]:
    says_something = (
        message["content"]
        or message.get("tool_calls")
        or message.get("reasoning_content")
        or message.get("refusal")
    )
    if says_something or message["role"] == "tool":
        return [message]
    # An answer that is empty is still an answer: its finish reason says why.
    return [message | {"content": ""}] if message["role"] == "assistant" and len(message) > 2 else []


def _call(call: Any) -> dict[str, Any]:
    if not isinstance(call, dict):
        return tool_call(name="", arguments=call)
    function = call.get("function")
    inner = function if isinstance(function, dict) else call
    return tool_call(
        id=_of(call, "id", "toolCallId", "call_id"),
        name=_of(inner, "name", "toolName", "tool_name"),
        arguments=_of(inner, "arguments", "args", "input"),
    )


def _result(part: dict[str, Any]) -> Message:
    result = _of(part, "response", "result", "output", "content")
    message: Message = {"role": "tool", "content": text(_plain(result))}
    for key, value in (
        ("tool_call_id", _of(part, "id", "toolCallId", "tool_use_id", "call_id", "tool_call_id")),
        ("name", _of(part, "name", "toolName")),
    ):
        if value:
            message[key] = text(value)
    return message


def _plain(result: Any) -> Any:
    """Take the text out of results that wrap it, as `[{"type": "text", "text": …}]` does."""
    if isinstance(result, list) and result and all(isinstance(i, dict) and "text" in i for i in result):
        return "\n".join(text(item["text"]) for item in result)
    return result


def _of(source: dict[str, Any], *keys: str) -> Any:
    for key in keys:
        if source.get(key) is not None:
            return source[key]
    return None
