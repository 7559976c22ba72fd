"""One answer of one variant, asked for through our own proxy: traced, priced, guarded and limited like any call."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from console.evaluations.proxy_model import ENVIRONMENT, cost_of
from evaluators.trials import StoredAnswer

TIMEOUT_S = 180.0
_REFUSED = frozenset({401, 402, 403, 404})
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What came of a call."""

    answer: StoredAnswer
    trace_id: str = ""
    refusal: str = ""
    """Why every other call would be refused too; empty while there is hope."""
    may_pass: bool = False
    """Whether the same call may succeed later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Sends requests for one experiment with the project's own key."""

    proxy_url: str
    api_key: str = field(repr=False)
    feature: str
    session: aiohttp.ClientSession

    async def call(self, body: Mapping[str, Any], *, prompt: str, tags: str, asked: str) -> Called:
        """Send one request and always return what came of it."""
        headers = {
            "authorization": f"Bearer {self.api_key}",
            "x-parapet-environment": ENVIRONMENT,
            "x-parapet-feature": self.feature,
            "x-parapet-prompt": prompt,
            "x-parapet-tags": tags,
        }
        began = time.perf_counter()
        model = str(body.get("model", ""))
        try:
            async with self.session.post(
                f"{self.proxy_url}/chat/completions", json=dict(body), headers=headers
            ) as response:
                content = await response.json(content_type=None)
                trace_id = response.headers.get("x-parapet-trace-id", "")[:32]
                provider = response.headers.get("x-parapet-provider", "")
                status = response.status
        except TimeoutError:
            return _failed(f"{model} gave no answer within {TIMEOUT_S:g} s", may_pass=True)
        except (aiohttp.ClientError, ValueError) as error:
            return _failed(f"the proxy could not be reached: {type(error).__name__}", may_pass=True)
        if status != 200:
            return _refused(status, content, model, trace_id)
        latency_ms = (time.perf_counter() - began) * 1_000
        return _read(content, provider, trace_id, asked=asked, latency_ms=latency_ms)


def _failed(sentence: str, *, may_pass: bool, trace_id: str = "") -> Called:
    return Called(answer=StoredAnswer(output="", error=sentence), may_pass=may_pass, trace_id=trace_id)


def _refused(status: int, content: Any, model: str, trace_id: str) -> Called:
    error = content.get("error") if isinstance(content, dict) else None
    code = str(error.get("code") or error.get("type") or "")[:64] if isinstance(error, dict) else ""
    sentence = f"{model} answered with status {status}{f' ({code})' if code else ''}"
    return Called(
        answer=StoredAnswer(output="", error=sentence),
        trace_id=trace_id,
        refusal=sentence if status in _REFUSED else "",
        may_pass=status in _PASSING,
    )


def _read(content: Any, provider: str, trace_id: str, *, asked: str, latency_ms: float) -> Called:
    try:
        choice = content["choices"][0]
        message = choice["message"]
        usage = content.get("usage") or {}
        text = message.get("content")
        answer = StoredAnswer(
            output=text if isinstance(text, str) else "",
            input=asked,
            finish_reason=choice.get("finish_reason"),
            tool_calls=tuple(call for call in message.get("tool_calls") or () if isinstance(call, dict)),
            model=str(content.get("model") or ""),
            latency_ms=latency_ms,
            cost_usd=cost_of(content, provider),
            input_tokens=_count(usage.get("prompt_tokens")),
            output_tokens=_count(usage.get("completion_tokens")),
        )
    except (KeyError, IndexError, TypeError, AttributeError):
        return _failed("the model's answer has no message", may_pass=False, trace_id=trace_id)
    return Called(answer=answer, trace_id=trace_id)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
