"""What the guard server reads from its environment."""

import os

import pytest

from guardrails.server.settings import MOST_WORKERS, read


def test_there_are_as_many_workers_as_cores_and_not_more_than_most() -> None:
    settings = read({})

    assert 1 <= settings.workers <= min(MOST_WORKERS, len(os.sched_getaffinity(0)))


def test_whoever_wants_another_number_of_workers_says_so() -> None:
    assert read({"PARAPET_GUARD_WORKERS": "12"}).workers == 12


def test_a_token_is_not_shown() -> None:
    settings = read({"PARAPET_GUARD_TOKEN": " sixteen characters "})

    assert settings.token == "sixteen characters"
    assert "sixteen" not in repr(settings)


@pytest.mark.parametrize("value", ["short", "fünfzehn und eins", "two\nlines of a token"])
def test_a_token_that_is_none_is_refused_without_being_quoted(value: str) -> None:
    with pytest.raises(SystemExit, match="PARAPET_GUARD_TOKEN must have at least 16 characters") as refused:
        read({"PARAPET_GUARD_TOKEN": value})

    assert value not in str(refused.value)


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "257"])
def test_a_number_of_workers_that_is_none_is_refused_with_a_sentence(value: str) -> None:
    with pytest.raises(
        SystemExit, match=f"PARAPET_GUARD_WORKERS must be a number from 1 to 256, not '{value}'"
    ):
        read({"PARAPET_GUARD_WORKERS": value})
