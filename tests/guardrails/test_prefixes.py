"""Every beginning of every match is known, whatever syntax the pattern uses."""

import pytest
import re2

from guardrails.prefixes import beginnings, without_captures

CASES = [
    ("abc", "abc"),
    ("a(b|cd)e", "acde"),
    (r"\d{3}-\d{2,4}", "123-4567"),
    (r"[a-z]+@[a-z]+\.com", "bob@example.com"),
    (r"\bfoo\b", "foo"),
    (r"^start.*end$", "start to the end"),
    (r"(?i)secret\s+word", "SeCrEt  WORD"),
    (r"(?i:ab)c|x(?-s).y", "ABc"),
    (r"(?P<year>\d{4})(?:-\d\d){2}", "2024-05-01"),
    (r"((a|b)*c)+d", "ababcacd"),
    (r"x{0,2}y??z+?", "xxyz"),
    (r"[]a-]+\]|[^\]]{2}", "]a-]"),
    (r"[[:alpha:]]+\pN\p{Greek}", "abc1α"),
    (r"\x41\x{1F600}\101", "A😀A"),
    (r"\Qa.b*\E+", "a.b**"),
    (r"a{,2}b{x}", "a{,2}b{x}"),
    (r"(?:){3}a", "a"),
    (r"-----BEGIN [A-Z ]+-----[^-]*-----END", "-----BEGIN A KEY-----abc\n-----END"),
]


@pytest.mark.parametrize(("pattern", "match"), CASES)
def test_every_prefix_of_a_match_is_a_beginning(pattern: str, match: str) -> None:
    assert re2.compile(pattern).fullmatch(match)
    beginning = re2.compile(beginnings(pattern))

    missed = [match[:end] for end in range(len(match) + 1) if not beginning.fullmatch(match[:end])]

    assert missed == []


@pytest.mark.parametrize(("pattern", "match"), CASES)
def test_leaving_captures_out_changes_no_match(pattern: str, match: str) -> None:
    expression = re2.compile(without_captures(pattern))

    assert expression.fullmatch(match)
    assert expression.groups == 0


@pytest.mark.parametrize(
    ("pattern", "text", "start"),
    [
        (r"\d{3}-\d{4}", "call 555-12", 5),
        (r"\d{3}-\d{4}", "call 555-1234", 5),
        (r"\d{3}-\d{4}", "call 555-12a", 12),
        ("secret", "a sec", 2),
        ("secret", "a second", 8),
        (r"\bkey\b", "monkey", 6),
    ],
)
def test_the_open_end_of_a_text_begins_where_a_match_could(pattern: str, text: str, start: int) -> None:
    found = re2.compile(rf"(?:{beginnings(pattern)})\z").search(text)

    assert found.start() == start
