"""Pairs of made-up texts with everything in them that trips up a tokeniser, the same ones every time."""

import random

_WORDS = (
    "the quick brown fox jumps over lazy dogs running runs happily conditional rational relational agreed "
    "formality hopefulness operators electrical a an it's don't &amp; &quot;so&quot; 1,000 3.5 2-3 (hi) U.S. - "
    "-- e.g. Über naïve 日本 … <skipped> [x] {y} $5 50% ~ can-not THE Fox"
)
_PARTS = _WORDS.split()
_BETWEEN = (" ", " ", " ", " ", "\n", ", ", ". ", "", "-\n")


def pairs(count: int, longest: int = 25) -> list[tuple[str, str, str]]:
    """Return answers with two references each; every third reference shares half of the answer."""
    chance = random.Random(7)
    made = []
    for number in range(count):
        answer, first, second = (_text(chance, longest) for _ in range(3))
        if number % 3 == 0:
            first = answer[: len(answer) // 2] + first[:40]
        made.append((answer, first, second))
    return [
        ("", "", "a"),
        ("", "word", ""),
        ("word", "", ""),
        ("a", "a", "b"),
        ("same one", "same one", "x"),
        *made,
    ]


def _text(chance: random.Random, longest: int) -> str:
    return "".join(chance.choice(_PARTS) + chance.choice(_BETWEEN) for _ in range(chance.randrange(longest)))
