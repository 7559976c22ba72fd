"""An application behind HTTP as a target."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from evaluators.errors import SuiteError
from evaluators.suites.cases import SuiteCase
from evaluators.suites.model import HttpApplication
from evaluators.targets import TargetAnswer, TargetError
from evaluators.targets.http import HttpTarget
from tests.fakes.upstream import FakeUpstream, Reply, as_error, as_json

CASE = SuiteCase(
    id="c1",
    inputs={"question": "Where is it?"},
    expected=None,
    context=(),
    tags=frozenset(),
    cluster="",
)


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream() as upstream:
        yield upstream


def target(upstream: FakeUpstream, *, api_key: str | None = None, **settings: Any) -> HttpTarget:
    application = HttpApplication(url=f"{upstream.url}/answer", **settings)
    return HttpTarget(settings=application, api_key=api_key, arms={"old": {"tone": "kind"}, "new": {}})


async def asked(upstream: FakeUpstream, reply: Reply, **settings: Any) -> TargetAnswer:
    upstream.always(reply)
    async with target(upstream, **settings) as application:
        return await application.answer("old", CASE)


async def test_inputs_are_posted_and_the_answer_comes_with_what_was_measured(upstream: FakeUpstream) -> None:
    reply = as_json({"output": "Here.", "context": ["a map"], "cost_usd": 0.02, "route": "fast"})
    answer = await asked(upstream, reply, api_key="own")

    assert upstream.requests[0].json == {"question": "Where is it?"}
    assert upstream.requests[0].headers["authorization"] == "Bearer own"
    assert (answer.output, answer.context, answer.cost_usd) == ("Here.", ("a map",), 0.02)
    assert answer.attributes == {"route": "fast"}
    assert answer.latency_ms is not None


async def test_the_body_and_the_place_of_the_text_are_chosen(upstream: FakeUpstream) -> None:
    body = {"q": "{{ inputs.question }}", "style": {"tone": "{{ arm.tone }}"}, "id": "{{ id }}"}
    answer = await asked(
        upstream, as_json({"choices": [{"text": "There."}]}), body=body, output="choices.0.text"
    )
    assert upstream.requests[0].json == {"q": "Where is it?", "style": {"tone": "kind"}, "id": "c1"}
    assert answer.output == "There."


async def test_plain_text_is_an_answer_where_the_suite_says_so(upstream: FakeUpstream) -> None:
    reply = replace(as_json("ignored"), pieces=(b"Just words.",))
    assert (await asked(upstream, reply, output="")).output == "Just words."


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (as_json({"text": "x"}), "nothing at 'output'; set `output`"),
        (as_error(401), "answered 401"),
        (as_error(404), "answered 404"),
    ],
)
async def test_what_is_no_answer_says_why(upstream: FakeUpstream, reply: Reply, words: str) -> None:
    with pytest.raises(TargetError, match=words):
        await asked(upstream, reply)


def test_arms_differ_by_what_is_sent_and_a_missing_value_is_found_before_anything_is(
    upstream: FakeUpstream,
) -> None:
    known = target(upstream, body={"tone": "{{ arm.tone }}"})
    same = target(upstream)
    with pytest.raises(SuiteError, match=r"arm new, case c1: .*nothing is called 'tone'"):
        known.check((CASE,))
    assert same.fingerprint("old", CASE) == same.fingerprint("new", CASE)
    assert known.fingerprint("old", CASE) != same.fingerprint("old", CASE)
