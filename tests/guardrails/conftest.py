"""A guard server of our own for the tests that go through HTTP, and one that misbehaves on purpose."""

import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from guardrails.client import GuardServer
from tests.fakes.guard_server import running_guard_server
from tests.fakes.lying_guard_server import FaultyServer, running_faulty_server


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


@pytest.fixture
async def faulty_server() -> AsyncIterator[FaultyServer]:
    """One that misbehaves as it is told to."""
    async with running_faulty_server() as running:
        yield running
