"""Through the front doors: traces to the receiver, conversations to the proxy."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from console.demo.otlp import request_of
from console.demo.plan import LiveChat
from console.demo.steps import Trace

TRACES_PER_REQUEST = 20
AT_ONCE = 4
ATTEMPTS = 8
MODEL = "parapet/demo"
Progress = Callable[[int], None]


class DeliveryError(Exception):
    """Nothing answers at the doors, or what answers does not let the demo in."""


@dataclass(slots=True)
class Delivered:
    """What became of all that was sent."""

    spans: int = 0
    rejected: int = 0
    reason: str = ""
    live: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    """Live calls that were answered with an error, by its code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Where a running instance is entered, and with which key."""

    otlp_url: str
    proxy_url: str
    api_key: str

    async def check(self) -> None:
        """Raise DeliveryError unless both doors answer."""
        async with self._session() as http:
            for name, url in (
                ("receiver", f"{self.otlp_url}/health"),
                ("proxy", f"{self.proxy_url.removesuffix('/v1')}/health"),
            ):
                try:
                    async with http.get(url, timeout=aiohttp.ClientTimeout(total=5)) as answer:
                        status = answer.status
                except (aiohttp.ClientError, TimeoutError):
                    raise DeliveryError(
                        f"nothing answers at the {name}'s address {url}; start Parapet with `make run` first"
                    ) from None
                if status != 200:
                    raise DeliveryError(
                        f"the {name} at {url} is not ready (HTTP {status}); try again shortly"
                    )

    async def send_traces(self, traces: Sequence[Trace], *, run: str, progress: Progress) -> Delivered:
        """Send traces, oldest first, a few requests at a time."""
        delivered = Delivered()
        waiting = _parts(traces)

        async def work(http: aiohttp.ClientSession) -> None:
            for part in waiting:
                request = request_of(part, run=run)
                rejected, reason = await self._post(http, request.SerializeToString())
                sent = sum(len(scope.spans) for each in request.resource_spans for scope in each.scope_spans)
                delivered.spans += sent - rejected
                delivered.rejected += rejected
                delivered.reason = delivered.reason or reason
                progress(sum(trace.root.calls for trace in part))

        async with self._session() as http:
            await asyncio.gather(*(work(http) for _ in range(AT_ONCE)))
        return delivered

    async def chat(self, chats: Sequence[LiveChat], *, delivered: Delivered, progress: Progress) -> None:
        """Hold conversations with the demo model through the proxy."""
        waiting = iter(chats)

        async def work(http: aiohttp.ClientSession) -> None:
            for chat in waiting:
                status = await self._complete(http, chat)
                if status == 200:
                    delivered.live += 1
                else:
                    delivered.refused[str(status)] = delivered.refused.get(str(status), 0) + 1
                progress(1)

        async with self._session() as http:
            await asyncio.gather(*(work(http) for _ in range(AT_ONCE)))

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(headers={"authorization": f"Bearer {self.api_key}"})

    async def _post(self, http: aiohttp.ClientSession, body: bytes) -> tuple[int, str]:
        """Send a request until it is taken; return how many of its spans were not, and why."""
        for attempt in range(ATTEMPTS):
            try:
                async with http.post(
                    f"{self.otlp_url}/v1/traces",
                    data=body,
                    headers={"content-type": "application/x-protobuf"},
                ) as answer:
                    content = await answer.read()
                    if answer.status == 200:
                        partial = ExportTraceServiceResponse.FromString(content).partial_success
                        return partial.rejected_spans, partial.error_message
                    if answer.status not in (429, 502, 503, 504):
                        raise DeliveryError(
                            f"the receiver refused the traces (HTTP {answer.status}); is the key in credentials.json"
                            " still in force?"
                        )
                    pause_s = float(answer.headers.get("retry-after", "1"))
            except aiohttp.ClientConnectionError:
                pause_s = 0.5 * 2**attempt
            await asyncio.sleep(min(pause_s, 10.0))
        raise DeliveryError(f"the receiver did not take a request in {ATTEMPTS} attempts; see its log")

    async def _complete(self, http: aiohttp.ClientSession, chat: LiveChat) -> int:
        body: dict[str, Any] = {"model": MODEL, "messages": list(chat.messages), "stream": chat.is_streamed}
        headers = {
            "x-parapet-session": chat.session_id,
            "x-parapet-user": chat.user_id,
            "x-parapet-feature": chat.feature,
            "x-parapet-prompt": chat.prompt,
            "x-parapet-environment": chat.environment,
            "x-parapet-tags": "live",
        }
        try:
            async with http.post(f"{self.proxy_url}/chat/completions", json=body, headers=headers) as answer:
                await answer.read()
                return answer.status
        except aiohttp.ClientError as error:
            raise DeliveryError(f"the proxy at {self.proxy_url} broke off: {type(error).__name__}") from None


def _parts(traces: Sequence[Trace]) -> Iterator[Sequence[Trace]]:
    for start in range(0, len(traces), TRACES_PER_REQUEST):
        yield traces[start : start + TRACES_PER_REQUEST]
