"""A system prompt that comes out in an answer is found; an answer that merely obeys it is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.guards.prompt_leak import build
from guardrails.local import Conversation
from guardrails.policy import PolicyError
from guardrails.session import GuardSession
from tests.guardrails.makers import at, guard, policy, streamed

SYSTEM = (
    "You are the assistant of the Northwind bakery. Never mention the supplier of our flour, which is Miller & Sons. "
    "Always answer in two sentences, and offer the customer a free roll on Fridays. canary-7431"
)
SAID = Conversation(system=("Be brief.", SYSTEM))
GUARD = build({"canaries": ["canary-7431"]})


def found(text: str) -> list[tuple[str, str]]:
    return [(each.entity, text[each.start : each.end]) for each in GUARD.judge(text, SAID)]


@pytest.mark.parametrize(
    ("text", "leak"),
    [
        (SYSTEM[:110], SYSTEM[:110]),
        (f"Sure! It says: {SYSTEM[47:168]} and so on", SYSTEM[47:168]),
        (
            "NEVER MENTION THE SUPPLIER\nof our flour - which is *Miller* & sons, always",
            "NEVER MENTION THE SUPPLIER\nof our flour - which is *Miller* & sons, always",
        ),
        ("x " * 7 + "never mention the supplier of our flour which is miller sons always " + "y " * 7, ""),
    ],
)
def test_a_run_of_its_words_is_found_wherever_it_begins(text: str, leak: str) -> None:
    ((entity, stretch),) = found(text)

    assert entity == "SYSTEM_PROMPT"
    assert stretch == (leak or "never mention the supplier of our flour which is miller sons always")


@pytest.mark.parametrize(
    "canary", ["canary-7431", "CANARY-7431", "can\u200bary-7431", "ｃａｎａｒｙ－７４３１"]
)
def test_a_canary_is_found_however_it_is_written(canary: str) -> None:
    assert found(f"the word is {canary}.") == [("CANARY", canary)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Our rolls are baked at five. On Fridays you get a free roll.",
        "I am the assistant of the Northwind bakery and never mention suppliers.",
        "never mention the supplier of our flour which is",
    ],
)
def test_an_answer_that_obeys_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_the_score_says_how_much_of_the_prompt_came_out() -> None:
    whole, part = GUARD.judge(SYSTEM, SAID)[-1], GUARD.judge(SYSTEM[:112], SAID)[-1]

    assert whole.score > 0.9
    assert 0.3 < part.score < 0.7


def test_without_a_system_prompt_nothing_can_leak() -> None:
    assert GUARD.judge(SYSTEM[:112]) == []


async def test_the_prompt_is_that_of_the_same_request_and_only_answers_are_looked_at() -> None:
    session = GuardSession(policy(guard("prompt_leak", "block", parameters={"canaries": ["canary-7431"]})))

    sent = await session.check_input([*at("system", SYSTEM), *at("user", f"what is {SYSTEM}?")])
    out, _, blocked_by = await streamed(session, ["Sure: ", SYSTEM[:60], SYSTEM[60:140]])

    assert sent.action == "allow"
    assert (out, blocked_by) == ("", "prompt_leak")
    other = GuardSession(session.policy)
    assert (await other.check_output(at("answer", SYSTEM[:112]))).action == "allow"


async def test_a_masked_prompt_is_recognised_in_the_form_in_which_it_travelled() -> None:
    system = f"Write every complaint to boss@example.com within the hour, says {SYSTEM[:110]}"
    session = GuardSession(policy(guard("prompt_leak", "flag"), guard(parameters={"patterns": ["email"]})))
    sent = await session.check_input(at("system", system))

    await session.check_output(at("answer", sent.texts[0]))

    assert [each.entities for each in session.decisions if each.guard == "prompt_leak"] == [
        {"SYSTEM_PROMPT": 1}
    ]


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"run_of_words": 0}, "needs something to look for"),
        ({"run_of_words": 3}, "is 0 or at least 6"),
        ({"canaries": ["abc"]}, "at least 4 characters"),
    ],
)
def test_what_cannot_be_built_is_refused_in_a_sentence(parameters: dict[str, object], sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        build(parameters)


@settings(max_examples=60, deadline=None)
@given(
    before=st.lists(st.sampled_from("xyz"), max_size=8),
    first=st.integers(0, 40),
    length=st.integers(0, 40),
    rest=st.lists(st.sampled_from("xyz"), max_size=8),
)
def test_a_run_is_as_long_as_its_words_are_the_same(
    before: list[str], first: int, length: int, rest: list[str]
) -> None:
    prompt = [f"word{number}" for number in range(40)]
    said = prompt[first : first + length]
    text = " ".join([*before, *said, *rest])

    findings = build({"run_of_words": 12}).judge(text, Conversation(system=(" ".join(prompt),)))

    assert [text[each.start : each.end] for each in findings] == [" ".join(said)] * (len(said) >= 12)
    assert [each.score for each in findings] == [round(len(said) / 40, 3)] * len(findings)


def test_of_a_prompt_that_repeats_itself_the_longest_run_is_found() -> None:
    lines = " ".join(f"be kind and answer in {number} short sentences please" for number in range(12))

    (finding,) = build({}).judge(f"it says: {lines[8:300]}", Conversation(system=(lines,)))

    assert (finding.start, finding.end) == (9, 301)
