"""The guard server's HTTP: texts in, and out come findings, redacted texts, moderation or vectors."""

import hmac
import logging
import sys
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from guardrails.server.checking import Checking
from guardrails.server.far import FarModels
from guardrails.server.metrics import CONTENT_TYPE, Metrics
from guardrails.server.openai import embeddings, moderations
from guardrails.server.redacting import redact
from guardrails.server.requests import (
    LONGEST_BODY,
    LONGEST_TEXT,
    Receive,
    RefusedError,
    Scope,
    Send,
    body_of,
    object_of,
    read_checks,
    while_heard,
)
from guardrails.server.settings import Settings
from guardrails.server.workers import Workers

__all__ = ["LONGEST_BODY", "LONGEST_TEXT", "GuardApp"]

DOORS: Mapping[str, str] = {
    "/v1/guard": "POST",
    "/v1/redact": "POST",
    "/v1/moderations": "POST",
    "/v1/embeddings": "POST",
    "/v1/models": "GET",
    "/health": "GET",
    "/metrics": "GET",
}
_OPEN = frozenset(("/health", "/metrics"))
"""Doors that hold nothing of anybody's texts; who watches the process knocks there."""
_COME_BACK = frozenset((429, 503))
_TOO_SLOW = 408
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class GuardApp:
    """An ASGI application over a pool of workers."""

    settings: Settings
    workers: Workers = field(init=False)
    metrics: Metrics = field(default_factory=Metrics)
    _far: FarModels = field(init=False)
    _checking: Checking = field(init=False)

    def __post_init__(self) -> None:
        settings = self.settings
        self.workers = Workers(
            count=settings.workers,
            waiting=settings.waiting,
            hang_s=settings.hang_s,
            silent_s=settings.silent_s,
            collect_s=settings.collect_ms / 1_000,
            command=_command(settings),
        )
        self._far = FarModels(settings.models, private=settings.private_addresses)
        self._checking = Checking(self.workers, self._far)

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
                await self._far.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status, headers, body = 200, [(b"content-type", b"application/json")], b""
        try:
            _check_door(scope["path"], scope["method"])
            self._check_token(scope)
            if scope["path"] == "/metrics":
                headers = [(b"content-type", CONTENT_TYPE)]
                body = self.metrics.text(self._gauges()).encode()
            else:
                body = orjson.dumps(await self._result(scope["path"], receive))
        except RefusedError as error:
            status, body = error.status, error.as_json()
            if status in _COME_BACK:
                headers.append((b"retry-after", b"1"))
            if status == _TOO_SLOW:
                headers.append((b"connection", b"close"))
        except Exception as error:  # noqa: BLE001 - the edge of the process, and a message may hold a text
            at = traceback.extract_tb(error.__traceback__)[-1]
            _log.error("a request failed with %s in %s:%s", type(error).__name__, at.name, at.lineno)
            refused = RefusedError(500, "internal", "the guard server failed; its log says where")
            status, body = refused.status, refused.as_json()
        self.metrics.note(status, time.perf_counter() - started)
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _check_token(self, scope: Scope) -> None:
        if not self.settings.token or scope["path"] in _OPEN:
            return
        borne = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if not hmac.compare_digest(borne, b"Bearer " + self.settings.token.encode()):
            raise RefusedError(
                401, "unauthorized", "the request does not bear the token of PARAPET_GUARD_TOKEN"
            )

    async def _result(self, path: str, receive: Receive) -> Mapping[str, Any]:
        if path == "/health":
            return self._health()
        if path == "/v1/models":
            return self._models()
        return await while_heard(receive, self._said(path, await body_of(receive)))

    async def _said(self, path: str, body: bytes) -> Mapping[str, Any]:
        if path == "/v1/guard":
            return {"verdicts": await self._verdicts(body)}
        request = object_of(body)
        if path == "/v1/redact":
            return await redact(self._checking, request, has_encoder=self.workers.has_encoder)
        return await (moderations if path == "/v1/moderations" else embeddings)(self._checking, request)

    async def _verdicts(self, body: bytes) -> Sequence[Any]:
        checks = read_checks(body)
        verdicts = await self._checking.verdicts(checks)
        for check, verdict in zip(checks.checks, verdicts, strict=True):
            self.metrics.texts[check.guard.kind] += len(check.pieces)
            if isinstance(verdict, dict):
                self.metrics.failures[check.guard.kind, verdict["error"]["type"]] += 1
        return verdicts

    def _health(self) -> Mapping[str, Any]:
        if not self.workers.ready:
            raise RefusedError(503, "starting", "no detector is warm yet; ask again in a second")
        return {
            "status": "ok",
            "workers": len(self.workers.ready),
            "has_encoder": self.workers.has_encoder,
            "models": sorted(self.settings.models),
        }

    def _models(self) -> Mapping[str, Any]:
        listed = [
            {"id": name, "object": "model", "created": 0, "owned_by": model.type}
            for name, model in sorted(self.settings.models.items())
        ]
        return {"object": "list", "data": listed}

    def _gauges(self) -> Iterable[tuple[str, str, float]]:
        workers = self.workers
        yield "parapet_guard_waiting_texts", "gauge", workers.queued
        yield "parapet_guard_ready_workers", "gauge", len(workers.ready)
        yield "parapet_guard_can_replace_workers", "gauge", float(workers.can_replace)
        yield "parapet_guard_has_encoder", "gauge", float(workers.has_encoder)
        yield "parapet_guard_worker_restarts_total", "counter", workers.restarts
        yield "parapet_guard_batches_total", "counter", workers.batches
        yield "parapet_guard_batched_texts_total", "counter", workers.pieces
        yield "parapet_guard_dropped_texts_total", "counter", workers.line.dropped


def _check_door(path: str, method: str) -> None:
    allowed = DOORS.get(path)
    if allowed is None:
        known = ", ".join(door for door, how in DOORS.items() if how == "POST")
        raise RefusedError(404, "not_found", f"there is no {path[:100]!r}; POST to one of {known}")
    if method != allowed:
        raise RefusedError(405, "method_not_allowed", f"{path} answers {allowed}, not {method[:20]}")


def _command(settings: Settings) -> list[str]:
    """Return what starts the process that has the workers, under these settings."""
    told = [sys.executable, "-m", "guardrails.server.nursery"]
    told += [
        "--weights",
        str(settings.weights),
        "--threads",
        str(settings.threads),
        "--device",
        settings.device,
    ]
    return [*told, "--models", str(settings.models_file)] if settings.models_file else told
