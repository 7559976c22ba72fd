"""The guard server's HTTP: a batch of texts in, the findings in each of them out."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from guardrails.policy import PolicyError
from guardrails.server.detectors import check_guard
from guardrails.server.settings import Settings
from guardrails.server.workers import DetectorError, OverloadedError, Workers

LONGEST_BODY = 4 << 20
LONGEST_TEXT = 100_000
MOST_TEXTS = 1_024
TEXTS_PER_JOB = 4
DEFAULT_DEADLINE_MS = 5_000
LONGEST_DEADLINE_MS = 60_000

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_log = logging.getLogger(__name__)


class RefusedError(Exception):
    """A request that is answered with an error; the message is for the person who sent it."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


@dataclass(frozen=True, slots=True)
class _Checks:
    jobs: list[Mapping[str, Any]]
    """Each with the texts of one guard that one worker looks at in one go."""
    sizes: list[int]
    """How many jobs belong to each check."""
    deadline_s: float


@dataclass(slots=True)
class GuardApp:
    """An ASGI application over a pool of workers."""

    settings: Settings
    workers: Workers = field(init=False)
    _answered: Counter[int] = field(default_factory=Counter)
    _texts: int = 0
    _seconds: float = 0.0

    def __post_init__(self) -> None:
        self.workers = Workers(
            count=self.settings.workers, waiting=self.settings.waiting, hang_s=self.settings.hang_s
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live through the server's start and stop."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.workers.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.workers.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status, headers, body = 200, [(b"content-type", b"application/json")], b""
        try:
            if scope["path"] == "/metrics" and scope["method"] == "GET":
                headers = [(b"content-type", b"text/plain; version=0.0.4")]
                body = self._metrics().encode()
            else:
                body = orjson.dumps(await self._result(scope, receive))
        except RefusedError as error:
            status = error.status
            body = orjson.dumps({"error": {"type": error.kind, "message": str(error)}})
            if status == 503:
                headers.append((b"retry-after", b"1"))
        self._answered[status] += 1
        self._seconds += time.perf_counter() - started
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _result(self, scope: Scope, receive: Receive) -> Mapping[str, Any]:
        path, method = scope["path"], scope["method"]
        allowed = {"/v1/guard": "POST", "/health": "GET", "/metrics": "GET"}.get(path)
        if allowed is None:
            raise RefusedError(404, "not_found", f"there is no {path[:100]!r}; POST texts to /v1/guard")
        if method != allowed:
            raise RefusedError(405, "method_not_allowed", f"{path} answers {allowed}, not {method[:20]}")
        if path == "/health":
            return self._health()
        checks = _read(await _body(scope, receive))
        return {"verdicts": await self._verdicts(checks)}

    def _health(self) -> Mapping[str, Any]:
        if not self.workers.ready:
            raise RefusedError(503, "starting", "no detector is warm yet; ask again in a second")
        return {"status": "ok", "workers": len(self.workers.ready)}

    async def _verdicts(self, checks: _Checks) -> list[list[Any]]:
        if self.workers.queued + len(checks.jobs) > self.settings.waiting:
            raise RefusedError(503, "overloaded", "too many texts are waiting; come back in a second")
        try:
            async with asyncio.timeout(checks.deadline_s):
                answers = await asyncio.gather(*map(self.workers.run, checks.jobs))
        except TimeoutError:
            raise RefusedError(
                504, "timeout", f"no verdict within {checks.deadline_s * 1_000:.0f} ms"
            ) from None
        except OverloadedError:
            raise RefusedError(
                503, "overloaded", "too many texts are waiting; come back in a second"
            ) from None
        except DetectorError as error:
            raise RefusedError(500, "detector_failed", str(error)) from error
        failed = [answer["error"] for answer in answers if "error" in answer]
        if failed:
            raise RefusedError(500, "detector_failed", f"a detector failed with {failed[0]}")
        following = iter(answers)
        verdicts: list[list[Any]] = [
            [verdict for _ in range(size) for verdict in next(following)["verdicts"]] for size in checks.sizes
        ]
        self._texts += sum(map(len, verdicts))
        return verdicts

    def _metrics(self) -> str:
        lines = [
            "# TYPE parapet_guard_requests_total counter",
            *(
                f'parapet_guard_requests_total{{status="{status}"}} {n}'
                for status, n in self._answered.items()
            ),
            "# TYPE parapet_guard_request_seconds_total counter",
            f"parapet_guard_request_seconds_total {self._seconds:.6f}",
            "# TYPE parapet_guard_texts_total counter",
            f"parapet_guard_texts_total {self._texts}",
            "# TYPE parapet_guard_waiting_jobs gauge",
            f"parapet_guard_waiting_jobs {self.workers.queued}",
            "# TYPE parapet_guard_ready_workers gauge",
            f"parapet_guard_ready_workers {len(self.workers.ready)}",
            "# TYPE parapet_guard_worker_restarts_total counter",
            f"parapet_guard_worker_restarts_total {self.workers.restarts}",
        ]
        return "\n".join(lines) + "\n"


async def _body(scope: Scope, receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedError(400, "disconnected", "the request was not sent to its end")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LONGEST_BODY:
            raise RefusedError(413, "too_large", f"a request may have {LONGEST_BODY} bytes; send fewer texts")
        if not message.get("more_body"):
            return b"".join(parts)


def _read(body: bytes) -> _Checks:
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise RefusedError(400, "bad_request", "the body is not JSON") from None
    if not isinstance(request, dict) or not isinstance(request.get("checks"), list) or not request["checks"]:
        raise RefusedError(400, "bad_request", "the body must be an object with a list 'checks'")
    deadline_ms = request.get("deadline_ms", DEFAULT_DEADLINE_MS)
    if type(deadline_ms) is not int or not 1 <= deadline_ms <= LONGEST_DEADLINE_MS:
        raise RefusedError(
            400, "bad_request", f"'deadline_ms' must be a whole number from 1 to {LONGEST_DEADLINE_MS}"
        )
    jobs: list[Mapping[str, Any]] = []
    sizes: list[int] = []
    for check in request["checks"]:
        of_check = _jobs(check)
        jobs += of_check
        sizes.append(len(of_check))
    if sum(len(job["texts"]) for job in jobs) > MOST_TEXTS:
        raise RefusedError(413, "too_large", f"a request may hold {MOST_TEXTS} texts; send fewer")
    return _Checks(jobs, sizes, deadline_ms / 1_000)


def _jobs(check: Any) -> list[Mapping[str, Any]]:
    guard = check.get("guard") if isinstance(check, dict) else None
    texts = check.get("texts") if isinstance(check, dict) else None
    if not isinstance(guard, dict) or not isinstance(texts, list):
        raise RefusedError(400, "bad_request", "a check is an object with 'guard' and a list 'texts'")
    kind, parameters = guard.get("kind"), guard.get("parameters", {})
    if not isinstance(kind, str) or not isinstance(parameters, dict):
        raise RefusedError(400, "bad_request", "a guard is an object with 'kind' and 'parameters'")
    if not all(isinstance(text, str) for text in texts):
        raise RefusedError(400, "bad_request", "'texts' must hold only texts")
    if any(len(text) > LONGEST_TEXT for text in texts):
        raise RefusedError(
            413, "too_large", f"a text may have {LONGEST_TEXT} characters; cut it into windows"
        )
    try:
        check_guard(kind, parameters)
    except PolicyError as error:
        raise RefusedError(400, "bad_guard", str(error)) from error
    return [{"kind": kind, "parameters": parameters, "texts": part} for part in _parts(texts, TEXTS_PER_JOB)]


def _parts(texts: Sequence[str], size: int) -> list[Sequence[str]]:
    return [texts[first : first + size] for first in range(0, len(texts), size)]
