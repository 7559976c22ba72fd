"""What the guard server reads from its environment."""

import os

import pytest

from guardrails.server.settings import MOST_WORKERS, read


def test_there_are_as_many_workers_as_cores_and_not_more_than_most() -> None:
    settings = read({})

    assert 1 <= settings.workers <= min(MOST_WORKERS, len(os.sched_getaffinity(0)))


def test_whoever_wants_another_number_of_workers_says_so() -> None:
    assert read({"PARAPET_GUARD_WORKERS": "12"}).workers == 12


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "257"])
def test_a_number_of_workers_that_is_none_is_refused_with_a_sentence(value: str) -> None:
    with pytest.raises(
        SystemExit, match=f"PARAPET_GUARD_WORKERS must be a number from 1 to 256, not '{value}'"
    ):
        read({"PARAPET_GUARD_WORKERS": value})
