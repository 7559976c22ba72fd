"""Whatever a text is made of, what a guard does with it grows with the text and not with its square."""

import time
from typing import Any

import pytest

from guardrails.local import TooCostlyError
from tests.guardrails.guards.everyone import every_local_guard, looked_at

GUARDS = every_local_guard()
BEGINNINGS = (
    "http://", "www.", "http://a/?", "![](", "<img ", "\n[a", "a@", "[a", "{", "(", ")", "a.",
    "1 ", "DE89 ", "sk-", "eyJ", "password=", "token is ", "-----BEGIN ", "```", "`", "ignore all ",
    "\n", "&#", "ß", "e\u0301", "\u0301", "\ufdfa", "日本 ", "😀", "\u200b", "\u202e",
)  # fmt: skip
"""Beginnings of what guards look for, which go on and on."""
SHORT, LONG = 2_000, 16_000
GROWTH = 3 * LONG / SHORT
"""Time that grows with the text grows eightfold and with its square 64-fold; between them is room for a busy machine."""
LEAST_S = 0.0005
"""Less than this is not told apart from nothing."""


def taken_s(guard: Any, text: str) -> float:
    """CPU time of this process for one look, or until the guard gives the text up."""
    started = time.process_time()
    try:
        looked_at(guard, text)
    except TooCostlyError:
        return time.process_time() - started
    return time.process_time() - started


def growth(guard: Any, beginning: str, *, rounds: int) -> float:
    """How many times as long the long text takes, each at its best."""
    short, long = (
        min(taken_s(guard, (beginning * size)[:size]) for _ in range(rounds)) for size in (SHORT, LONG)
    )
    return long / max(short, LEAST_S)


@pytest.mark.parametrize("kind", GUARDS)
def test_what_a_guard_does_grows_with_the_text_and_not_with_its_square(kind: str) -> None:
    guard = GUARDS[kind]
    looked_at(guard, "warm a word or two")

    suspects = [each for each in BEGINNINGS if growth(guard, each, rounds=1) > GROWTH]

    assert [each for each in suspects if growth(guard, each, rounds=5) > GROWTH] == []
