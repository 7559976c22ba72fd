"""A judge's way to a model: through our own proxy, so that its calls are traced, priced and limited like all others."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp
from django.utils import timezone

from evaluators.completion import ChatMessage, Completion, CompletionError, TokenChoices
from inference_proxy.usage import reported
from ingest.prices import price
from ingest.records import Span

ENVIRONMENT = "evaluations"
"""Written on every call a judge makes, so that judges never judge judges."""
_OPTIONS_CONSIDERED = 20
_TOKENS_A_LINE = 8


@dataclass(slots=True)
class ProxyModel:
    """Implements `evaluators.Complete` for one model and one project's key."""

    proxy_url: str
    api_key: str = field(repr=False)
    model: str
    feature: str
    timeout_s: float = 60.0
    refusal: str = ""
    """Why the proxy will refuse the next call too (a wrong key, an unknown model); empty while there is hope."""

    async def __call__(
        self, messages: Sequence[ChatMessage], /, *, options: Sequence[str] = (), answers: int = 1
    ) -> Completion:
        """Ask the model. Raises CompletionError with what the proxy answered, never with the prompt."""
        body: dict[str, Any] = {"model": self.model, "messages": list(messages), "temperature": 0}
        if options:
            # Several answers stand on lines of their own; a line takes a few tokens.
            most_tokens = 1 if answers == 1 else _TOKENS_A_LINE * answers
            body |= {"max_tokens": most_tokens, "logprobs": True, "top_logprobs": _OPTIONS_CONSIDERED}
        status, answer, provider = await self._post(body)
        if status == 400 and options:
            # Not every model gives probabilities, or takes so small a limit: its text will have to do.
            for name in ("max_tokens", "logprobs", "top_logprobs"):
                del body[name]
            status, answer, provider = await self._post(body)
        if status != 200:
            raise self._failure(status, answer)
        return _completion(answer, provider)

    async def _post(self, body: dict[str, Any]) -> tuple[int, dict[str, Any], str]:
        headers = {
            "authorization": f"Bearer {self.api_key}",
            "x-parapet-environment": ENVIRONMENT,
            "x-parapet-feature": self.feature,
        }
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self.timeout_s)) as session,
                session.post(f"{self.proxy_url}/chat/completions", json=body, headers=headers) as response,
            ):
                answer = await response.json(content_type=None)
        except TimeoutError as error:
            raise CompletionError(f"{self.model} gave no answer within {self.timeout_s:g} s") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise CompletionError(f"the proxy could not be reached: {type(error).__name__}") from error
        provider = response.headers.get("x-parapet-provider", "")
        return response.status, answer if isinstance(answer, dict) else {}, provider

    def _failure(self, status: int, answer: dict[str, Any]) -> CompletionError:
        error = answer.get("error")
        code = str(error.get("code") or error.get("type") or "") if isinstance(error, dict) else ""
        sentence = f"{self.model} answered with status {status}{f' ({code})' if code else ''}"
        if status in {401, 402, 403, 404}:
            self.refusal = sentence
        return CompletionError(sentence)


def cost_of(answer: Mapping[str, Any], provider: str) -> float | None:
    """Return what a call cost by the price list that traces are priced by; None when no price is known."""
    now_us = int(timezone.now().timestamp() * 1_000_000)
    call = Span(
        project_id=UUID(int=0),
        trace_id="",
        span_id="",
        name="",
        kind="llm",
        source="proxy",
        start_time_us=now_us,
        duration_us=0,
        provider=provider,
        model=str(answer.get("model") or ""),
        usage=reported(answer.get("usage")),
    )
    found = price(call)
    return None if found is None else float(found.cost_usd)


def _completion(answer: dict[str, Any], provider: str) -> Completion:
    try:
        choice = answer["choices"][0]
        text = choice["message"]["content"] or ""
        usage = answer.get("usage") or {}
        return Completion(
            text=text,
            tokens=_tokens((choice.get("logprobs") or {}).get("content")),
            input_tokens=usage.get("prompt_tokens"),
            output_tokens=usage.get("completion_tokens"),
            cost_usd=cost_of(answer, provider),
            model=str(answer.get("model") or ""),
        )
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise CompletionError("the model's answer has no message") from error


def _tokens(positions: list[dict[str, Any]] | None) -> tuple[TokenChoices, ...] | None:
    if not positions:
        return None
    return tuple(
        TokenChoices(
            token=position["token"],
            logprobs={
                one["token"]: float(one["logprob"])
                for one in position.get("top_logprobs") or [position]
                if math.isfinite(float(one["logprob"]))
            },
        )
        for position in positions
    )
