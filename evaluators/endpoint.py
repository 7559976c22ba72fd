"""A model behind an OpenAI-compatible endpoint: for prompts under test, and for judges."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp

from evaluators.completion import ChatMessage, Completion, CompletionError, TokenChoices

_RETRIED = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
_ATTEMPTS = 4
_LONGEST_PAUSE_S = 20.0
_TOP_LOGPROBS = 20
_JUDGE_TOKENS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an endpoint answered."""

    text: str
    finish_reason: str | None
    tool_calls: tuple[Mapping[str, Any], ...]
    tokens: tuple[TokenChoices, ...] | None
    model: str
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    latency_ms: float


class RefusedRequestError(CompletionError):
    """The endpoint understood the request and refused a part of it (status 400 or 422)."""


@dataclass(slots=True)
class Endpoint:
    """A connection to one endpoint. Use it as an async context manager."""

    base_url: str
    api_key: str | None
    timeout_s: float = 60.0
    _session: aiohttp.ClientSession | None = field(default=None, repr=False)

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        self._session = aiohttp.ClientSession(
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=self.timeout_s),
            connector=aiohttp.TCPConnector(limit=0),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection pool."""
        if self._session is not None:
            await self._session.close()

    async def chat(self, body: Mapping[str, Any]) -> Answer:
        """Send one chat completion; try again when the endpoint is busy or out of reach."""
        content, started = await self._post("chat/completions", dict(body))
        return _answer(content, (time.perf_counter() - started) * 1000.0, self._place())

    async def embed(self, body: Mapping[str, Any]) -> list[list[float]]:
        """Return one vector for each input, in order; try again as `chat` does."""
        content, _ = await self._post("embeddings", dict(body))
        return _vectors(content, self._place())

    async def post(self, body: Any) -> bytes:
        """Send JSON to the address itself and return what came; try again as `chat` does."""
        content, _ = await self._post("", body)
        return content

    async def _post(self, path: str, body: Any) -> tuple[bytes, float]:
        """Return what was answered, and when the question that led to it was sent."""
        problem = CompletionError("the endpoint was not asked")
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(
                    min(_LONGEST_PAUSE_S, getattr(problem, "pause_s", 0.0) or 0.5 * 2**attempt)
                )
            started = time.perf_counter()
            try:
                return await self._ask(path, body), started
            except _BusyError as error:
                problem = error
            except TimeoutError:
                problem = CompletionError(f"{self._place()} gave no answer within {self.timeout_s:g} s")
            except aiohttp.ClientError as error:
                problem = CompletionError(f"{self._place()} cannot be reached: {type(error).__name__}")
        raise CompletionError(f"{problem}, {_ATTEMPTS} times") from problem

    async def _ask(self, path: str, body: Any) -> bytes:
        assert self._session is not None, "use the endpoint as an async context manager"
        url = f"{self.base_url.rstrip('/')}/{path}" if path else self.base_url
        async with self._session.post(url, json=body) as response:
            content = await response.read()
            if response.status in _RETRIED:
                raise _BusyError(
                    f"{self._place()} answered {response.status}", response.headers.get("Retry-After")
                )
            if response.status in (400, 422):
                raise RefusedRequestError(
                    f"{self._place()} refused the request ({response.status}{_code(content)})"
                )
            if response.status != 200:
                raise CompletionError(f"{self._place()} answered {response.status}{_code(content)}")
        return content

    def _place(self) -> str:
        return f"the endpoint {self.base_url}"


class _BusyError(CompletionError):
    def __init__(self, message: str, retry_after: str | None) -> None:
        super().__init__(message)
        self.pause_s = float(retry_after) if retry_after and retry_after.isdigit() else 0.0


def _code(content: bytes) -> str:
    """Return the error's code, never its message: messages may quote the prompt."""
    try:
        code = json.loads(content)["error"]["code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return f", {code}" if isinstance(code, str) and len(code) <= 64 else ""


def _answer(content: bytes, latency_ms: float, place: str) -> Answer:
    try:
        body = json.loads(content)
        choice = body["choices"][0]
        message = choice["message"]
        usage = body.get("usage") or {}
        model = str(body.get("model") or "")
        tokens = _tokens(choice.get("logprobs"))
        text = message.get("content")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise CompletionError(f"{place} answered with something that is not a chat completion") from error
    counts = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    return Answer(
        text=text if isinstance(text, str) else "",
        finish_reason=choice.get("finish_reason"),
        tool_calls=tuple(message.get("tool_calls") or ()),
        tokens=tokens,
        model=model,
        input_tokens=counts[0],
        output_tokens=counts[1],
        cost_usd=_cost(usage, model, counts),
        latency_ms=latency_ms,
    )


def _vectors(content: bytes, place: str) -> list[list[float]]:
    try:
        found = sorted(json.loads(content)["data"], key=lambda each: each["index"])
        return [[float(number) for number in each["embedding"]] for each in found]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CompletionError(f"{place} answered with something that is no list of embeddings") from error


def _count(usage: Mapping[str, Any], name: str) -> int | None:
    value = usage.get(name)
    return value if isinstance(value, int) else None


def _tokens(logprobs: Any) -> tuple[TokenChoices, ...] | None:
    if not isinstance(logprobs, dict) or not logprobs.get("content"):
        return None
    return tuple(
        TokenChoices(
            token=position["token"],
            logprobs={
                choice["token"]: float(choice["logprob"]) for choice in position.get("top_logprobs") or ()
            },
        )
        for position in logprobs["content"]
    )


def _cost(usage: Mapping[str, Any], model: str, counts: tuple[int | None, int | None]) -> float | None:
    """Return the reported cost, else the list price of the tokens; None when the model has no known price."""
    if isinstance(usage.get("cost"), (int, float)):
        return float(usage["cost"])
    if counts[0] is None or counts[1] is None or not model:
        return None
    # Loaded with the first answer: a check of a suite needs no prices.
    from genai_prices import Usage, calc_price  # noqa: PLC0415

    try:
        price = calc_price(Usage(input_tokens=counts[0], output_tokens=counts[1]), model_ref=model)
    except LookupError:
        return None
    return float(price.total_price)


@dataclass(slots=True)
class JudgeModel:
    """A model as judges know it: `Complete` over an endpoint."""

    endpoint: Endpoint
    model: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    _refused: set[str] = field(default_factory=set, repr=False)

    async def __call__(
        self, messages: Sequence[ChatMessage], /, *, options: Sequence[str] = (), answers: int = 1
    ) -> Completion:
        """Ask with probabilities where the endpoint gives them; remember what it refuses."""
        while True:
            body = self._body(messages, _JUDGE_TOKENS * answers if options else 0)
            try:
                answer = await self.endpoint.chat(body)
            except RefusedRequestError:
                if not self._refuse_next():
                    raise
                continue
            return Completion(
                text=answer.text,
                tokens=answer.tokens,
                input_tokens=answer.input_tokens,
                output_tokens=answer.output_tokens,
                cost_usd=answer.cost_usd,
                model=answer.model or self.model,
            )

    def _body(self, messages: Sequence[ChatMessage], most_tokens: int) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self.model, "messages": [dict(message) for message in messages]}
        if most_tokens and "logprobs" not in self._refused:
            body |= {"logprobs": True, "top_logprobs": _TOP_LOGPROBS}
        if "limits" not in self._refused:
            body["temperature"] = 0
            if most_tokens:
                body["max_tokens"] = most_tokens
        return body | dict(self.parameters)

    def _refuse_next(self) -> bool:
        """Do without probabilities, then without temperature and token limit; say whether anything was left."""
        for feature in ("logprobs", "limits"):
            if feature not in self._refused:
                self._refused.add(feature)
                return True
        return False
