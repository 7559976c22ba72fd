"""Every protocol, streamed or not, every place, every action and every failure: each cell does what the policy says."""

import asyncio
from collections.abc import Mapping
from itertools import product

import pytest

from guardrails.policy import PolicyError
from guardrails.registry import validate
from tests.inference_proxy.wires.coverage import (
    DOCUMENT,
    REFUSED,
    WHERES,
    Cell,
    Happened,
    cells,
    document,
    promised,
    run_all,
)
from tests.inference_proxy.wires.speaking import SPEECHES

Results = Mapping[Cell, Happened | str]


@pytest.fixture(scope="module")
def results() -> Results:
    return asyncio.run(run_all())


@pytest.mark.parametrize(("wire", "way", "where"), list(product(SPEECHES, ("whole", "streamed"), WHERES)))
def test_what_happens_is_what_the_policy_says(results: Results, wire: str, way: str, where: str) -> None:
    here = {
        cell: happened
        for cell, happened in results.items()
        if (cell.wire, cell.way, cell.where) == (wire, way, where)
    }

    assert len(here) >= 65
    assert here == {cell: promised(cell) for cell in here}


def test_no_cell_is_left_out(results: Results) -> None:
    assert set(results) == set(cells())
    assert len(results) == 3 * 2 * (9 * 5 * (1 + 12) + 3 * 5)


def test_what_cannot_be_enforced_is_refused_with_a_sentence() -> None:
    refused = [cell for cell in cells() if promised(cell) == REFUSED]

    assert len(refused) == 3 * 2 * 2
    with pytest.raises(
        PolicyError, match="what has gone out cannot be masked, and mode 'observe' lets a stream go"
    ):
        validate(refused[0].guard)


def test_the_page_says_what_was_run(results: Results) -> None:
    assert DOCUMENT.read_text() == document(results)
