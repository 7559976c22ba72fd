"""Every kind of guard in the proxy holds on streams: however a text is cut, what follows is what follows from the whole."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrails.guards.known_patterns import GENERAL_PATTERNS
from guardrails.outcome import Decision
from guardrails.policy import Policy
from guardrails.registry import KINDS
from guardrails.session import GuardSession
from guardrails.verdict import Action
from tests.guardrails.guards.test_code import CODE, SENTENCES
from tests.guardrails.guards.test_gibberish import MASHED
from tests.guardrails.guards.test_injection import ATTACKS, DISGUISED
from tests.guardrails.guards.test_invisible import SMUGGLED, TAGGED
from tests.guardrails.guards.test_json_schema import SCHEMA
from tests.guardrails.guards.test_language import TEXTS
from tests.guardrails.guards.test_prompt_leak import SYSTEM
from tests.guardrails.guards.test_refusal import REFUSALS
from tests.guardrails.guards.test_secrets import GENERIC, SAMPLES
from tests.guardrails.guards.test_urls import FOUND
from tests.guardrails.makers import FILLER, SECRETS, at, cut, guard, policy, run, streamed, whole


@dataclass(frozen=True, kw_only=True)
class Example:
    """A guard, and pieces of text that it objects to."""

    pieces: Sequence[str]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    system: str = ""

    def policy(self, kind: str, action: Action) -> Policy:
        return policy(guard(kind, action, parameters=dict(self.parameters)))

    def session(self, rules: Policy) -> GuardSession:
        session = GuardSession(rules)
        run(session.check_input(at("system", self.system)))
        session.decisions.clear()
        return session


EXAMPLES = {
    "pattern": Example(pieces=SECRETS, parameters={"patterns": list(GENERAL_PATTERNS)}),
    "words": Example(
        pieces=("sesame", "launch code", "s\u200besame"), parameters={"words": ["sesame", "launch code"]}
    ),
    "secrets": Example(pieces=(*SAMPLES.values(), *(text for text, _ in GENERIC))),
    "injection": Example(pieces=(*ATTACKS, *DISGUISED)),
    "invisible": Example(
        pieces=("a\u200bb", "x\u202ey", TAGGED, "a\ufe0fb", "\x00\x00", "😀" + SMUGGLED, "👨\u200d!")
    ),
    "urls": Example(pieces=[text for _, text, _ in FOUND]),
    "json_schema": Example(
        pieces=('{"age": "x"}', "[1]", '{"age": 1', "not JSON"), parameters={"schema": SCHEMA}
    ),
    "prompt_leak": Example(
        pieces=(SYSTEM, SYSTEM[47:168], "canary-7431", "Canary-\u200b7431"),
        parameters={"canaries": ["canary-7431"]},
        system=SYSTEM,
    ),
    "code": Example(pieces=(*CODE.values(), *(text for text, _ in SENTENCES), "```sql\nselect 1\n```")),
    "language": Example(pieces=tuple(text for name, text in TEXTS.items() if name != "en")),
    "gibberish": Example(pieces=MASHED),
    "refusal": Example(pieces=REFUSALS),
    "topics": Example(
        pieces=("guns", "Schusswaffen", "Acme", "acmes", "pho\u00adnyco", "want to die"),
        parameters={"topics": ["weapons", "self_harm"], "competitors": ["Acme", "PhonyCo"]},
    ),
    "size": Example(
        pieces=("x" * 41, "\n" * 4, "日本語のテキスト" * 3),
        parameters={"max_characters": 40, "max_tokens": 20, "max_lines": 4},
    ),
}
SEPARATORS = (" ", ", ", ". ", "\n", "", " (", '"')
CASES = st.tuples(
    st.sampled_from(sorted(EXAMPLES)),
    st.lists(st.tuples(st.booleans(), st.integers(0, 999), st.sampled_from(SEPARATORS)), max_size=8),
    st.integers(0, 2**32),
)
EXAMPLE_COUNT = 20 * len(EXAMPLES)


def text_of(example: Example, drawn: Sequence[tuple[bool, int, str]]) -> str:
    parts = []
    for is_planted, index, separator in drawn:
        pool = example.pieces if is_planted else FILLER
        parts += [pool[index % len(pool)], separator]
    return "".join(parts)


def said(decisions: Sequence[Decision]) -> list[tuple[Action, Counter[str]]]:
    return [(each.action, Counter(each.entities)) for each in decisions]


def test_there_is_an_example_of_every_kind_in_the_proxy() -> None:
    assert set(EXAMPLES) == {kind.kind for kind in KINDS.values() if kind.tier == 1}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_pieces_of_an_example_are_found(kind: str) -> None:
    example = EXAMPLES[kind]
    rules = example.policy(kind, "flag")

    passed = []
    for piece in example.pieces:
        outcome = run(example.session(rules).check_output(at("answer", piece)))
        passed += [piece] * (outcome.action != "flag")

    assert passed == []


@settings(max_examples=EXAMPLE_COUNT, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=CASES)
def test_a_masked_stream_is_the_masked_whole(case: tuple[str, list[tuple[bool, int, str]], int]) -> None:
    kind, drawn, seed = case
    example = EXAMPLES[kind]
    text = text_of(example, drawn)
    rules = example.policy(kind, "mask")

    out, stored, _ = run(streamed(example.session(rules), cut(text, seed)))

    expected = run(example.session(rules).check_output(at("answer", text)))
    assert (out, stored) == (expected.texts[0], expected.stored[0])


@settings(max_examples=EXAMPLE_COUNT, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=CASES)
def test_a_stream_is_blocked_when_the_whole_would_be(
    case: tuple[str, list[tuple[bool, int, str]], int],
) -> None:
    kind, drawn, seed = case
    example = EXAMPLES[kind]
    text = text_of(example, drawn)
    rules = example.policy(kind, "block")

    out, _, blocked_by = run(streamed(example.session(rules), cut(text, seed)))

    assert blocked_by == run(example.session(rules).check_output(at("answer", text))).blocked_by
    assert text.startswith(out)


@settings(max_examples=EXAMPLE_COUNT, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=CASES)
def test_a_flagged_stream_passes_at_once_and_is_flagged_as_the_whole(
    case: tuple[str, list[tuple[bool, int, str]], int],
) -> None:
    kind, drawn, seed = case
    example = EXAMPLES[kind]
    # Of what begins like JSON half an escape is held until it can be read.
    text = f"\u2014 {text_of(example, drawn)}"
    rules = example.policy(kind, "flag")
    session, other = example.session(rules), example.session(rules)
    stream = session.open_stream("answer")

    chunks = cut(text, seed)
    out = [run(stream.push(chunk)) for chunk in chunks]
    run(stream.finish())

    assert out == chunks
    run(other.check_output(at("answer", text)))
    assert said(session.decisions) == said(other.decisions)


def test_the_guarded_whole_of_nothing_is_nothing() -> None:
    for kind, example in EXAMPLES.items():
        assert whole(example.policy(kind, "block"), "") == ("", "", "")
