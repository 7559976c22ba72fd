"""The models that come with Parapet: the guard server as an upstream, in the shapes of OpenAI."""

import asyncio
import re
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import orjson

from guardrails.client import GuardServer
from inference_proxy.errors import invalid
from inference_proxy.house import EMBEDDING, MODERATION, PATHS, REDACTOR
from inference_proxy.upstreams.base import Answer, Call, UpstreamError

LONGEST_S = 30.0
_PLACEHOLDER = re.compile(r"<([A-Z][A-Z0-9_]*_[0-9]+)>")
"""What a policy has masked before the redactor saw it."""
_PIECE = re.compile(r"\S{0,64}\s*", re.DOTALL)
_HOLDS: Mapping[str, tuple[str, str, Any]] = {
    MODERATION: ("results", "flagged", bool),
    EMBEDDING: ("data", "embedding", (list, str)),
    REDACTOR: ("results", "text", str),
}
"""Where an answer has its results, and what each of them must hold."""
_BEHIND = {MODERATION: "/v1/moderations", EMBEDDING: "/v1/embeddings", REDACTOR: "/v1/redact"}


class HouseUpstream:
    """Answers for the models that come with Parapet."""

    def __init__(self, server: GuardServer) -> None:
        self._server = server

    async def send(self, call: Call) -> Answer:
        """Answer a call the way OpenAI would. Raises UpstreamError when the guard server does not answer."""
        body = orjson.loads(call.body)
        model = body.get("model")
        if PATHS.get(model) != call.path:
            path = PATHS.get(model, "")
            return _refused(400, f"The model {str(model)[:64]!r} answers /v1{path}, not /v1{call.path}.")
        if model != REDACTOR:
            status, content = await self._ask(model, call.body)
            if status == 200:
                _results(content, _HOLDS[model], count=_inputs(body.get("input")))
            return HouseAnswer(status, content if status == 200 else _as_error(content))
        texts = _last_words(body)
        if isinstance(texts, str):
            return _refused(400, texts)
        asked = orjson.dumps({"texts": texts, "square_brackets": True})
        status, content = await self._ask(model, asked)
        if status != 200:
            return HouseAnswer(status, _as_error(content))
        said = "\n".join(_results(content, _HOLDS[REDACTOR], count=len(texts)))
        said = _PLACEHOLDER.sub(r"[\1]", said)
        answer = _completion(model, said, read=sum(map(len, texts)))
        if call.is_streamed:
            return HouseStream(answer, body)
        return HouseAnswer(200, orjson.dumps(answer))

    async def _ask(self, model: str, body: bytes) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(LONGEST_S):
                status, content = await self._server.post(_BEHIND[model], body)
        except TimeoutError:
            raise UpstreamError(
                "timeout", f"the guard server did not answer within {LONGEST_S:.0f} s"
            ) from None
        except (aiohttp.ClientError, OSError):
            raise UpstreamError("connect", "the guard server could not be reached") from None
        if status == 401:
            raise UpstreamError("connect", "the guard server was started with another PARAPET_GUARD_TOKEN")
        return status, content


def _results(content: bytes, holds: tuple[str, str, Any], *, count: int) -> list[Any]:
    """Return what a good answer says of each input. Raises UpstreamError when it is none."""
    results, key, kind = holds
    try:
        found = [each[key] for each in orjson.loads(content)[results]]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        found = []
    if len(found) != count or not all(isinstance(each, kind) for each in found):
        raise UpstreamError("interrupted", "the guard server's answer could not be understood")
    return found


def _inputs(given: Any) -> int:
    """Return how many results there are to be: one for each text, and one for all parts of a message."""
    if isinstance(given, list) and not any(isinstance(each, dict) for each in given):
        return len(given)
    return 1


class HouseAnswer:
    """A whole answer."""

    def __init__(self, status: int, content: bytes) -> None:
        self.status = status
        self.headers: Mapping[str, str] = {"content-type": "application/json"}
        if status in (429, 503):
            self.headers = {**self.headers, "retry-after": "1"}
        self._content = content

    async def read(self) -> bytes:
        """Return the body."""
        return self._content

    async def next_bytes(self) -> bytes:
        """Return the body, then nothing."""
        content, self._content = self._content, b""
        return content

    def close(self) -> None:
        """Do nothing; nothing is open."""


class HouseStream:
    """An answer in pieces, as clients that stream expect it."""

    status = 200
    headers: Mapping[str, str] = {"content-type": "text/event-stream"}

    def __init__(self, answer: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        self._events = _events(answer, body)

    async def read(self) -> bytes:
        """Return the whole stream."""
        return b"".join([event async for event in self._events])

    async def next_bytes(self) -> bytes:
        """Return the next event."""
        return await anext(self._events, b"")

    def close(self) -> None:
        """Do nothing; nothing is open."""


def _last_words(body: Mapping[str, Any]) -> list[str] | str:
    """Return the texts of the last user message, or what is wrong with it."""
    if isinstance(body.get("n"), int) and body["n"] > 1:
        return "The redactor has one answer: leave 'n' at 1."
    said = [message for message in body["messages"] if message.get("role") == "user"]
    content = said[-1].get("content") if said else None
    if isinstance(content, str) and content:
        return [content]
    parts = content if isinstance(content, list) else []
    texts: list[str] = [
        part["text"]
        for part in parts
        if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)
    ]
    if not texts or len(texts) != len(parts):
        return "The redactor reads the last user message, which must hold text and nothing else."
    return texts


def _completion(model: str, said: str, *, read: int) -> dict[str, Any]:
    asked, written = max(1, -(-read // 4)), max(1, -(-len(said) // 4))
    message = {"role": "assistant", "content": said, "refusal": None}
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "system_fingerprint": "parapet",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": asked, "completion_tokens": written, "total_tokens": asked + written},
    }


async def _events(answer: Mapping[str, Any], body: Mapping[str, Any]) -> AsyncIterator[bytes]:
    asks_for_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    base = {key: answer[key] for key in ("id", "created", "model", "system_fingerprint")}
    base |= {"object": "chat.completion.chunk"} | ({"usage": None} if asks_for_usage else {})
    pieces = _PIECE.findall(answer["choices"][0]["message"]["content"])
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": piece} for piece in pieces if piece]
    for delta in deltas:
        yield _event(
            base | {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}]}
        )
    yield _event(base | {"choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]})
    if asks_for_usage:
        yield _event(base | {"choices": [], "usage": answer["usage"]})
    yield b"data: [DONE]\n\n"


def _event(value: object) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


def _refused(status: int, message: str) -> HouseAnswer:
    return HouseAnswer(status, invalid(message).as_json())


def _as_error(content: bytes) -> bytes:
    """Return an error in OpenAI's shape, whatever came."""
    try:
        error = orjson.loads(content)["error"]
        fields: dict[str, Any] = {"message": str(error["message"]), "type": str(error["type"])}
        fields |= {"param": error.get("param"), "code": error.get("code") or fields["type"]}
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        fields = {"message": "The guard server refused the request.", "type": "upstream_error"}
        fields |= {"param": None, "code": "upstream_error"}
    return orjson.dumps({"error": fields})
