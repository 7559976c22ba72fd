"""The proxy as an ASGI application: paths to handlers, and the edge where every error ends."""

import logging
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from urllib.parse import unquote

import orjson

from inference_proxy.current import Current
from inference_proxy.endpoints.base import Endpoint
from inference_proxy.endpoints.chat import Chat
from inference_proxy.endpoints.completions import Completions
from inference_proxy.endpoints.embeddings import Embeddings
from inference_proxy.endpoints.models import models, one_model, only_get
from inference_proxy.endpoints.moderations import Moderations
from inference_proxy.errors import RequestError
from inference_proxy.exchange import (
    PRIVATE,
    PRIVATE_JSON,
    CallerGoneError,
    Exchange,
    HeaderList,
    Receive,
    Scope,
    Send,
)
from inference_proxy.journey import serve
from inference_proxy.metrics import CONTENT_TYPE
from inference_proxy.serving import Serving, admit

logger = logging.getLogger(__name__)

Gauges = Callable[[], Iterable[tuple[str, str, float]]]
_ENDPOINTS: tuple[Endpoint, ...] = (Chat(), Completions(), Embeddings(), Moderations())
ENDPOINTS: Mapping[str, Endpoint] = {f"/v1{endpoint.path}": endpoint for endpoint in _ENDPOINTS}


class App:
    """Answers requests. What it needs was opened by whoever built it."""

    def __init__(self, serving: Serving, current: Current, gauges: Gauges) -> None:
        self._serving = serving
        self._current = current
        self._gauges = gauges
        self._pages: dict[str, Callable[[Exchange], Awaitable[None]]] = {
            "/health": self._health,
            "/metrics": self._metrics,
            "/v1/models": self._models,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        exchange = Exchange(scope, receive, send)
        metrics = self._serving.metrics
        endpoint = ENDPOINTS.get(exchange.path)
        metrics.in_flight += 1
        try:
            if endpoint is not None and exchange.method == "POST":
                await serve(self._serving, exchange, endpoint)
            else:
                await self._other(exchange, endpoint)
        except RequestError as error:
            await _refuse(exchange, error)
        except CallerGoneError:
            exchange.status = exchange.status or 499
        except Exception as error:  # noqa: BLE001 - the edge: nothing may leave a caller without an answer
            await _refuse(exchange, _internal(error))
        finally:
            metrics.in_flight -= 1
            metrics.requests[endpoint.name if endpoint else "other", exchange.status or 499] += 1

    async def _other(self, exchange: Exchange, endpoint: Endpoint | None) -> None:
        if endpoint is not None:
            raise RequestError(
                405,
                f"{exchange.method} is not allowed for {exchange.path}; use POST.",
                code="method_not_allowed",
                headers={"allow": "POST"},
            )
        page = self._pages.get(exchange.path)
        if page is not None:
            only_get(exchange.method)
            await page(exchange)
        elif exchange.path.startswith("/v1/models/"):
            only_get(exchange.method)
            grant, routes, _ = admit(self._serving, exchange)
            name = unquote(exchange.path.removeprefix("/v1/models/"))
            await _answer_json(exchange, one_model(routes, grant, name))
        else:
            raise _unknown_path(exchange)

    async def _models(self, exchange: Exchange) -> None:
        grant, routes, _ = admit(self._serving, exchange)
        await _answer_json(exchange, models(routes, grant))

    async def _health(self, exchange: Exchange) -> None:
        snapshot = self._current.snapshot
        status = {
            "status": "ok" if snapshot else "waiting for the first snapshot",
            "snapshot": snapshot.version if snapshot else None,
            "snapshot_age_s": self._current.age_s,
            "snapshot_error": self._current.last_error,
        }
        await exchange.answer(200 if snapshot else 503, list(PRIVATE_JSON), orjson.dumps(status))

    async def _metrics(self, exchange: Exchange) -> None:
        headers: HeaderList = [(b"content-type", CONTENT_TYPE), PRIVATE]
        await exchange.answer(200, headers, self._serving.metrics.text(self._gauges()))


def build(serving: Serving, current: Current, *, gauges: Gauges = tuple) -> App:
    """Return the application."""
    return App(serving, current, gauges)


async def _answer_json(exchange: Exchange, value: object) -> None:
    await exchange.answer(200, list(PRIVATE_JSON), orjson.dumps(value))


async def _refuse(exchange: Exchange, error: RequestError) -> None:
    if exchange.status is None:
        await exchange.refuse(error)
        return
    # The answer has begun: an event that says so is all that can still be done.
    await exchange.write(error.as_event())
    await exchange.end()


def _internal(error: Exception) -> RequestError:
    # The message of an unexpected error may quote a prompt. Where it happened cannot.
    places = "; ".join(
        f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
    )
    logger.error("%s at %s", type(error).__name__, places)
    return RequestError(
        500, "The proxy made a mistake; its log says where.", code="internal_error", type="internal_error"
    )


def _unknown_path(exchange: Exchange) -> RequestError:
    if f"/v1{exchange.path}" in ENDPOINTS or exchange.path == "/models":
        hint = "The base URL ends in /v1."
    else:
        hint = f"Served here: {', '.join(sorted(ENDPOINTS))}, /v1/models."
    return RequestError(404, f"There is nothing at {exchange.path[:200]}. {hint}", code="unknown_url")
