"""A call of a model: how long it takes, what it costs in tokens, and now and then how it fails."""

import math
from dataclasses import dataclass
from random import Random
from typing import Any

from console.demo.domain import Tool
from console.demo.llms import DRIFTING, Llm
from console.demo.steps import Failure, Message, Step
from console.demo.wording import REFUSALS, elaborated

FAILURES = (
    (0.013, Failure("RateLimitError", "Error code: 429 - rate limit reached for requests per minute", 429)),
    (0.006, Failure("APITimeoutError", "Request timed out after 30 s", 504)),
    (0.003, Failure("InternalServerError", "Error code: 500 - the server had an error", 500)),
)
CONTENT_FILTER = 0.004


@dataclass(frozen=True, slots=True)
class Mood:
    """How a model behaves at one time."""

    slowness: float = 1.0
    refusals: float = 0.012
    is_verbose: bool = False


STEADY = Mood()
DRIFTED = Mood(slowness=1.9, refusals=0.13, is_verbose=True)


def mood_of(llm: Llm, *, is_last_day: bool) -> Mood:
    """Say how a model behaves: all but one are steady."""
    return DRIFTED if is_last_day and llm is DRIFTING else STEADY


def tokens_in(text: str) -> int:
    """Estimate the tokens of a text."""
    return math.ceil(len(text) / 4.1) + 1


def call(
    llm: Llm,
    random: Random,
    *,
    messages: list[Message],
    answer: str | None,
    hidden_tokens: int,
    mood: Mood,
    tool_call: Message | None = None,
    tools: tuple[Tool, ...] = (),
    is_streamed: bool = False,
    may_fail: bool = True,
) -> Step:
    """Return one call. `hidden_tokens` are guidelines and schemas the app sends but does not record."""
    step = Step(
        name=f"chat {llm.name}",
        kind="llm",
        lead_us=random.randrange(1_000, 9_000),
        input=messages,
        model=llm.name,
        served=llm.served,
        provider=llm.provider,
        parameters={
            "temperature": random.choice((0.0, 0.2, 0.2, 0.7)),
            "max_tokens": random.choice((512, 800, 1024)),
        },
        tools=[_definition(tool) for tool in tools],
    )
    if may_fail:
        _fail(step, random)
    if step.failure is not None:
        return step
    if answer is not None:
        if random.random() < mood.refusals:
            answer = random.choice(REFUSALS)
        elif mood.is_verbose:
            answer = elaborated(answer, random)
    _answer(step, random, answer, tool_call)
    _count(step, llm, random, hidden_tokens)
    _time(step, llm, random, mood, is_streamed=is_streamed)
    return step


def _definition(tool: Tool) -> Message:
    properties = {name: {"type": "string"} for name in tool.arguments}
    function: dict[str, Any] = {
        "name": tool.name,
        "description": tool.description,
        "parameters": {"type": "object", "properties": properties},
    }
    return {"type": "function", "function": function}


def _fail(step: Step, random: Random) -> None:
    drawn = random.random()
    for share, failure in FAILURES:
        if drawn < share:
            step.failure = failure
            seconds = 30.0 if failure.http_status == 504 else random.uniform(0.05, 0.4)
            step.duration_us = int(seconds * 1_000_000)
            return
        drawn -= share


def _answer(step: Step, random: Random, answer: str | None, tool_call: Message | None) -> None:
    if tool_call is not None:
        step.output = [{"role": "assistant", "content": None, "tool_calls": [tool_call]}]
        step.finish_reason = "tool_calls"
    elif random.random() < CONTENT_FILTER:
        step.output = [{"role": "assistant", "content": ""}]
        step.finish_reason = "content_filter"
    else:
        step.output = [{"role": "assistant", "content": answer}]
        step.finish_reason = "stop"


def _count(step: Step, llm: Llm, random: Random, hidden_tokens: int) -> None:
    said = sum(tokens_in(str(message.get("content") or message.get("tool_calls"))) for message in step.input)
    answered = tokens_in(str(step.output[0].get("content") or step.output[0].get("tool_calls") or ""))
    step.input_tokens = hidden_tokens + said
    if llm.reasons:
        step.reasoning_tokens = random.randrange(2, 12) * 64
    step.output_tokens = answered + step.reasoning_tokens
    if llm.has_cache and step.input_tokens > 1_024:
        cached = hidden_tokens // 128 * 128
        if random.random() < (0.85 if len(step.input) > 2 else 0.5):
            step.cache_read_tokens = cached
        elif llm.writes_cache:
            step.cache_write_tokens = cached


def _time(step: Step, llm: Llm, random: Random, mood: Mood, *, is_streamed: bool) -> None:
    first_ms = llm.first_token_ms * random.lognormvariate(0, 0.28) * mood.slowness
    first_ms += ((step.input_tokens or 0) - step.cache_read_tokens) * 0.04
    rest_ms = (
        (step.output_tokens or 0) / llm.tokens_per_s * 1_000 * random.lognormvariate(0, 0.12) * mood.slowness
    )
    step.duration_us = int((first_ms + rest_ms) * 1_000)
    if is_streamed:
        step.ttft_us = int(first_ms * 1_000)
