"""From a plan to an answer: which destination, when to try again, and when to give up."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from inference_proxy.errors import RequestError, upstream_failed, upstream_too_slow
from inference_proxy.house import HOUSE
from inference_proxy.journal import Journal
from inference_proxy.metrics import Metrics
from inference_proxy.retrying import (
    FALLBACK_STATUSES,
    RETRIED_STATUSES,
    RetryBudget,
    retry_after,
    wait_before,
)
from inference_proxy.routing import Destination, Plan
from inference_proxy.upstreams.base import Answer, Call, UpstreamError
from inference_proxy.upstreams.demo import PROVIDER


@dataclass(slots=True)
class Reached:
    """An answer that has begun, who gives it, and what of its body is already here."""

    answer: Answer
    destination: Destination
    body: bytes = b""
    """All of it when it is no stream; of a stream, what came first."""

    @property
    def is_stream(self) -> bool:
        """True when the body is a stream of events."""
        return self.answer.headers.get("content-type", "").startswith("text/event-stream")


class Dispatcher:
    """Sends calls. Before the first byte of an answer it may send one again, afterwards never."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._budget = RetryBudget()

    async def dispatch(
        self,
        plan: Plan,
        journal: Journal,
        *,
        body_for: Callable[[Destination], bytes],
        headers: Mapping[str, str],
    ) -> Reached:
        """Return the first answer worth passing on. Raises RequestError when no upstream gives one.

        All destinations are asked in turn; when none of them can, and waiting may help, the round is
        repeated.
        """
        self._budget.earn()
        last = len(plan.destinations) - 1
        for round_ in range(plan.max_retries + 1):
            wait_s: float | None = None
            for index, destination in enumerate(plan.destinations):
                outcome = await self._try(destination, journal, body_for(destination), headers)
                if isinstance(outcome, Reached):
                    status = outcome.answer.status
                    may_retry = status in RETRIED_STATUSES
                    if status < 400 or not (may_retry or (index < last and status in FALLBACK_STATUSES)):
                        return outcome
                    asked_wait_s = retry_after(outcome.answer.headers)
                else:
                    may_retry, asked_wait_s = outcome.kind in ("connect", "interrupted"), None
                if index < last:
                    self._metrics.fallbacks += 1
                    continue
                wait_s = wait_before(round_, retry_after_s=asked_wait_s) if may_retry else None
            if wait_s is None or round_ == plan.max_retries or not self._budget.spend():
                break
            self._metrics.retries += 1
            await asyncio.sleep(wait_s)
        if isinstance(outcome, Reached):
            return outcome
        raise _as_request_error(outcome)

    async def _try(
        self, destination: Destination, journal: Journal, body: bytes, headers: Mapping[str, str]
    ) -> Reached | UpstreamError:
        journal.attempts += 1
        is_demo = destination.config.protocol == "demo"
        journal.provider = PROVIDER if is_demo else destination.config.provider
        if is_demo:
            journal.attributes["parapet.demo"] = "true"
        elif destination.config is HOUSE:
            journal.attributes["parapet.house"] = "true"
        journal.model = destination.model
        if destination.upstream is None:
            return UpstreamError("refused", f"upstream {destination.config.name!r}: {destination.problem}")
        call = Call(path=journal.endpoint.path, body=body, is_streamed=journal.is_streamed, headers=headers)
        started_ns = time.perf_counter_ns()
        try:
            answer = await destination.upstream.send(call)
            reached = Reached(answer, destination)
            try:
                # A stream that breaks before its first byte can still be asked for elsewhere.
                reached.body = await (answer.next_bytes() if reached.is_stream else answer.read())
            except BaseException:
                answer.close()
                raise
            return reached
        except UpstreamError as error:
            return error
        finally:
            journal.waited_ns += time.perf_counter_ns() - started_ns


def _as_request_error(error: UpstreamError) -> RequestError:
    if error.kind == "timeout":
        return upstream_too_slow(f"{error}.")
    codes = {"refused": "upstream_misconfigured", "too_large": "upstream_answer_too_large"}
    return upstream_failed(f"{error}.", code=codes.get(error.kind, "upstream_unavailable"))
