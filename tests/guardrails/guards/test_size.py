"""A text is as long as it may be, and what follows is the finding."""

import pytest

from guardrails.guards.size import build
from guardrails.policy import PolicyError
from guardrails.session import GuardSession
from tests.guardrails.makers import at, guard, policy, streamed


@pytest.mark.parametrize(
    ("parameters", "text", "expected"),
    [
        ({"max_characters": 5}, "12345", None),
        ({"max_characters": 5}, "123456", ("TOO_MANY_CHARACTERS", 5)),
        ({"max_tokens": 2}, "12345678", None),
        ({"max_tokens": 2}, "123456789", ("TOO_MANY_TOKENS", 8)),
        ({"max_tokens": 2}, "日本", None),
        ({"max_tokens": 2}, "日本語", ("TOO_MANY_TOKENS", 2)),
        ({"max_tokens": 2}, "ab日本", ("TOO_MANY_TOKENS", 3)),
        ({"max_lines": 2}, "a\nb", None),
        ({"max_lines": 2}, "a\nb\nc", ("TOO_MANY_LINES", 3)),
        ({"max_lines": 1}, "\n", ("TOO_MANY_LINES", 0)),
        ({"max_lines": 1, "max_characters": 3}, "abcde\n", ("TOO_MANY_CHARACTERS", 3)),
        ({"max_lines": 1}, "", None),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 100])
def test_what_is_too_long_is_found_where_it_becomes_so(
    parameters: dict[str, object], text: str, expected: tuple[str, int] | None, size: int
) -> None:
    scanner = build(parameters).scanner()

    found = [
        (each.entity, each.start)
        for end in range(size, len(text) + size, size)
        for each in scanner.advance(text[:end], 0, is_final=False)
    ]

    assert found == [expected] * (expected is not None)


async def test_masking_cuts_a_text_off_where_it_becomes_too_long() -> None:
    rules = policy(guard("size", parameters={"max_characters": 10}))

    out, _, _ = await streamed(GuardSession(rules), ["12345678", "90abc", "def"])

    assert out == "1234567890<TOO_MANY_CHARACTERS_1>"
    outcome = await GuardSession(rules).check_input(at("user", "1234567890abcdef"))
    assert outcome.texts == ("1234567890<TOO_MANY_CHARACTERS_1>",)


async def test_a_stream_is_stopped_as_soon_as_it_is_too_long() -> None:
    session = GuardSession(policy(guard("size", "block", parameters={"max_characters": 10})))

    out, _, blocked_by = await streamed(session, ["12345678", "90", "a", "never seen"])

    assert (out, blocked_by) == ("1234567890", "size")


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "needs a limit"),
        ({"max_lines": -1}, "must lie between 0 and"),
        ({"max_tokens": "9"}, "must be a number"),
    ],
)
def test_what_cannot_be_built_is_refused_in_a_sentence(parameters: dict[str, object], sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        build(parameters)
