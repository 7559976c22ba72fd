"""However an answer is cut, on every protocol, the guarded stream is the guarded whole, and nothing planted goes out.

A few hundred of the hundred thousand that `python -m tests.benchmarks.streams` runs.
"""

import itertools

import pytest

from tests.inference_proxy.wires.chunkings import (
    BLOCKED,
    NamesDetector,
    chunkings,
    guarded_stream,
    guarded_whole,
    leaks,
    without_numbers,
)
from tests.inference_proxy.wires.speaking import SPEECHES


@pytest.mark.parametrize("name", SPEECHES)
async def test_a_masked_stream_is_the_masked_whole_on_every_protocol(name: str) -> None:
    for case in itertools.islice(chunkings(20_261_121, SPEECHES[name]), 100):
        heard, _, out = await guarded_stream(case, NamesDetector())
        whole, _ = await guarded_whole(case, NamesDetector())

        assert without_numbers(heard) == without_numbers(whole), case
        assert leaks(case, out, heard) == [], case


@pytest.mark.parametrize("name", SPEECHES)
async def test_a_stream_is_blocked_where_the_whole_would_be_on_every_protocol(name: str) -> None:
    for case in itertools.islice(chunkings(20_261_122, SPEECHES[name], rules=BLOCKED), 40):
        _, blocked_by, _ = await guarded_stream(case, None)
        _, whole_blocked_by = await guarded_whole(case, None)

        assert bool(blocked_by) == bool(whole_blocked_by), case
