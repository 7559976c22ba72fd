from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.proxy import RunningProxy, upstream_config
from tests.fakes.upstream import FakeUpstream


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    """A provider at the far end of HTTP."""
    with FakeUpstream() as running:
        yield running


@pytest.fixture
def proxy(tmp_path: Path, upstream: FakeUpstream) -> Iterator[RunningProxy]:
    """The proxy, with that provider behind it."""
    with RunningProxy(tmp_path, upstream_config(1, upstream.url)) as running:
        yield running
