"""The model parapet/demo: an upstream inside this process, so that everything can be tried offline.

It understands nothing and says so in its answers. What it says is always the same for the same request.
"""

import asyncio
import base64
import hashlib
import math
import re
import struct
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson

from inference_proxy.upstreams.base import Answer, Call

PROVIDER = "parapet"
FIRST_TOKEN_S = 0.03
NEXT_TOKEN_S = 0.002
DIMENSIONS = 256
QUOTED = 400
"""How many characters of a message an answer repeats."""

_OPTIONS = re.compile(r"exactly one of: *([^\n.]{1,400})")
_WORD = re.compile(r"\S+\s*|\s+")
_TERM = re.compile(r"\w+")


class DemoUpstream:
    """Answers chat completions, completions and embeddings without a provider."""

    async def send(self, call: Call) -> Answer:
        """Answer a call the way OpenAI would."""
        await asyncio.sleep(FIRST_TOKEN_S)
        body = orjson.loads(call.body)
        try:
            if call.path == "/embeddings":
                return DemoAnswer(200, _embeddings(body))
            make = _chat if call.path == "/chat/completions" else _completion
            if call.is_streamed:
                return DemoStream(make(body), is_chat=make is _chat, body=body)
            return DemoAnswer(200, make(body))
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            message = f"The demo model cannot read this request ({type(error).__name__})."
            fields = {
                "message": message,
                "type": "invalid_request_error",
                "param": None,
                "code": "invalid_value",
            }
            return DemoAnswer(400, {"error": fields})


class DemoAnswer:
    """A whole answer."""

    headers: Mapping[str, str] = {"content-type": "application/json"}

    def __init__(self, status: int, value: dict[str, Any]) -> None:
        self.status = status
        self._body = orjson.dumps(value)

    async def read(self) -> bytes:
        """Return the body."""
        return self._body

    async def next_bytes(self) -> bytes:
        """Return the body, then nothing."""
        body, self._body = self._body, b""
        return body

    def close(self) -> None:
        """Do nothing; nothing is open."""


class DemoStream:
    """An answer that arrives word by word."""

    status = 200
    headers: Mapping[str, str] = {"content-type": "text/event-stream"}

    def __init__(self, answer: dict[str, Any], *, is_chat: bool, body: dict[str, Any]) -> None:
        self._events = _events(answer, is_chat=is_chat, body=body)

    async def read(self) -> bytes:
        """Return the whole stream."""
        return b"".join([event async for event in self._events])

    async def next_bytes(self) -> bytes:
        """Return the next event."""
        return await anext(self._events, b"")

    def close(self) -> None:
        """Do nothing; nothing is open."""


def _chat(body: dict[str, Any]) -> dict[str, Any]:
    message, finish_reason, probabilities = _reply(body)
    text = message["content"] or orjson.dumps(message["tool_calls"]).decode()
    choices = [
        {
            "index": index,
            "message": message,
            "logprobs": {"content": probabilities} if body.get("logprobs") and probabilities else None,
            "finish_reason": finish_reason,
        }
        for index in range(min(_count(body.get("n"), 1), 16))
    ]
    usage = _usage(orjson.dumps(body["messages"]).decode(), text * len(choices))
    return _envelope(body, "chatcmpl", "chat.completion", choices=choices, usage=usage)


def _completion(body: dict[str, Any]) -> dict[str, Any]:
    prompts = body["prompt"] if isinstance(body["prompt"], list) else [body["prompt"]]
    choices = []
    for index, prompt in enumerate(prompts):
        text, finish_reason = _cut(_echo(str(prompt)), body)
        choices.append({"index": index, "text": text, "logprobs": None, "finish_reason": finish_reason})
    usage = _usage("".join(map(str, prompts)), "".join(str(choice["text"]) for choice in choices))
    return _envelope(body, "cmpl", "text_completion", choices=choices, usage=usage)


def _embeddings(body: dict[str, Any]) -> dict[str, Any]:
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    if texts and isinstance(texts[0], int):
        texts = [texts]
    size = min(_count(body.get("dimensions"), DIMENSIONS), 4_096)
    data = []
    for index, text in enumerate(texts):
        vector = _vector(text if isinstance(text, str) else " ".join(map(str, text)), size)
        encoded: Any = vector
        if body.get("encoding_format") == "base64":
            encoded = base64.b64encode(struct.pack(f"<{size}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": encoded})
    tokens = sum(_tokens(str(text)) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": body["model"], "usage": usage}


def _reply(body: dict[str, Any]) -> tuple[dict[str, Any], str, list[dict[str, Any]]]:
    """Return a message, why it ends, and its tokens' probabilities where the demo model has any."""
    last = body["messages"][-1]
    asked = _text_of(last.get("content"))
    options = _OPTIONS.search("\n".join(_text_of(message.get("content")) for message in body["messages"]))
    if options is not None:
        return _choice([option.strip() for option in options[1].split(",") if option.strip()], asked, body)
    tool = _wanted_tool(body, asked) if last.get("role") == "user" else None
    if tool is not None:
        name = str(tool["name"])
        arguments = orjson.dumps(_sample(tool.get("parameters") or {}, asked)).decode()
        call = {
            "id": f"call_{_digest(name + asked)[:12]}",
            "type": "function",
            "function": {"name": name, "arguments": arguments},
        }
        return {"role": "assistant", "content": None, "refusal": None, "tool_calls": [call]}, "tool_calls", []
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        text = orjson.dumps(_sample(form["json_schema"].get("schema") or {}, asked)).decode()
    elif form.get("type") == "json_object":
        text = orjson.dumps({"is_demo": True, "answer": _echo(asked)}).decode()
    elif last.get("role") in ("tool", "function"):
        text = f"This is Parapet's demo model. The tool returned: {asked[:QUOTED]}"
    else:
        text = _echo(asked)
    text, finish_reason = _cut(text, body)
    return {"role": "assistant", "content": text, "refusal": None}, finish_reason, []


def _choice(
    options: list[str], asked: str, body: dict[str, Any]
) -> tuple[dict[str, Any], str, list[dict[str, Any]]]:
    """Choose one of a judge's options, the first more often than not, with a probability for each."""
    draw = int(_digest(asked)[:8], 16) / 0xFFFFFFFF
    chosen = 0 if draw < 0.75 or len(options) == 1 else 1 + int(draw * 997) % (len(options) - 1)
    share = 0.6 + 0.35 * draw
    rest = (1.0 - share) / max(1, len(options) - 1)
    likely = [
        {
            "token": option,
            "logprob": math.log(share if index == chosen else rest),
            "bytes": list(option.encode()),
        }
        for index, option in enumerate(options)
    ]
    likely.sort(key=lambda each: -float(str(each["logprob"])))
    top = likely[: _count(body.get("top_logprobs"), 1)]
    message = {"role": "assistant", "content": options[chosen], "refusal": None}
    return message, "stop", [{**likely[0], "top_logprobs": top}]


def _wanted_tool(body: dict[str, Any], asked: str) -> dict[str, Any] | None:
    """Return the tool a prompt asks for: by the caller's choice, or by its name or the word tool in the text."""
    tools = [tool["function"] for tool in body.get("tools") or () if tool.get("type") == "function"]
    wanted = body.get("tool_choice")
    if not tools or wanted == "none":
        return None
    if isinstance(wanted, dict):
        name = (wanted.get("function") or {}).get("name")
        return next((tool for tool in tools if tool["name"] == name), None)
    words = set(_TERM.findall(asked.lower().replace("_", " ")))
    for tool in tools:
        if set(str(tool["name"]).lower().split("_")) & words:
            return dict(tool)
    return dict(tools[0]) if wanted == "required" or words & {"tool", "tools", "call", "use"} else None


def _sample(schema: dict[str, Any], text: str, depth: int = 0) -> Any:
    """Return the smallest value that looks like what a JSON schema describes."""
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object" or "properties" in schema or (kind is None and depth == 0):
        properties = schema.get("properties") or {}
        names = schema.get("required") or list(properties)
        if depth > 8:
            return {}
        return {name: _sample(properties.get(name) or {}, text, depth + 1) for name in names}
    if kind == "array":
        return [_sample(schema["items"], text, depth + 1)] if schema.get("items") and depth < 8 else []
    samples: dict[Any, Any] = {"integer": 1, "number": 1.5, "boolean": True, "null": None}
    return samples.get(kind, text[:80] or "demo")


async def _events(answer: dict[str, Any], *, is_chat: bool, body: dict[str, Any]) -> AsyncIterator[bytes]:
    kind = "chat.completion.chunk" if is_chat else "text_completion"
    asks_for_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    base = {key: answer[key] for key in ("id", "created", "model", "system_fingerprint")} | {"object": kind}
    if asks_for_usage:
        base["usage"] = None
    for choice in answer["choices"]:
        for said in (
            _deltas(choice) if is_chat else [{"text": word} for word in _WORD.findall(choice["text"])]
        ):
            piece = {"index": choice["index"], **said, "finish_reason": None}
            yield _event(base | {"choices": [piece | {"logprobs": said.get("logprobs")}]})
            await asyncio.sleep(NEXT_TOKEN_S)
        last: dict[str, Any] = {"delta": {}} if is_chat else {"text": ""}
        ending = {
            "index": choice["index"],
            **last,
            "logprobs": None,
            "finish_reason": choice["finish_reason"],
        }
        yield _event(base | {"choices": [ending]})
    if asks_for_usage:
        yield _event(base | {"choices": [], "usage": answer["usage"]})
    yield b"data: [DONE]\n\n"


def _deltas(choice: dict[str, Any]) -> list[dict[str, Any]]:
    message = choice["message"]
    deltas: list[dict[str, Any]] = [{"delta": {"role": "assistant", "content": "", "refusal": None}}]
    for index, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        head = {"index": index, **call, "function": {"name": function["name"], "arguments": ""}}
        deltas.append({"delta": {"tool_calls": [head]}})
        deltas += [
            {"delta": {"tool_calls": [{"index": index, "function": {"arguments": part}}]}}
            for part in re.findall(r".{1,12}", function["arguments"], re.DOTALL)
        ]
    words = _WORD.findall(message["content"] or "")
    deltas += [{"delta": {"content": word}} for word in words]
    if words and choice["logprobs"]:
        deltas[-len(words)]["logprobs"] = choice["logprobs"]
    return deltas


def _echo(asked: str) -> str:
    quoted = asked[:QUOTED] + ("…" if len(asked) > QUOTED else "")
    return f"This is Parapet's demo model; no provider was asked. You wrote: {quoted}"


def _cut(text: str, body: dict[str, Any]) -> tuple[str, str]:
    limit = _count(body.get("max_completion_tokens") or body.get("max_tokens"), 4_096)
    return (text, "stop") if _tokens(text) <= limit else (text[: limit * 4], "length")


def _envelope(body: dict[str, Any], prefix: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"{prefix}-demo-{_digest(repr(time.time_ns()))[:16]}",
        "object": kind,
        "created": int(time.time()),
        "model": body["model"],
        "system_fingerprint": "parapet-demo",
    } | fields


def _usage(asked: str, said: str) -> dict[str, Any]:
    read, written = _tokens(asked), _tokens(said)
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def _vector(text: str, size: int) -> list[float]:
    """Hash each word to a place and a sign, so that texts that share words point the same way."""
    vector = [0.0] * size
    for word in _TERM.findall(text.lower()) or [text]:
        number = int(_digest(word)[:12], 16)
        vector[number % size] += 1.0 if number & (1 << 40) else -1.0
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text") or "") for part in parts if isinstance(part, dict))


def _tokens(text: str) -> int:
    return max(1, -(-len(text) // 4))


def _count(value: Any, default: int) -> int:
    return (
        value
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 1_000_000
        else default
    )


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _event(value: object) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"
