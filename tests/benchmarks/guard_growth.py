"""How the time of every guard in the proxy grows with the text: eightfold is linear, 64-fold its square.

Beginnings of what guards look for, repeated, are looked at short and long; the worst growth of each guard is printed, with the
beginning that it was seen on. `python -m tests.benchmarks.guard_growth`
"""

import json
import time
from typing import Any

from guardrails.local import TooCostlyError
from tests.guardrails.guards.everyone import every_local_guard, looked_at

BEGINNINGS = (
    "http://", "www.", "http://a/?", "![](", "<img ", "\n[a", "a@", "[a", "{", "(", ")", "a.",
    "1 ", "DE89 ", "sk-", "eyJ", "password=", "token is ", "-----BEGIN ", "```", "`", "ignore all ",
    "\n", "&#", "ß", "e\u0301", "\u0301", "\ufdfa", "日本 ", "😀", "\u200b", "\u202e",
)  # fmt: skip
SHORT, LONG = 8_000, 64_000
LEAST_S = 0.0005
"""Less than this is not told apart from nothing."""
ROUNDS = 3


def main() -> None:
    """Measure all guards and print JSON."""
    result = {kind: _worst(guard) for kind, guard in every_local_guard().items()}
    print(json.dumps({"characters": [SHORT, LONG], "linear": LONG / SHORT, "worst": result}, indent=2))


def _worst(guard: Any) -> dict[str, Any]:
    looked_at(guard, "warm a word or two")
    growth, beginning = max((_growth(guard, beginning), beginning) for beginning in BEGINNINGS)
    return {"growth": round(growth, 1), "beginning": beginning}


def _growth(guard: Any, beginning: str) -> float:
    """How many times as long the long text takes, each at its best."""
    short, long = (
        min(_taken_s(guard, (beginning * size)[:size]) for _ in range(ROUNDS)) for size in (SHORT, LONG)
    )
    return long / max(short, LEAST_S)


def _taken_s(guard: Any, text: str) -> float:
    """CPU time of this process for one look, or until the guard gives the text up."""
    started = time.process_time()
    try:
        looked_at(guard, text)
    except TooCostlyError:
        return time.process_time() - started
    return time.process_time() - started


if __name__ == "__main__":
    main()
