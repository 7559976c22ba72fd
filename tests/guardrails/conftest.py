"""A guard server of our own for the tests that go through HTTP, and one that misbehaves on purpose."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from guardrails.client import GuardServer
from tests.fakes.guard_server import running_guard_server

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def guard_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real guard server with two workers and without the encoder's weights."""
    with running_guard_server(workers=2, weights=tmp_path_factory.mktemp("no weights")) as url:
        yield url


@pytest.fixture
async def guard_server(guard_url: str) -> AsyncIterator[GuardServer]:
    server = GuardServer(guard_url)
    yield server
    await server.close()


class FaultyServer:
    """Speaks just enough HTTP to answer every request in the way it is told to."""

    def __init__(self) -> None:
        self.url = ""
        self.requests = 0
        self.answers: list[Answer] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                await reader.readexactly(length)
                answer = self.answers[min(self.requests, len(self.answers) - 1)]
                self.requests += 1
                await answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def faulty_server() -> AsyncIterator[FaultyServer]:
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
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body))
        await writer.drain()

    return answer


async def hanging(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def dropping(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
