"""An installation with a fake provider behind it, twice: embedded, and on PostgreSQL with a Redis of its own."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.upstream import FakeUpstream
from tests.journeys.instance import Instance, postgresql, redis_server


@pytest.fixture(scope="session")
def provider() -> Iterator[FakeUpstream]:
    """The provider that OPENAI_BASE_URL of every installation points to."""
    with FakeUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="session", params=["embedded", "postgresql"])
def instance(
    request: pytest.FixtureRequest, provider: FakeUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Instance]:
    """A running installation."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    with contextlib.ExitStack() as stack:
        environment = {"OPENAI_API_KEY": "sk-of-the-provider", "OPENAI_BASE_URL": provider.url}
        if request.param == "postgresql":
            environment |= {
                "PARAPET_DATABASE_URL": stack.enter_context(postgresql()),
                "PARAPET_REDIS_URL": stack.enter_context(redis_server(folder / "redis")),
            }
        running = Instance(folder / "home", environment)
        running.start()
        try:
            yield running
        finally:
            running.stop()


@pytest.fixture
def upstream(provider: FakeUpstream) -> FakeUpstream:
    """The provider, with no memory of the test before."""
    provider.reset()
    return provider
