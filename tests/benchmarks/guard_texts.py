"""Texts of a kilobyte for measuring guards: clean, ordinary, full of numbers, full of what is almost a finding."""

import re
from collections.abc import Mapping, Sequence
from random import Random

from tests.guardrails.guards.test_country_patterns import TABLE

SIZE = 1_024
OF_EACH = 8
SENTENCE = "The quick brown fox jumps over the lazy dog, and in 2024 it cost $12.50 to do so (v1.2.3). "
ORDINARY = (
    "Hello, please write to user{n}@example.com or call me at 212-555-0{n} about order {n} of 2024-05-01. ",
    "My card 4111 1111 1111 1111 was charged twice on 12/31/2023, ticket {n}. What can I do about that? ",
    "Summarise the meeting of {n} people: revenue rose 12.5% to 1,200,{n} USD, and the launch moved to Q3 2025. ",
    "def area(r: float) -> float: return 3.14159 * r ** 2  # issue {n}, see https://example.com/docs?id={n}\n",
)
ALMOST = (
    "passport no", "Steuer-ID:", "CPF", "NIF", "sk-proj", "password =", "AB12", "user@", "http://a.b/?q=", "ignore all",
    "DE", "4111 1111", "+49 30", "select from", "eyJhb", "Konto",
)  # fmt: skip


def texts() -> Mapping[str, Sequence[str]]:
    """Return some texts of each sort, the same ones every time."""
    chance = Random(7)
    return {
        "clean": [_cut(f"{number} {SENTENCE}" * 12) for number in range(OF_EACH)],
        "ordinary": [
            _cut("".join(each.format(n=chance.randrange(100, 999)) for each in ORDINARY * 4))
            for _ in range(OF_EACH)
        ],
        "fifty_numbers": [_cut(" and ".join(_number(chance) for _ in range(50))) for _ in range(OF_EACH)],
        "almost": [
            _cut(" ".join(f"{chance.choice(ALMOST)} {_digits(chance, 11)}" for _ in range(70)))
            for _ in range(OF_EACH)
        ],
        "every_national_number_with_other_digits": [
            _cut(", ".join(_other(chance, row[1][0]) for row in chance.sample(TABLE, 60)))
            for _ in range(OF_EACH)
        ],
    }


def numbers_of_every_form() -> str:
    """Return a kilobyte of right national numbers, no two of one form."""
    return _cut(", ".join(row[1][0] for row in Random(3).sample(TABLE, 60)))


def _cut(text: str) -> str:
    return text[:SIZE].ljust(SIZE)


def _digits(chance: Random, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _number(chance: Random) -> str:
    """Return a number in one piece or in groups, as account numbers, dates and amounts are written."""
    if chance.random() < 0.5:
        return _digits(chance, chance.choice((5, 7, 9, 10, 11, 12, 16)))
    groups = (_digits(chance, chance.choice((2, 3, 4))) for _ in range(chance.choice((3, 4))))
    return chance.choice(" -").join(groups)


def _other(chance: Random, number: str) -> str:
    return re.sub(r"\d", lambda _: chance.choice("0123456789"), number)
