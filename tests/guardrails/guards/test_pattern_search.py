"""Patterns are looked for together and in pieces; what is found is what each of them finds by itself."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
import re2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from guardrails.guards import secrets
from guardrails.guards.checksums import luhn, mod97
from guardrails.guards.country_patterns import COUNTRY_PATTERNS
from guardrails.guards.known_patterns import GENERAL_PATTERNS
from guardrails.guards.named_pattern import NamedPattern
from guardrails.guards.pattern import PatternGuard, build
from guardrails.guards.reach import cuts_of
from guardrails.guards.secret_formats import SECRET_FORMATS
from guardrails.policy import PolicyError
from guardrails.verdict import Finding
from tests.guardrails.guards.test_country_patterns import TABLE
from tests.guardrails.guards.test_secrets import SAMPLES
from tests.guardrails.makers import SECRETS, cut

NUMBERS = [value for _, valid, invalid in TABLE for value in (*valid, *invalid)]
COUNTRIES = [pattern for group in COUNTRY_PATTERNS.values() for pattern in group]
GENERAL = list(GENERAL_PATTERNS.values())
KEYS = [*SECRET_FORMATS.values(), secrets.GENERIC, secrets.BEARER]
GUARDS = {
    "countries": (COUNTRIES, PatternGuard(COUNTRIES), NUMBERS),
    "general": (GENERAL, PatternGuard(GENERAL), SECRETS),
    "keys": (KEYS, PatternGuard(KEYS), [*SAMPLES.values(), "password: hunter2hunter2"]),
}
BETWEEN = (
    ", ",
    ",",
    ";",
    "\n",
    "! ",
    "? ",
    "|",
    " ",
    " and ",
    "ü",
    " — ",
    "\u00e0, ",
    "😀,",
    "",
    "x",
    "0",
    "-",
    ".",
)


def one_by_one(patterns: Sequence[NamedPattern], text: str) -> Counter[Finding]:
    """Look for each pattern in the whole text with nothing but its expression and its check."""
    return Counter(finding for pattern in patterns for finding in _of(pattern, text))


def _of(pattern: NamedPattern, text: str) -> Iterator[Finding]:
    expression, at = re2.compile(pattern.regex), 0
    while found := expression.search(text, at):
        start, end = found.span(pattern.group)
        accepted = pattern.check(text[start:end]) if pattern.check else end - start
        if accepted:
            yield Finding(pattern.entity, start, start + accepted)
        at = start + accepted if accepted else found.start() + 1


def written(pieces: Sequence[str], seed: int) -> str:
    """Put some of the pieces together, here and there with another digit."""
    chance = random.Random(seed)
    text = "".join(
        chance.choice(pieces) + chance.choice(BETWEEN) for _ in range(chance.choice((1, 4, 12, 40)))
    )
    share = chance.choice((0, 0.02, 0.3))
    return "".join(
        chance.choice("0123456789") if each.isdigit() and chance.random() < share else each for each in text
    )


@pytest.mark.parametrize("name", GUARDS)
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_patterns_find_together_what_each_finds_by_itself(name: str, seed: int) -> None:
    patterns, guard, pieces = GUARDS[name]
    text = written(pieces, seed)

    assert Counter(guard.scanner().advance(text, 0, is_final=True)) == one_by_one(patterns, text)


@pytest.mark.parametrize("name", GUARDS)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_in_a_text_that_grows_the_same_is_found(name: str, seed: int) -> None:
    patterns, guard, pieces = GUARDS[name]
    text = written(pieces, seed)
    scanner, end, findings = guard.scanner(), 0, Counter[Finding]()
    for chunk in [*cut(text, seed), ""]:
        end += len(chunk)
        base = max(scanner.settled - 1, 0)
        findings.update(scanner.advance(text[base:end], base, is_final=not chunk))

    assert findings == one_by_one(patterns, text)


@pytest.mark.parametrize("around", ["{}", "{} or 日本", "{}, " + ", ".join(SAMPLES.values()), '"{}" ' * 9])
def test_what_two_patterns_find_at_one_place_goes_by_the_name_of_the_first(around: str) -> None:
    text = around.replace("{}", "sk-ant-" + "api03" + "-abcdefghij" * 3)
    guard = PatternGuard(KEYS)
    whole = [
        each
        for each in guard.scanner().advance(text, 0, is_final=True)
        if text[each.start :][:7] == "sk-ant-"
    ]
    growing, end, grown = guard.scanner(), 0, list[Finding]()
    for chunk in [*text, ""]:
        end += len(chunk)
        base = max(growing.settled - 1, 0)
        grown += growing.advance(text[base:end], base, is_final=not chunk)

    assert [each.entity for each in whole] == ["ANTHROPIC_KEY", "OPENAI_KEY"] * (len(whole) // 2)
    assert [each for each in grown if each in whole] == whole != []


def test_a_text_is_cut_where_no_pattern_reaches_across() -> None:
    cuts = cuts_of([r"\d+-\d+", r"[^;\s]+@x", r"(?i)a\.b", "c", "d", "e", "f", r"\bg\b"])

    assert cuts.marks == b",;!?|\n"
    assert cuts.near == {0, 2, 3, 4, 5, 6, 7}
    assert cuts.pieces("1-2,3;ä?".encode()) == [b"1-2", b"3", "ä".encode(), b""]


@pytest.mark.parametrize(
    "regex", ["^a", "a$", r"\Aa", r"a\z", "(?m)^a", "a.b", "(?s)a.b", r"a\W", "a[^b]", r"a\C"]
)
def test_what_looks_beyond_a_mark_is_looked_for_in_the_whole(regex: str) -> None:
    assert cuts_of([regex]).near == frozenset()


@pytest.mark.parametrize("regex", [r"\b", r"\B", "a*", r"\bx*", r"(?m)$", r"x?\b"])
def test_a_pattern_that_matches_where_nothing_is_is_refused(regex: str) -> None:
    with pytest.raises(PolicyError, match="matches the empty text"):
        build({"custom": [{"name": "nothing", "regex": regex}]})


@given(st.text("0123456789 -é", max_size=24))
@example("4111 1111 1111 1111")
@example("00")
def test_luhn_adds_up_every_second_digit_doubled(text: str) -> None:
    digits = [int(each) for each in text if each.isdigit()][::-1]
    doubled = [each * 2 if at % 2 else each for at, each in enumerate(digits)]
    total = sum(each // 10 + each % 10 for each in doubled)

    assert luhn(text) == len(text) * (total % 10 == 0 and len(digits) > 1 and any(digits))


@given(
    st.sampled_from(
        ("DE89370400440532013000", "gb29nwbk60161331926819", "NO9386011117947", "FR1420041010050500013M02606")
    ),
    st.lists(st.integers(0, 34), max_size=12),
    st.text("ab1 é", max_size=9),
)
def test_an_account_number_may_have_spaces_anywhere_and_end_where_its_country_says(
    number: str, spaces: list[int], rest: str
) -> None:
    spaced = "".join(" " * spaces.count(at) * (at > 1) + each for at, each in enumerate(number))
    is_whole = not rest or rest[0] == " "

    assert mod97(spaced + rest) == len(spaced) * is_whole
