"""Something that listens where the guard server should be, and answers in every way it should not."""

import asyncio
import gzip
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson

from guardrails.server.pieces import Piece

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
Lie = Callable[[bytes], bytes]
"""From the body of a request to the bytes that answer it."""


class FaultyServer:
    """Speaks just enough HTTP to answer every request in the way it is told to, one after the other, the last for ever."""

    def __init__(self) -> None:
        self.url = ""
        self.requests = 0
        self.head = self.body = b""
        """Of the newest request."""
        self.answers: list[Answer] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer what comes over one connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                self.head, self.body = head, await reader.readexactly(length)
                answer = self.answers[min(self.requests, len(self.answers) - 1)]
                self.requests += 1
                await answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def saying(self, lie: Lie) -> Answer:
        """Answer with what a lie makes of the request."""

        async def answer(writer: asyncio.StreamWriter) -> None:
            writer.write(lie(self.body))
            await writer.drain()

        return answer

    def finding(self, *findings: Mapping[str, Any]) -> Answer:
        """Say the truth: these findings in every text."""
        return self.saying(lambda body: http(orjson.dumps(verdicts(body, findings))))


@asynccontextmanager
async def running_faulty_server() -> AsyncIterator[FaultyServer]:
    """Start one."""
    faulty = FaultyServer()
    connections: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(asyncio.create_task(faulty.serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    faulty.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield faulty
    server.close()
    for connection in connections:
        connection.cancel()
    await asyncio.gather(*connections, return_exceptions=True)


def answering(status: int, body: bytes) -> Answer:
    """Answer every request alike."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(http(body, status=status))
        await writer.drain()

    return answer


async def hanging(writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.sleep(30)


async def dropping(writer: asyncio.StreamWriter) -> None:
    """Cut the connection."""
    writer.transport.abort()


async def dripping(writer: asyncio.StreamWriter) -> None:
    """Answer a byte at a time."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{")
    for _ in itertools.repeat(None, 1_000):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def endless(writer: asyncio.StreamWriter) -> None:
    """Answer for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in itertools.repeat(None, 1_000):
        writer.write(b" " * 65_536)
        await writer.drain()


async def truncated(writer: asyncio.StreamWriter) -> None:
    """Begin an answer and go."""
    writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"verdicts":[[{"findings":[]')
    await writer.drain()
    writer.close()


def http(body: bytes, *, status: int = 200, headers: str = "") -> bytes:
    """Return an HTTP response."""
    return b"HTTP/1.1 %d X\r\n%scontent-length: %d\r\n\r\n%s" % (status, headers.encode(), len(body), body)


def verdicts(body: bytes, findings: Sequence[Any] = ()) -> dict[str, Any]:
    """Return the answer of an honest server that finds the same in every text."""
    return {
        "verdicts": [
            [{"seen": _piece(text).mark, "findings": list(findings)} for text in check["texts"]]
            for check in orjson.loads(body)["checks"]
        ]
    }


def _piece(text: Any) -> Piece:
    return Piece(text) if isinstance(text, str) else Piece(**text)


def _found(**fields: Any) -> Lie:
    told = {"entity": "PHONE_NUMBER", "start": 0, "end": 4, "score": 1.0} | fields
    return lambda body: http(orjson.dumps(verdicts(body, [told])))


def _findings(findings: Any) -> Lie:
    def lie(body: bytes) -> bytes:
        said = verdicts(body)
        said["verdicts"][0][0]["findings"] = findings
        return http(orjson.dumps(said))

    return lie


def _changed(change: Callable[[list[Any]], Any]) -> Lie:
    return lambda body: http(orjson.dumps({"verdicts": change(verdicts(body)["verdicts"])}))


def _always(*answer: bytes, headers: str = "") -> Lie:
    return lambda _: http(b"".join(answer), headers=headers)


LIES: Mapping[str, Lie] = {
    "a page": _always(b"<!doctype html><h1>It works!</h1>", headers="content-type: text/html\r\n"),
    "nothing": _always(),
    "nothing, and no content": lambda _: http(b"", status=204),
    "another shape": _always(b'{"results":[]}'),
    "a list": _always(b"[]"),
    "null": _always(b"null"),
    "no verdicts": _always(b'{"verdicts":null}'),
    "verdicts in words": _always(b'{"verdicts":"x"}'),
    "no text, but bytes": _always(b'{"verdicts":"\xff\xfe"}'),
    "depth without end": _always(b'{"verdicts":' + b"[" * 100_000),
    "fewer verdicts": _changed(lambda told: told[1:]),
    "more verdicts": _changed(lambda told: told * 2),
    "fewer texts": _changed(lambda told: [told[0][1:]]),
    "more texts": _changed(lambda told: [told[0] * 2]),
    "a verdict that is null": _changed(lambda told: [[None]]),
    "a verdict in words": _changed(lambda told: [["none"]]),
    "an error that nobody knows": _changed(lambda told: [{"error": {"type": "tired", "message": ""}}]),
    "an error without a name": _changed(lambda told: [{"error": "tired"}]),
    "an error with many names": _changed(lambda told: [{"error": {"type": ["timeout"]}}]),
    "the answer to another text": _changed(
        lambda told: [[each | {"seen": each["seen"] ^ 1} for each in told[0]]]
    ),
    "the answer to no text": _changed(lambda told: [[{"findings": each["findings"]} for each in told[0]]]),
    "findings that are none": _findings(None),
    "a number of findings": _findings(7),
    "findings in words": _findings("PHONE_NUMBER"),
    "findings by name": _findings({"PHONE_NUMBER": [0, 4]}),
    "a finding in words": _findings(["PHONE_NUMBER"]),
    "a place beyond the text": _found(end=9_999),
    "a place before the text": _found(start=-1),
    "a place without length": _found(start=4),
    "a place backwards": _found(start=4, end=2),
    "a place in words": _found(start="0"),
    "a place in fractions": _found(start=0.0),
    "a place that is true": _found(end=True),
    "no place": _found(start=None),
    "a score that is none": lambda body: _found(score=7.25)(body).replace(b"7.25", b" NaN"),
    "a score beyond one": _found(score=7),
    "a score below zero": _found(score=-0.5),
    "a score in words": _found(score="1"),
    "a score that is true": _found(score=True),
    "no score": _found(score=None),
    "markup for a name": _found(entity="<b>"),
    "a name without end": _found(entity="X" * 65),
    "no name": _found(entity=""),
    "packed nonsense": _always(b"\x1f\x8b nonsense", headers="content-encoding: gzip\r\n"),
    "packed without end": _always(gzip.compress(b" " * (64 << 20)), headers="content-encoding: gzip\r\n"),
    "far too much": _always(b" " * (17 << 20)),
}
"""What is answered with 200 and cannot be true."""
BROKEN: Mapping[str, tuple[Answer, str]] = {
    "no HTTP": (lambda writer: _say(writer, b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "unreachable"),
    "headers without end": (
        lambda writer: _say(writer, b"HTTP/1.1 200 X\r\na: " + b"b" * 100_000),
        "unreachable",
    ),
    "a length that is none": (
        lambda writer: _say(writer, b"HTTP/1.1 200 X\r\ncontent-length: many\r\n\r\n{}"),
        "unreachable",
    ),
    "truncated": (truncated, "unreachable"),
    "dropped": (dropping, "unreachable"),
    "endless": (endless, "bad_answer"),
    "hung": (hanging, "timeout"),
    "dripping": (dripping, "timeout"),
    "overloaded": (answering(503, b"{}"), "overloaded"),
    "too many": (answering(429, b"{}"), "overloaded"),
    "late": (answering(504, b"{}"), "timeout"),
    "crashed": (answering(500, b"<h1>Internal Server Error</h1>"), "crashed"),
    "refused": (answering(400, b"{}"), "misconfigured"),
    "somewhere else": (answering(404, b"{}"), "misconfigured"),
    "moved": (answering(302, b""), "crashed"),
}
"""What does not even come to an answer, and what that is called."""


async def _say(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()
    writer.close()
