"""A provider at the far end of HTTP that does what a test tells it to, well or badly.

It speaks raw HTTP/1.1 on a socket, so that it can also break every rule of it: stall, reset, cut an
answer short. It runs in a thread of its own; synchronous and asynchronous tests use it alike.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import orjson

Ending = Literal["complete", "close", "reset", "stall"]
"""How an answer ends: whole; the connection closed early; reset; or held open and silent."""

USAGE = {
    "prompt_tokens": 21,
    "completion_tokens": 7,
    "total_tokens": 28,
    "prompt_tokens_details": {"cached_tokens": 8},
    "completion_tokens_details": {"reasoning_tokens": 2},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def text(self) -> str:
        """Everything that arrived, for searching."""
        head = "".join(f"{name}: {value}\n" for name, value in self.headers.items())
        return f"{self.method} {self.path}\n{head}\n{self.body.decode(errors='replace')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What to answer: a status, headers, and pieces written one after the other."""

    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    pieces: Sequence[bytes] = ()
    delay_s: float = 0.0
    """Before the first byte of the head."""
    gap_s: float = 0.0
    """Between two pieces; even 0 lets each piece leave on its own."""
    ending: Ending = "complete"
    is_streamed: bool = False
    """Chunked transfer encoding instead of a content length."""


Script = Callable[[Received], Reply]


def as_json(value: object, *, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> Reply:
    """Return a reply with a JSON body."""
    content_type = ("content-type", "application/json")
    return Reply(status=status, headers=(content_type, *headers), pieces=[orjson.dumps(value)])


def as_error(status: int, message: str = "it broke", *, headers: Sequence[tuple[str, str]] = ()) -> Reply:
    """Return an error as OpenAI words it."""
    error = {"message": message, "type": "upstream_error", "param": None, "code": "fake"}
    return as_json({"error": error}, status=status, headers=headers)


def as_stream(
    pieces: Iterable[bytes], *, ending: Ending = "complete", gap_s: float = 0.0, delay_s: float = 0.0
) -> Reply:
    """Return server-sent events, written exactly in these pieces."""
    return Reply(
        headers=[("content-type", "text/event-stream; charset=utf-8")],
        pieces=list(pieces),
        ending=ending,
        gap_s=gap_s,
        delay_s=delay_s,
        is_streamed=True,
    )


def chunk(model: str = "fake-model", *, choices: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    """Return one chat.completion.chunk."""
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": model,
        "choices": choices,
    } | fields


def delta(index: int = 0, finish_reason: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return one choice of a chunk."""
    return {"index": index, "delta": fields, "logprobs": None, "finish_reason": finish_reason}


def event(value: object) -> bytes:
    """Return one server-sent event with a JSON payload."""
    return b"data: " + orjson.dumps(value) + b"\n\n"


DONE = b"data: [DONE]\n\n"


def spoken(
    *parts: str,
    model: str = "fake-model",
    finish_reason: str = "stop",
    usage: dict[str, Any] | None = None,
    asked_for_usage: bool = True,
) -> list[bytes]:
    """Return the events of a streamed answer that says these parts, as OpenAI sends them."""
    null_usage: dict[str, Any] = {"usage": None} if asked_for_usage else {}
    events = [event(chunk(model, choices=[delta(role="assistant", content="", refusal=None)], **null_usage))]
    events += [event(chunk(model, choices=[delta(content=part)], **null_usage)) for part in parts]
    events.append(event(chunk(model, choices=[delta(finish_reason=finish_reason)], **null_usage)))
    if asked_for_usage:
        events.append(event(chunk(model, choices=[], usage=USAGE if usage is None else usage)))
    return [*events, DONE]


def completion(
    *contents: str,
    model: str = "fake-model",
    finish_reason: str = "stop",
    usage: dict[str, Any] | None = None,
    **message: Any,
) -> dict[str, Any]:
    """Return a chat.completion with one choice for each content."""
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": model,
        "choices": [
            {
                "index": index,
                "message": {"role": "assistant", "content": content, "refusal": None} | message,
                "logprobs": None,
                "finish_reason": finish_reason,
            }
            for index, content in enumerate(contents)
        ],
        "usage": USAGE if usage is None else usage,
    }


def answer_politely(request: Received) -> Reply:
    """Answer any endpoint the way an OpenAI-compatible provider would."""
    if request.path.endswith("/models"):
        return as_json({"object": "list", "data": [{"id": "fake-model", "object": "model"}]})
    body = request.json
    model = body.get("model", "fake-model")
    if request.path.endswith("/embeddings"):
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        data = [{"object": "embedding", "index": i, "embedding": [0.25, -0.5]} for i in range(len(texts))]
        usage = {"prompt_tokens": 5, "total_tokens": 5}
        return as_json({"object": "list", "data": data, "model": model, "usage": usage})
    if body.get("stream"):
        asked = bool((body.get("stream_options") or {}).get("include_usage"))
        return as_stream(spoken("Hello", " from", " the fake.", model=model, asked_for_usage=asked))
    if request.path.endswith("/chat/completions"):
        return as_json(completion("Hello from the fake.", model=model))
    choice = {"index": 0, "text": "Hello from the fake.", "finish_reason": "stop", "logprobs": None}
    return as_json(
        {"id": "cmpl-fake", "object": "text_completion", "model": model, "choices": [choice], "usage": USAGE}
    )


@dataclass
class FakeUpstream:
    """A provider on loopback. `with FakeUpstream() as upstream:` starts it; `upstream.url` ends in /v1."""

    default: Script = answer_politely
    requests: list[Received] = field(default_factory=list)
    """Every request received, in order."""
    port: int = 0
    _scripts: deque[Reply | Script] = field(default_factory=deque)
    _connections: set[asyncio.StreamWriter] = field(default_factory=set)
    _ready: threading.Event = field(default_factory=threading.Event)
    opened: int = 0
    """How many connections were ever opened to it."""
    interrupted: int = 0
    """How many answers its caller cut off by closing the connection."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return len(self._connections)

    def then(self, *replies: Reply | Script) -> Self:
        """Answer the next requests with these, in order; after that the default answers again."""
        self._scripts.extend(replies)
        return self

    def always(self, reply: Reply | Script) -> Self:
        """Answer every request with this."""
        self.default = reply if callable(reply) else lambda _request: reply
        return self

    def reset(self) -> None:
        """Forget every request and script."""
        self.default = answer_politely
        self.requests.clear()
        self._scripts.clear()
        self.interrupted = 0

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="fake upstream", daemon=True)
        self._thread.start()
        assert self._ready.wait(10), "the fake upstream did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        server = await asyncio.start_server(self._converse, "127.0.0.1", self.port, limit=2**26)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopping.wait()
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self._connections.add(writer)
        try:
            while (request := await _read_request(reader)) is not None:
                self.requests.append(request)
                script = self._scripts.popleft() if self._scripts else self.default
                reply = script(request) if callable(script) else script
                if not await self._answer(reply, reader, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the caller went away, or the test is over
        finally:
            self._connections.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Write a reply; True when the connection can carry another request."""
        await asyncio.sleep(reply.delay_s)
        writer.write(_head(reply))
        for piece in reply.pieces:
            try:
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if reply.is_streamed else piece)
                await writer.drain()
                await asyncio.sleep(reply.gap_s)
            except ConnectionError:
                self.interrupted += 1
                raise
            if writer.is_closing() or reader.at_eof():
                self.interrupted += 1
                return False
        if reply.ending == "complete":
            if reply.is_streamed:
                writer.write(b"0\r\n\r\n")
            await writer.drain()
            return True
        if reply.ending == "stall":
            if not await reader.read(1):
                self.interrupted += 1
        elif reply.ending == "reset":
            connection: socket.socket = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


def _head(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} Status", *(f"{name}: {value}" for name, value in reply.headers)]
    if reply.is_streamed:
        lines.append("transfer-encoding: chunked")
    else:
        # An answer that is cut short still promises all of itself, and a little more.
        length = sum(map(len, reply.pieces)) + (0 if reply.ending == "complete" else 10)
        lines.append(f"content-length: {length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _read_request(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "chunked" in headers.get("transfer-encoding", ""):
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method=method, path=path, headers=headers, body=body)
